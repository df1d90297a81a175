# SPDX-License-Identifier: MIT
"""/proc/PID/maps: the mappings of a process, and questions that checks ask of them."""
from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.observers import Gone, Malformed, decode, lines, read_proc

TOOL = "maps"
OVERLAP = "it overlaps the one above it"
_DELETED = " (deleted)"
_LINE = re.compile(
    r"([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][ps]) ([0-9a-f]{1,16})"
    r" ([0-9a-f]{2,8}:[0-9a-f]{2,8}) ([0-9]{1,20})(?: +(.*))?",
    re.DOTALL,
)


@dataclass(frozen=True)
class Mapping:
    """One line of maps: the addresses start to end - 1, and what lies behind them."""

    start: int
    end: int
    rights: str
    """As the kernel writes them: `r-xp`; the last letter is p(rivate) or s(hared)."""
    offset: int
    """Where the mapping starts in its file, in bytes."""
    device: str
    """`major:minor` in hexadecimal; 00:00 for memory without a file."""
    inode: int
    name: str
    """A path, `[heap]` and the like, or empty; a newline in a path reads `\\012`."""

    @property
    def size(self) -> int:
        """Bytes of address space, resident or not."""
        return self.end - self.start

    @property
    def readable(self) -> bool:
        return self.rights[0] == "r"

    @property
    def writable(self) -> bool:
        return self.rights[1] == "w"

    @property
    def executable(self) -> bool:
        return self.rights[2] == "x"

    @property
    def shared(self) -> bool:
        return self.rights[3] == "s"

    @property
    def is_file(self) -> bool:
        """Whether a file lies behind; shared anonymous memory looks deleted."""
        return self.name.startswith("/")

    @property
    def is_kernel(self) -> bool:
        """Whether the kernel put it there: [vdso], [vvar], [vsyscall] ..."""
        return self.name.startswith(("[v", "[uprobes]", "[sigpage]"))

    @property
    def is_anonymous(self) -> bool:
        """Private memory without a file, [heap], [stack] and [anon:NAME] included."""
        return not self.is_file and not self.is_kernel

    @property
    def is_deleted(self) -> bool:
        """Whether the file has been unlinked, or is named as if it had been."""
        return self.is_file and self.name.endswith(_DELETED)

    @property
    def path(self) -> str:
        """The name without the kernel's mark for an unlinked file."""
        return self.name.removesuffix(_DELETED) if self.is_file else self.name

    def __contains__(self, address: int) -> bool:
        return self.start <= address < self.end


def parse_line(line: str, number: int = 1, tool: str = TOOL) -> Mapping:
    """One line as proc(5), "/proc/pid/maps", has it; Malformed if it is another."""
    match = _LINE.fullmatch(line)
    if not match:
        raise Malformed(tool, "not a mapping", number, line)
    start, end, offset = (int(match[group], 16) for group in (1, 2, 4))
    mapping = Mapping(
        start, end, match[3], offset, match[5], int(match[6]), match[7] or ""
    )
    if not mapping.size > 0:
        raise Malformed(tool, "the mapping ends before it starts", number, line)
    return mapping


def parse(text: str) -> tuple[Mapping, ...]:
    """The mappings of a /proc/PID/maps, in order of address (format: proc(5)).

    Malformed if a line is not a mapping, or if one starts before the one above it ends.
    """
    found: list[Mapping] = []
    for number, line in enumerate(lines(text, TOOL), 1):
        mapping = parse_line(line, number)
        if found and mapping.start < found[-1].end:
            raise Malformed(TOOL, OVERLAP, number, line)
        found.append(mapping)
    return tuple(found)


def read(pid: int) -> tuple[Mapping, ...]:
    """The mappings of a process now; Gone if it has ended, PermissionError passes."""
    return parse(read_proc(pid, "maps"))


def executable(pid: int) -> str:
    """The program that a process runs, spelled as in its maps (proc(5), "exe")."""
    try:
        path = decode(os.readlink(f"/proc/{pid}/exe".encode()))
    except (FileNotFoundError, ProcessLookupError) as error:
        raise Gone(TOOL, f"process {pid} has ended") from error
    return path.removesuffix(_DELETED).replace("\n", "\\012")


def find(mappings: Iterable[Mapping], address: int) -> Mapping | None:
    """The mapping that holds an address, or None."""
    return next((mapping for mapping in mappings if address in mapping), None)


def named(mappings: Iterable[Mapping], name: str) -> tuple[Mapping, ...]:
    """The mappings with exactly this name, such as `[stack]`."""
    return tuple(mapping for mapping in mappings if mapping.name == name)


def heap(mappings: Iterable[Mapping]) -> tuple[Mapping, ...]:
    """What the kernel calls [heap]: none before a brk, several after mprotect."""
    return named(mappings, "[heap]")


def of_file(mappings: Iterable[Mapping], path: str | Path) -> tuple[Mapping, ...]:
    """The mappings of a file, unlinked or not, by the path that its process sees."""
    wanted = str(path).replace("\n", "\\012")
    return tuple(m for m in mappings if m.is_file and m.path == wanted)


def of_inode(mappings: Iterable[Mapping], inode: int) -> tuple[Mapping, ...]:
    """The mappings of a file by its number, which is the same inside a box and outside.

    Nothing is said of the device: on btrfs and overlayfs, maps and stat(2) disagree.
    """
    return tuple(m for m in mappings if m.is_file and m.inode == inode)


def libraries(mappings: Iterable[Mapping], program: str) -> tuple[str, ...]:
    """The files that a process may run code from, by address, each once.

    The dynamic loader is one of them, the program is not; `executable` names it.
    """
    paths = dict.fromkeys(m.path for m in mappings if m.is_file and m.executable)
    return tuple(path for path in paths if path != program)


def total(mappings: Iterable[Mapping]) -> int:
    """The sum of the sizes, in bytes."""
    return sum(mapping.size for mapping in mappings)
