# SPDX-License-Identifier: MIT
"""memview for the judges of one run: compiled once, before they start."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from grader.errors import InputError
from grader.lab import ROOT

SUPPORT = ROOT / "support"
SECONDS = 600.0  # some twenty small files, on a machine under full load


class ViewerError(InputError):
    """memview cannot be built; the text is the compiler's, or why it is not there."""


def build_viewer(program: Path) -> None:
    """Have support's Makefile make memview, and put it at the path `program`.

    It is made in a copy, because two runs may do so at the same time.
    ViewerError if that is not possible; then nothing is there.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="process-memory-viewer-") as name:
            place = Path(name, "support")
            unmade = shutil.ignore_patterns("build", "tests")
            shutil.copytree(SUPPORT, place, ignore=unmade)
            jobs = f"-j{len(os.sched_getaffinity(0))}"
            done = subprocess.run(
                ["make", "-s", jobs, "-C", str(place), "memview"],
                env={"PATH": os.environ["PATH"]},  # not the flags of another make
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
            )
            if done.returncode != 0:
                raise ViewerError(done.stderr.strip())
            shutil.copyfile(place / "build" / "memview", program)
        program.chmod(0o755)
    except (OSError, subprocess.TimeoutExpired) as error:
        program.unlink(missing_ok=True)
        raise ViewerError(str(error)) from None
