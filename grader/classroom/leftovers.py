# SPDX-License-Identifier: MIT
"""What an earlier run wrote, and this one did not: it would pass for current."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection
from pathlib import Path

from grader.classroom.html import GENERATOR
from grader.classroom.results import RESULT_BYTES, read_capped
from grader.outcome import from_json


def remove_leftovers(out: Path, labs: Collection[str], written: Collection[Path]) -> int:
    """Remove earlier pages, and earlier results of these labs; returns how many.

    Only what the grader can have written is removed: a file in its place, that
    reads as a page or a result of that lab. No symbolic link is followed.
    """
    kept = set(written)
    gone = [path for path in _files(out / "students") if path not in kept]
    gone = [path for path in gone if _is_page(path)]
    for folder in _inside(out / "results", stat.S_ISDIR):
        old = [path for path in _files(folder) if path not in kept]
        gone += [path for path in old if _is_result(path, labs)]
    for path in gone:
        path.unlink()
    for folder in {path.parent for path in gone} - {out / "students"}:
        if not os.listdir(folder):
            folder.rmdir()
    return len(gone)


def _is_page(path: Path) -> bool:
    return path.suffix == ".html" and GENERATOR in _text(path)


def _is_result(path: Path, labs: Collection[str]) -> bool:
    if path.suffix != ".json" or path.stem not in labs:
        return False
    try:
        return from_json(_text(path)).lab == path.stem
    except ValueError:
        return False


def _text(path: Path) -> str:
    try:
        return read_capped(path, RESULT_BYTES)
    except (OSError, ValueError):
        return ""


def _files(folder: Path) -> list[Path]:
    return _inside(folder, stat.S_ISREG)


def _inside(folder: Path, wanted: Callable[[int], bool]) -> list[Path]:
    """What lies in a folder and is of the wanted kind; nothing for a link."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if wanted(path.lstat().st_mode)]
