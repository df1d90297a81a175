# SPDX-License-Identifier: MIT
"""Who handed in: one entry a student, as a course's exports lay them out.

A class is a folder. In it, each folder and each archive is one student:

    case-perfect/                     folders, as a git host gives them
    case-perfect.tar.gz               archives
    Some Name_4711_assignsubmission_file_/   Moodle; an archive may lie in it;
                                      ..._onlinetext_/ beside it is ignored
    namesome_LATE_123_456_hand-in.zip        Canvas, unpacked
    submission_123/                          Gradescope

What a teacher keeps beside them (tables, notes) is ignored, and said; a file
of any other kind is somebody's submission in a wrong form.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from grader.errors import InputError

ARCHIVES = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar", ".zip")
BESIDE = (".csv", ".html", ".json", ".md", ".toml", ".txt", ".yml", ".yaml")

_MOODLE = re.compile(r"(.+_\d+)_assignsubmission_(file|onlinetext)_?")
_SENT, _TYPED = "_assignsubmission_file", "_assignsubmission_onlinetext"
_CANVAS = re.compile(r"([^_]+)(?:_LATE)?_(\d+)_\d+_.+")


class ClassError(InputError):
    """A class that cannot be graded; the text names it and the remedy."""


@dataclass(frozen=True, order=True)
class Entry:
    """One student's submission; `key` names the student in this class."""

    key: str
    source: Path


def find_entries(folder: Path) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """All entries by key, and the names of what was ignored, but dotfiles.

    Raises ClassError if the folder is not there or is not a folder.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.name[0] != ".")
        taken = [path for path in paths if not _ignored(path)]
    except NotADirectoryError:
        raise ClassError(
            f"{folder}: is not a folder; unpack the export, and name the folder"
        ) from None
    except OSError as error:
        raise ClassError(
            f"{folder}: {error.strerror}; CLASS=folder, one that you may read"
        ) from None
    # Moodle gives what a student typed a row of its own, beside the files'.
    whole = {path.name for path in taken}
    typed = {name for name in whole if _TYPED in name}
    whole -= {name for name in typed if name.replace(_TYPED, _SENT) in whole}
    taken = [path for path in taken if path.name in whole]
    ignored = tuple(path.name for path in paths if path.name not in whole)
    names = Counter(_student(path) for path in taken)
    entries = []
    for path in taken:
        key = _student(path)
        # Two entries of one student: each keeps its whole name.
        if names[key] > 1 or (key in whole and key != path.name):
            key = path.name
        entries.append(Entry(key, _source(path)))
    return tuple(sorted(entries)), ignored


def _ignored(path: Path) -> bool:
    return path.is_symlink() or (
        path.is_file() and path.suffix.lower() in BESIDE
    )


def _student(path: Path) -> str:
    """The student's name in the name of an entry."""
    stem = path.name
    if path.is_file():
        stem = _stem(stem)
        if match := _CANVAS.fullmatch(path.name):
            return f"{match[1]}_{match[2]}"
    elif match := _MOODLE.fullmatch(stem):
        return match[1]
    return stem


def _stem(name: str) -> str:
    for suffix in ARCHIVES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def _source(path: Path) -> Path:
    """What to read: a folder that holds one archive alone stands for it."""
    if not path.is_dir():
        return path
    try:
        inside = [entry for entry in path.iterdir() if entry.name[0] != "."]
    except OSError:
        return path
    if len(inside) == 1 and _stem(inside[0].name) != inside[0].name:
        if inside[0].is_file() and not inside[0].is_symlink():
            return inside[0]
    return path
