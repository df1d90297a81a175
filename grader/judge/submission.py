# SPDX-License-Identifier: MIT
"""Import a submission: of all that a student sent, the lab's own files.

A submission is a folder, a tar or a zip. A lab's files lie in it, the first
of these that there is, in

    NN-name/            beside student.toml: the form that is asked for
    NN/                 the lab's number alone
    ANY/NN-name/, ANY/NN/   the same below one wrapping folder
    ANY/labs/NN-name/, ...  in a repository of the whole suite
    ., ANY/             directly, where only one lab is asked for

Taken are regular files on the lab's hand-in list, and student.toml. They are
written anew into the staging folder. All else is ignored, and said.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.errors import InputError
from grader.judge.archives import archive_members
from grader.judge.layout import CARD, Layout, Notes, shown
from grader.judge.members import (
    SECONDS,
    Bad,
    Budget,
    Member,
    Wanted,
    folder_members,
)
from grader.lab import Lab
from grader.variant import BadCard, Student, read_student

REMEDY = "ask for the labs' folders as one .tar.gz or .zip"


class BadSubmission(InputError):
    """A submission that cannot be read; the text names it and the remedy."""


@dataclass(frozen=True)
class Submission:
    """What was taken. `files` are names in the staging folder, sorted.

    `digest` is the SHA-256 of the files' names and contents; student.toml is
    not in it, so that two students' equal work has equal digests.
    """

    files: tuple[str, ...]
    notes: tuple[str, ...]
    student: Student
    digest: str


def import_submission(
    source: Path, lab: Lab, staging: Path, *, flat: bool = True
) -> Submission:
    """Read `source` and write what it holds of the lab into `staging`.

    `staging` must not exist yet; afterwards it holds the lab's files directly,
    and a student.toml. `flat`: the lab's files may lie outside a folder of the
    lab's name. Raises BadSubmission if the source cannot be read; nothing is
    written then.
    """
    notes = Notes()
    layout = Layout(lab, notes)
    try:
        for member in _members(source, layout.wanted):
            layout.take(member)
    except Bad as error:
        raise BadSubmission(f"{shown(source.name)}: {error}; {REMEDY}") from None
    files, card = layout.choose(flat)
    staging.mkdir(mode=0o700)
    staging.chmod(0o755)
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        _write(staging / name, data)
        digest.update(f"{len(name)}:{name}{len(data)}:".encode() + data)
        if b"\r\n" in data:
            notes.add("has Windows line ends (CRLF)", name)
    missing = {name for name in lab.hand_in if "*" not in name} - set(files)
    for name in sorted(missing) if files else (lab.id,):
        notes.add("not handed in", name)
    student = _stage_card(staging / CARD, card, notes)
    return Submission(tuple(sorted(files)), notes.lines(), student, digest.hexdigest())


def _members(source: Path, wanted: Wanted) -> Iterator[Member]:
    """Every member of a submission; content where `wanted` says so.

    The names of a folder come sorted, those of an archive as they stand
    there. Raises Bad, also in the middle.
    """
    budget = Budget(time.monotonic() + SECONDS)
    try:
        # O_NONBLOCK: a FIFO in the place of an archive is not waited for.
        fd = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        status = os.fstat(fd)
        if stat.S_ISDIR(status.st_mode):
            yield from folder_members(fd, "", wanted, budget)
        else:
            with open(fd, "rb") as file:
                yield from archive_members(file, status, wanted, budget)
    except Bad:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise Bad(f"cannot be read ({error.strerror})") from None
        # The parsers meet bytes that were made to break them: a damaged
        # archive may surface as any of their exceptions.
        raise Bad(f"is damaged ({shown(str(error))})") from None


def _write(path: Path, data: bytes) -> None:
    """Write a new file; the folders above it and its mode are ours."""
    _make_folder(path.parent)
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(data)


def _make_folder(path: Path) -> None:
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir()
        path.chmod(0o755)


def _stage_card(path: Path, card: bytes, notes: Notes) -> Student:
    _write(path, card)
    try:
        return read_student(path)
    except BadCard as error:
        notes.add(f"ignored, so the default variant counts: {error}", CARD)
        path.write_bytes(b"")
        return Student()
