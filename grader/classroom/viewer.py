# SPDX-License-Identifier: MIT
"""memview for the judges of one run: compiled once, before they start."""

from __future__ import annotations

import subprocess
from pathlib import Path

from grader.errors import InputError
from grader.lab import ROOT

SUPPORT = ROOT / "support"
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O1")
SECONDS = 600.0  # some twenty small files, on a machine under full load


class ViewerError(InputError):
    """memview cannot be built; the text is the compiler's, or why it is not there."""


def build_viewer(program: Path) -> None:
    """Compile memview to the path `program`, readable for every judge.

    ViewerError if that is not possible; then nothing is there.
    """
    sources = [*sorted((SUPPORT / "memview").glob("*.c")), *SUPPORT.glob("maps*.c")]
    argv = ["cc", *FLAGS, "-I", str(SUPPORT), "-o", str(program), *map(str, sources)]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ViewerError(str(error)) from None
    if done.returncode != 0:
        raise ViewerError(done.stderr.strip())
    program.chmod(0o755)
