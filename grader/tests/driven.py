# SPDX-License-Identifier: MIT
"""A bench of lab 08 that is made quickly: headers and some sources, no make."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.judge.bench import Bench, box_of
from grader.lab import LABS, SOLUTIONS, load_lab
from grader.variant import Student

LAB = load_lab(LABS / "08-refcount")
SOLUTION = SOLUTIONS / LAB.id
COMMANDS = ("refcount.c", "refcount_calls.c")
SOURCES = ("rc.c", "tree.c")


@contextmanager
def light_bench(level: str, *overlays: Path) -> Iterator[Bench]:
    """The solution's C files with others laid over them: files or folders."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o711)
        lab = root / "tree" / "labs" / LAB.id
        lab.mkdir(parents=True)
        (lab / "build").mkdir()
        for overlay in (SOLUTION, *overlays):
            files = overlay.glob("*.[ch]") if overlay.is_dir() else [overlay]
            for source in files:
                shutil.copyfile(source, lab / source.name)
        for folder, _, names in os.walk(root / "tree"):
            os.chmod(folder, 0o755)
            for file in names:
                os.chmod(Path(folder, file), 0o644)
        yield Bench(LAB, Student(), {}, box_of(root, level), root)
