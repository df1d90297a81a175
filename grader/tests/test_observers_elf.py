# SPDX-License-Identifier: MIT
"""ELF files and size: how a program was linked, and how many bytes of what it has."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.observers import Malformed, decode, elf, size
from grader.tests.observed import built, need, quick

SOURCE = """\
#include <stdio.h>
static const char greeting[5000] = "hello";
int stored[700] = { 1 };
char zeroes[1 << 20];
int main(void)
{
	return puts(greeting) < 0 || stored[1] + zeroes[2];
}
"""

SIZE = """\
   text\t   data\t    bss\t    dec\t    hex\tfilename
   1927\t    608\t     16\t   2551\t    9f7\tbuild/a b
   2241\t    648\t     16\t   2905\t    b59\tx
"""

KINDS = {
    "-pie -fPIE": ("ET_DYN", True, True),
    "-no-pie -fno-PIE": ("ET_EXEC", False, True),
    "-static -no-pie -fno-PIE": ("ET_EXEC", False, False),
    "-static-pie -fPIE": ("ET_DYN", True, False),
}


@pytest.fixture(name="programs", scope="module")
def _programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        flags: built(tmp_path_factory.mktemp("elf"), SOURCE, *flags.split())
        for flags in KINDS
    }


@pytest.mark.parametrize("flags", KINDS)
def test_the_four_kinds_of_program(programs: dict[str, Path], flags: str) -> None:
    kind, is_pie, dynamic = KINDS[flags]
    found = elf.read(programs[flags])
    assert (found.kind, found.is_pie) == (kind, is_pie)
    assert (found.interpreter is not None, bool(found.needed)) == (dynamic, dynamic)
    assert found.machine.startswith("EM_")
    if found.interpreter:
        assert Path(found.interpreter).exists()
        assert [name for name in found.needed if name.startswith("libc.so")]


@pytest.mark.parametrize("flags", KINDS)
def test_sections_lie_in_segments(programs: dict[str, Path], flags: str) -> None:
    found = elf.read(programs[flags])
    segment = {name: found.segment_of(name) for name in (".text", ".data", ".bss")}
    assert [each.rights for each in segment.values() if each] == ["r-x", "rw-", "rw-"]
    assert segment[".data"] == segment[".bss"]
    assert found.segment_of(".comment") is None
    sections = {section.name: section for section in found.sections}
    assert sections[".bss"].size >= 1 << 20
    assert sections[".bss"].kind == "SHT_NOBITS"
    assert [sections[name].flags for name in (".text", ".data")] == ["AX", "WA"]
    loads = [each for each in found.segments if each.kind == "PT_LOAD"]
    assert any(each.memory_size - each.file_size > 1 << 19 for each in loads)


def test_symbols_tell_what_is_defined(programs: dict[str, Path]) -> None:
    found = elf.symbols(programs["-pie -fPIE"])
    symbols = {symbol.name: symbol for symbol in found}
    assert (symbols["zeroes"].kind, symbols["zeroes"].size) == ("STT_OBJECT", 1 << 20)
    assert symbols["main"].is_defined
    called = [symbol for symbol in found if symbol.name.startswith("puts")]
    assert called and not any(symbol.is_defined for symbol in called)


@pytest.mark.parametrize(
    ("flags", "relro"),
    [
        ("-Wl,-z,norelro", "none"),
        ("-Wl,-z,relro,-z,lazy", "partial"),
        ("-Wl,-z,relro,-z,now", "full"),
    ],
)
def test_relro(tmp_path: Path, flags: str, relro: str) -> None:
    assert elf.read(built(tmp_path, SOURCE, "-pie", "-fPIE", flags)).relro == relro


def test_a_stripped_program_reads_the_same(
    programs: dict[str, Path], tmp_path: Path
) -> None:
    for flags, program in programs.items():
        bare = tmp_path / "bare"
        subprocess.run(["strip", "-o", bare, program], check=True)
        found, wanted = elf.read(bare), elf.read(program)
        assert (found.kind, found.is_pie, found.needed, found.interpreter) == (
            *(wanted.kind, wanted.is_pie, wanted.needed, wanted.interpreter),
        )
        assert len(elf.symbols(bare)) < len(elf.symbols(program))


def test_section_headers_are_not_needed(
    programs: dict[str, Path], tmp_path: Path
) -> None:
    """The loader reads none of them, so a program may lack them or lie in them."""
    program = programs["-pie -fPIE"]
    data = bytearray(program.read_bytes())
    data[0x28:0x30] = bytes(8)  # e_shoff
    data[0x3A:0x40] = bytes(6)  # e_shentsize, e_shnum, e_shstrndx
    bare = tmp_path / "bare"
    bare.write_bytes(data)
    found, wanted = elf.read(bare), elf.read(program)
    assert found.sections == ()
    assert (found.kind, found.is_pie, found.needed, found.interpreter) == (
        *(wanted.kind, wanted.is_pie, wanted.needed, wanted.interpreter),
    )


def test_what_is_no_program_is_malformed(tmp_path: Path) -> None:
    target = tmp_path / "file"
    for data in (b"", b"\x7fELF", b"#!/bin/sh\n", b"\x7fELF\2\1\1" + bytes(9)):
        target.write_bytes(data)
        with pytest.raises(Malformed):
            elf.read(target)
    with pytest.raises(Malformed, match="'fifo' is not a regular file"):
        os.mkfifo(tmp_path / "fifo")
        elf.read(tmp_path / "fifo")
    with pytest.raises(Malformed, match="'link' is a symbolic link"):
        (tmp_path / "link").symlink_to("/proc/self/exe")
        elf.read(tmp_path / "link")
    with pytest.raises(Malformed, match="is not a regular file"):
        elf.read(tmp_path)
    with pytest.raises(FileNotFoundError):
        elf.read(tmp_path / "missing")


def test_a_huge_sparse_file_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Malformed, match=f"has {1 << 40} bytes"):
        elf.read(tmp_path / "huge")


@pytest.mark.parametrize(
    ("at", "value"), [(0x3C, b"\xff\xfe"), (0x38, b"\xff\xfe")], ids=["shnum", "phnum"]
)
def test_counts_that_lie_cost_little(
    programs: dict[str, Path], tmp_path: Path, at: int, value: bytes
) -> None:
    data = bytearray(programs["-pie -fPIE"].read_bytes())
    data[at : at + 2] = value
    target = tmp_path / "liar"
    target.write_bytes(data + b"A" * (8 << 20))
    start = time.monotonic()
    with pytest.raises(Malformed):
        elf.read(target)
    assert time.monotonic() - start < 20


def test_tables_without_end_are_cut_short(
    programs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = programs["-static-pie -fPIE"]
    assert len(elf.symbols(program)) > 100
    monkeypatch.setattr(elf, "MOST_READS", 2000)
    with pytest.raises(Malformed, match="endless"):
        elf.symbols(program)


@quick
@given(st.data())
def test_spoilt_programs_are_read_or_malformed(
    programs: dict[str, Path], data: st.DataObject
) -> None:
    good = programs["-pie -fPIE"].read_bytes()
    edges = [*range(64, 64 + 56 * 13), *range(len(good) - 64 * 36, len(good))]
    places = st.integers(0, len(good) - 1) | st.integers(0, 63) | st.sampled_from(edges)
    spoilt = bytearray(good)
    for place in data.draw(st.lists(places, min_size=1, max_size=6)):
        spoilt[place] = data.draw(st.sampled_from([0, 1, 6, 0x7F, 0xFF]))
    target = programs["-pie -fPIE"].with_name("spoilt")
    target.write_bytes(spoilt[: data.draw(st.sampled_from([len(good), 4096, 70]))])
    try:
        assert elf.read(target).kind
        assert isinstance(elf.symbols(target), tuple)
    except Malformed as error:
        assert str(error).startswith("ELF file: ")


def test_size_lists_programs_in_order() -> None:
    first, second = size.parse(SIZE)
    assert (first.text, first.data, first.bss, first.name) == (
        *(1927, 608, 16, "build/a b"),
    )
    assert first.total == 2551
    assert size.of((first, second), "x") == second
    assert size.of((first, second), "a b") == first
    for name in ("y", ""):
        with pytest.raises(Malformed, match="0 rows for"):
            size.of((first, second), name)


SIZES = st.tuples(*[st.integers(0, 2**40)] * 3)


@quick
@given(st.lists(SIZES, min_size=1), st.text(st.characters(blacklist_characters="\n")))
def test_size_returns_each_row_once(
    rows: list[tuple[int, int, int]], name: str
) -> None:
    body = ""
    for row in rows:
        text, data, bss = row
        body += f"{text:7}\t{data:7}\t{bss:7}\t{sum(row):7}\t{sum(row):7x}\t{name}\n"
    found = size.parse("   text\t...\n" + body)
    assert [(row.text, row.data, row.bss) for row in found] == rows
    assert {row.name for row in found} == {name}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "size: empty"),
        ("   text\t   data\n", "size: no rows"),
        (SIZE.replace("2551", "2552"), "line 2: the columns do not add up"),
        (SIZE.replace("9f7", "9f8"), "line 2: the columns do not add up"),
        (SIZE.replace("1927", "-927"), "line 2: not a row"),
        (SIZE[:-20], "line 3: not a row"),
        ("size: x: file format not recognized\n" * 2, "line 2: not a row"),
    ],
)
def test_size_refuses(text: str, says: str) -> None:
    with pytest.raises(Malformed) as caught:
        size.parse(text)
    assert says in str(caught.value)


def test_size_agrees_with_the_sections(programs: dict[str, Path]) -> None:
    need("size")
    files = list(programs.values())
    text = subprocess.run(["size", *files], capture_output=True, check=True).stdout
    found = size.parse(decode(text))
    assert [row.name for row in found] == [str(file) for file in files]
    for row, file in zip(found, files):
        loaded = [s for s in elf.read(file).sections if "A" in s.flags]
        empty = [s for s in loaded if s.kind == "SHT_NOBITS"]
        fixed = [s for s in loaded if "W" not in s.flags and s not in empty]
        assert row.bss == sum(s.size for s in empty)
        assert row.text == sum(s.size for s in fixed)
        assert row.total == sum(s.size for s in loaded)


def test_the_program_of_this_very_process_is_readable() -> None:
    program = Path(sys.executable).resolve()
    assert elf.read(program).segment_of(".text") is not None
