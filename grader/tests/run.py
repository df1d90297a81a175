# SPDX-License-Identifier: MIT
"""`make test`: every test of the suite; the last line is the count.

    python3 -I grader/tests/run.py [PYTEST-ARGUMENT...]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.dont_write_bytecode = True

import hypothesis  # noqa: E402
import pytest  # noqa: E402

# The same examples in every run, and no verdict that depends on how busy the
# machine is: a new example is for those who look for one.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)


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
    hypothesis.settings.load_profile("suite")
    count = Count()
    status = pytest.main(
        ["-c", os.devnull, f"--rootdir={HERE}", "-p", "no:cacheprovider", "-q"]
        + (arguments or [str(HERE)]),
        plugins=[count],
    )
    skipped = f", {count.skipped} skipped" if count.skipped else ""
    print(f"{count.passed} passed, {count.failed} failed{skipped}", flush=True)
    return 0 if status == 0 and count.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
