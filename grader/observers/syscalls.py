# SPDX-License-Identifier: MIT
"""What a program asked of the kernel: questions that checks put to strace's calls."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.observers import integer
from grader.observers.strace import Call, string

_OPENING = ("open", "creat", "openat", "openat2")
_PATH_FIRST = "open creat readlink stat lstat access execve"
_PATH_SECOND = (
    "openat openat2 readlinkat newfstatat fstatat64 statx faccessat faccessat2 execveat"
    " name_to_handle_at"
)
_PATH_AT = {
    **dict.fromkeys(_PATH_FIRST.split(), 0),
    **dict.fromkeys(_PATH_SECOND.split(), 1),
}
_FORKS = ("clone", "clone3", "fork", "vfork")


def after_exec(calls: Iterable[Call], path: str) -> tuple[Call, ...]:
    """The calls after the first successful execve of path, by its process and children.

    path is spelled as in the call; launchers before it are left out. Empty if nothing
    executed it.
    """
    family: set[int | None] = set()
    found: list[Call] = []
    for call in calls:
        if not family:
            executed = call.name == "execve" and call.value == 0
            if executed and [string(arg) for arg in call.args[:1]] == [path]:
                family.add(call.pid)
        elif call.pid in family:
            found.append(call)
            if call.name in _FORKS and call.value and call.value > 0:
                family.add(call.value)
    return tuple(found)


@dataclass(frozen=True)
class Use:
    """A path that the program handed to the kernel."""

    call: Call
    directory: str
    """The descriptor that a relative path starts at, as printed; may be empty."""
    path: str

    @property
    def opened(self) -> bool:
        """Whether the call opened the file, rather than failed or asked about it."""
        value = self.call.value
        return self.call.name in _OPENING and value is not None and value >= 0


def uses(calls: Iterable[Call]) -> Iterator[Use]:
    """Every path that the calls open, read, execute or ask about, or try to."""
    for call in calls:
        place = _PATH_AT.get(call.name, len(call.args))
        path = string(call.args[place]) if place < len(call.args) else None
        if path is not None:
            yield Use(call, call.args[0] if place else "", path)


@dataclass(frozen=True)
class Mapped:
    """A successful mmap without a file; address and length in bytes."""

    call: Call
    address: int
    length: int
    """As asked for; the kernel rounds it up to pages."""


def anonymous(calls: Iterable[Call]) -> tuple[Mapped, ...]:
    """The anonymous mappings that the calls made (mmap(2)), in order."""
    made = []
    for call in calls:
        if call.name in ("mmap", "mmap2") and len(call.args) == 6 and not call.error:
            length, flags = integer(call.args[1]), set(call.args[3].split("|"))
            if call.value and length and flags & {"MAP_ANONYMOUS", "MAP_ANON"}:
                made.append(Mapped(call, call.value, length))
    return tuple(made)


def unmapped(calls: Iterable[Call]) -> tuple[tuple[int, int], ...]:
    """Address and length of every successful munmap(2), in order, in bytes."""
    found = []
    for call in calls:
        if call.name == "munmap" and call.value == 0 and len(call.args) == 2:
            address, length = integer(call.args[0]), integer(call.args[1])
            if address is not None and length is not None:
                found.append((address, length))
    return tuple(found)


def breaks(calls: Iterable[Call]) -> tuple[int, ...]:
    """The program break after each brk(2), in order; the first is the heap's start."""
    return tuple(c.value for c in calls if c.name == "brk" and c.value is not None)
