# SPDX-License-Identifier: MIT
"""An ELF file: how it was linked, what will be mapped of it, and its symbols."""
from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from elftools.elf.constants import P_FLAGS, SH_FLAGS  # type: ignore[import]
from elftools.elf.elffile import ELFFile  # type: ignore[import]
from elftools.elf.sections import SymbolTableSection  # type: ignore[import]

from grader.observers import Malformed, decode

TOOL = "ELF file"
MOST_BYTES = 256 << 20
MOST_READS = 200_000
"""A static hello needs 20 000; a file of loops and endless names meets this soon."""
MOST_PARTS = 2048
"""Segments and sections: a program has some 13 and 36."""
DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 0x8, 0x1, 0x08000000

Relro = Literal["none", "partial", "full"]


@dataclass(frozen=True)
class Section:
    """A named part of the file, for the linker and for people; sizes in bytes."""

    name: str
    kind: str
    """SHT_PROGBITS and so on."""
    flags: str
    """As readelf abbreviates them: W(rite), A(lloc), X (execute)."""
    address: int
    offset: int
    size: int


@dataclass(frozen=True)
class Segment:
    """What the kernel or the loader acts on; sizes in bytes."""

    kind: str
    """PT_LOAD and so on."""
    rights: str
    """`r-x`."""
    offset: int
    address: int
    file_size: int
    memory_size: int
    """Larger than file_size where zeroes follow: .bss."""
    sections: tuple[str, ...]
    """The names of the sections that lie in it."""


@dataclass(frozen=True)
class Symbol:
    """A name that the file defines or uses; size in bytes."""

    name: str
    address: int
    size: int
    kind: str
    """STT_FUNC, STT_OBJECT and so on."""
    is_defined: bool
    is_local: bool
    """No other object can refer to it."""


@dataclass(frozen=True)
class Elf:
    """What elf(5) and the System V ABI let one read from the headers."""

    kind: str
    """ET_EXEC, ET_DYN and so on."""
    machine: str
    is_pie: bool
    """DF_1_PIE is set in DT_FLAGS_1: a program that can be loaded anywhere."""
    interpreter: str | None
    """The dynamic loader that the kernel starts first; None for a static program."""
    needed: tuple[str, ...]
    """The libraries (DT_NEEDED), in the linker's order."""
    relro: Relro
    """What is made read-only after relocating; `full` includes all of the GOT."""
    segments: tuple[Segment, ...]
    sections: tuple[Section, ...]
    """Empty in a file without section headers, which runs all the same."""

    def segment_of(self, section: str) -> Segment | None:
        """The loaded segment (PT_LOAD) that a section lies in, or None."""
        loaded = (each for each in self.segments if each.kind == "PT_LOAD")
        return next((each for each in loaded if section in each.sections), None)


class _Metered(io.BytesIO):
    """A file for MOST_READS reads: pyelftools trusts the counts and chains it finds."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.left = MOST_READS

    def read(self, size: int | None = -1) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise Malformed(TOOL, "endless: its tables claim more than a program's do")
        return super().read(size)


def _load(path: Path) -> bytes:
    if path.is_symlink():
        raise Malformed(TOOL, f"{path.name!r} is a symbolic link")
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Malformed(TOOL, f"{path.name!r} is not a regular file")
        if status.st_size > MOST_BYTES:
            raise Malformed(TOOL, f"{path.name!r} has {status.st_size} bytes")
        return os.read(descriptor, MOST_BYTES)
    finally:
        os.close(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A pyelftools file; whatever goes wrong inside the block is the file's fault."""
    data = _load(path)
    try:
        elf = ELFFile(_Metered(data))
        if elf.num_segments() + elf.num_sections() > MOST_PARTS:
            raise Malformed(TOOL, f"{path.name!r} has more than {MOST_PARTS} parts")
        yield elf
    except Malformed:
        raise
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        raise Malformed(TOOL, f"{path.name!r}: {words}") from error


def _string(data: bytes, start: int) -> str:
    """A NUL-terminated string of the file, of at most a path's length."""
    end = data.index(b"\0", start, start + 4096)
    return decode(data[start:end])


def _dynamic(elf: Any, segments: list[Any]) -> list[tuple[Any, int]]:
    """The tags that the loader will see: it knows the segment, not the section."""
    found = [segment for segment in segments if segment["p_type"] == "PT_DYNAMIC"]
    if not found or not found[0]["p_filesz"]:
        return []
    offset = next(elf.address_offsets(found[0]["p_vaddr"]))
    if len(found) > 1 or offset != found[0]["p_offset"]:
        raise Malformed(TOOL, "the dynamic segment's address and offset disagree")
    return [(tag.entry.d_tag, tag.entry.d_val) for tag in found[0].iter_tags()]


def _relro(segments: list[Any], tags: list[tuple[Any, int]]) -> Relro:
    if not any(segment["p_type"] == "PT_GNU_RELRO" for segment in segments):
        return "none"
    now = any(
        tag == "DT_BIND_NOW"
        or (tag == "DT_FLAGS" and value & DF_BIND_NOW)
        or (tag == "DT_FLAGS_1" and value & DF_1_NOW)
        for tag, value in tags
    )
    return "full" if now else "partial"


def _letters(flags: int, names: dict[str, int], blank: str) -> str:
    return "".join(letter if flags & bit else blank for letter, bit in names.items())


_RIGHTS = {"r": P_FLAGS.PF_R, "w": P_FLAGS.PF_W, "x": P_FLAGS.PF_X}
_FLAGS = {"W": SH_FLAGS.SHF_WRITE, "A": SH_FLAGS.SHF_ALLOC, "X": SH_FLAGS.SHF_EXECINSTR}


def _segment(header: Any, sections: list[Any]) -> Segment:
    return Segment(
        kind=str(header["p_type"]),
        rights=_letters(header["p_flags"], _RIGHTS, "-"),
        offset=header["p_offset"],
        address=header["p_vaddr"],
        file_size=header["p_filesz"],
        memory_size=header["p_memsz"],
        sections=tuple(s.name for s in sections if header.section_in_segment(s)),
    )


def _section(header: Any) -> Section:
    return Section(
        name=header.name,
        kind=str(header["sh_type"]),
        flags=_letters(header["sh_flags"], _FLAGS, ""),
        address=header["sh_addr"],
        offset=header["sh_offset"],
        size=header["sh_size"],
    )


def read(path: Path) -> Elf:
    """The headers of a program or library (format: elf(5), readelf(1)).

    Malformed if it is no regular file, not ELF or contradictory; OSError if missing.
    """
    with _opened(path) as elf:
        data = elf.stream.getvalue()
        segments, sections = list(elf.iter_segments()), list(elf.iter_sections())
        tags = _dynamic(elf, segments)
        values = dict(tags)
        needed = [value for tag, value in tags if tag == "DT_NEEDED"]
        strings = next(elf.address_offsets(values["DT_STRTAB"])) if needed else 0
        loaders = [s["p_offset"] for s in segments if s["p_type"] == "PT_INTERP"]
        return Elf(
            kind=str(elf["e_type"]),
            machine=str(elf["e_machine"]),
            is_pie=bool(values.get("DT_FLAGS_1", 0) & DF_1_PIE),
            interpreter=_string(data, loaders[0]) if loaders else None,
            needed=tuple(_string(data, strings + value) for value in needed),
            relro=_relro(segments, tags),
            segments=tuple(_segment(each, sections) for each in segments),
            sections=tuple(
                _section(each) for each in sections if each["sh_type"] != "SHT_NULL"
            ),
        )


def _symbol(entry: Any) -> Symbol:
    return Symbol(
        name=entry.name,
        address=entry["st_value"],
        size=entry["st_size"],
        kind=str(entry["st_info"]["type"]),
        is_defined=entry["st_shndx"] != "SHN_UNDEF",
        is_local=entry["st_info"]["bind"] == "STB_LOCAL",
    )


def symbols(path: Path) -> tuple[Symbol, ...]:
    """The named symbols of .dynsym and .symtab, each once; errors as in `read`."""
    with _opened(path) as elf:
        found: dict[Symbol, None] = {}
        for table in elf.iter_sections():
            if isinstance(table, SymbolTableSection):
                found |= dict.fromkeys(map(_symbol, table.iter_symbols()))
        return tuple(symbol for symbol in found if symbol.name)
