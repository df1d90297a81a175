# SPDX-License-Identifier: MIT
"""`make test`: every test of the suite; the last line is the count.

    python3 -I grader/tests/run.py [PYTEST-ARGUMENT...]
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.dont_write_bytecode = True

import pytest  # noqa: E402


class Count:
    """Counts the ends of the tests as pytest reports them."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test has ended."""
        if report.failed:
            self.failed += 1
        elif report.skipped:
            self.skipped += 1
        elif report.when == "call":
            self.passed += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot even be collected is a failure."""
        self.failed += report.failed


def main(arguments: list[str]) -> int:
    """Run pytest over this folder; exit status 0 if all passed."""
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # for the tests side by side
    count = Count()
    options = ["-c", os.devnull, f"--rootdir={HERE}", "-p", "no:cacheprovider", "-q"]
    if find_spec("xdist"):
        options += ["-n", str(len(os.sched_getaffinity(0))), "--dist", "loadfile"]
    status = pytest.main(
        options + (arguments or [str(HERE)]),
        plugins=[count],
    )
    if count.skipped:
        print(f"{count.skipped} skipped: what they need is not here")
    print(f"{count.passed} passed, {count.failed} failed", flush=True)
    return 0 if status == 0 and count.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
