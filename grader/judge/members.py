# SPDX-License-Identifier: MIT
"""What a submission holds, member by member, trusting nothing.

A member is a name, a kind and, if the caller wants it, the first bytes of its
content. No link is followed, no FIFO is waited for, and what it costs to look
is counted. This file reads folders; archives.py reads tar and zip.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MIB = 1 << 20
FILE_BYTES = 4 * MIB  # a member; the largest honest one is a strace log
INFLATED_BYTES = 128 * MIB  # all of an archive, wanted or not
MEMBERS = 10_000  # a tree with a .git in it, but no more
DEPTH = 6  # wrapper/labs/lab/folder/folder/file
SECONDS = 20.0

FOLDER = "a folder"
_KINDS = {
    stat.S_IFDIR: FOLDER,
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

Wanted = Callable[[str], bool]


class Bad(Exception):
    """Why the whole submission cannot be read."""


@dataclass(frozen=True)
class Member:
    """One name in a submission, as it stands there.

    `kind` is empty for a regular file, and otherwise says why the member
    cannot be taken. `data` is None unless it was wanted and can be taken; it
    is longer than FILE_BYTES, by one byte, if the file is. `special` says
    that it asked for a set-user-id, set-group-id or sticky bit.
    """

    name: str
    kind: str = ""
    data: bytes | None = None
    special: bool = False


@dataclass
class Budget:
    """What one submission may cost; spent as its members go by."""

    deadline: float
    count: int = 0
    inflated: int = 0

    def members(self, count: int) -> None:
        """Charge names; Bad if they are too many."""
        self.count += count
        if self.count > MEMBERS:
            raise Bad(f"holds more than {MEMBERS} files and folders")
        self.bytes(0)

    def bytes(self, count: int) -> None:
        """Charge what was inflated; Bad if it is too much, or too late."""
        self.inflated += count
        if self.inflated > INFLATED_BYTES:
            raise Bad(f"inflates to more than {INFLATED_BYTES // MIB} MiB")
        if time.monotonic() > self.deadline:
            raise Bad(f"takes longer than {SECONDS:.0f} seconds to read")


def unsearched(folder: str) -> bool:
    """Whether a folder of this name never holds what is handed in."""
    return folder.startswith(".") or folder in ("build", "__MACOSX")


def kind_of(mode: int) -> str:
    """The kind of a file with this st_mode; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return _KINDS.get(stat.S_IFMT(mode), "a file of an unknown kind")


def special(mode: int) -> bool:
    """Whether a mode asks for more than reading, writing and executing."""
    return bool(mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX))


def folder_members(
    fd: int, prefix: str, wanted: Wanted, budget: Budget
) -> Iterator[Member]:
    """The members of an open folder, sorted; fd is closed in the end.

    Folders that nothing is handed in from, and those below DEPTH, are named
    but not entered.
    """
    try:
        found = []
        with os.scandir(fd) as entries:
            for entry in entries:
                budget.members(1)
                found.append(entry.name)
        for name in sorted(found):
            yield from _entry(fd, name, prefix + name, wanted, budget)
    finally:
        os.close(fd)


def _entry(
    parent: int, name: str, path: str, wanted: Wanted, budget: Budget
) -> Iterator[Member]:
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if not stat.S_ISDIR(status.st_mode):
            yield _file(parent, name, path, status, wanted)
            return
        if unsearched(name) or path.count("/") + 1 >= DEPTH:
            yield Member(f"{path}/", FOLDER)
            return
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        folder = os.open(name, flags, dir_fd=parent)
    except OSError as error:
        yield Member(path, f"cannot be opened ({error.strerror})")
        return
    yield from folder_members(folder, f"{path}/", wanted, budget)


def _file(
    parent: int, name: str, path: str, status: os.stat_result, wanted: Wanted
) -> Member:
    kind = kind_of(status.st_mode)
    if not kind and status.st_nlink > 1:
        kind = "a hard link"
    if kind or not wanted(path):
        return Member(path, kind)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    with open(os.open(name, flags, dir_fd=parent), "rb") as file:
        # It may have been exchanged since it was looked at.
        kind = kind_of(os.fstat(file.fileno()).st_mode)
        data = None if kind else file.read(FILE_BYTES + 1)
    return Member(path, kind, data, special(status.st_mode))
