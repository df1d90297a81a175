# SPDX-License-Identifier: MIT
"""The level that the judges' boxes will have, asked before the first of them.

Run as a program, it prints what a level comes to: python3 -I level.py LEVEL
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.dont_write_bytecode = True

from grader.box import BoxError, become_ordinary, open_box  # noqa: E402
from grader.errors import InputError  # noqa: E402
from grader.lab import LABS, ROOT  # noqa: E402


def box_level(wanted: str) -> tuple[str, str]:
    """What `wanted` comes to here, and what is weak about it, if anything.

    BoxError if a judge could not have it.

    A process of its own tries it, as each judge is one: at the level "limits"
    it gives up root for good, and what the box keeps ends with it.
    """
    done = subprocess.run(
        [sys.executable, "-I", str(Path(__file__).resolve()), wanted],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise BoxError(f"BOX={wanted}: {done.stderr.strip()}")
    level, _, note = done.stdout.strip().partition("\n")
    return level, note


def level_here(wanted: str) -> tuple[str, str]:
    """The same in this process, which at "limits" is an ordinary user's then."""
    if wanted == "limits":
        become_ordinary()
        if not os.access(LABS, os.R_OK | os.X_OK):
            raise BoxError(f"{ROOT}: everybody must be allowed to read this folder")
    with tempfile.TemporaryDirectory(prefix="process-memory-probe-") as name:
        os.chmod(name, 0o711)
        evidence = Path(name, "evidence")
        evidence.mkdir()
        box = open_box(wanted, (), evidence)
    return box.level.value, box.note


if __name__ == "__main__":
    try:
        print(*level_here(sys.argv[1]), sep="\n")
    except (InputError, OSError) as error:
        sys.exit(str(error))
