# SPDX-License-Identifier: MIT
"""maps, smaps and pmap: every mapping once, in order, and nothing else believed."""

from __future__ import annotations

import mmap
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.observers import Gone, Malformed, decode, maps, pmap, smaps
from grader.tests.observed import NAMES, need, quick, ranges, waiting

MAPS = """\
55f1bc50c000-55f1bc50e000 r--p 00000000 fe:00 248056                     /usr/bin/demo
55f1bc50e000-55f1bc513000 r-xp 00002000 fe:00 248056                     /usr/bin/demo
55f1bc516000-55f1bc517000 rw-p 0000a000 fe:00 248056                     /usr/bin/demo
55f1d3ad7000-55f1d3af8000 rw-p 00000000 00:00 0                          [heap]
7f3d6648d000-7f3d664b3000 r--p 00000000 fe:00 332835                     /usr/lib/libc.so.6
7f3d664b3000-7f3d66609000 r-xp 00026000 fe:00 332835                     /usr/lib/libc.so.6
7f3d66662000-7f3d6666f000 rw-p 00000000 00:00 0 
7f3d66672000-7f3d66679000 rw-s 00000000 00:01 1042                       /dev/zero (deleted)
7f3d66680000-7f3d66682000 r--p 00000000 00:00 0                          [vvar_vclock]
7f3d66682000-7f3d66684000 r-xp 00000000 00:00 0                          [vdso]
7f3d66684000-7f3d66685000 r-xp 00000000 fe:00 332383                     /tmp/a\\012b (deleted)
7fffc520e000-7fffc522f000 rw-p 00000000 00:00 0                          [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
"""

FIELDS = """\
Size:               {kib:4} kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:                   8 kB
Pss:                   6 kB
Shared_Clean:          4 kB
Shared_Dirty:          0 kB
Private_Clean:         1 kB
Private_Dirty:         3 kB
Anonymous:             2 kB
THPeligible:           0
VmFlags: rd mr mw me 
"""

PMAP = """\
15375:   demo "a b"
000055f1bc50c000      8K r---- demo
000055f1d3ad7000    132K rw---   [ anon ]
00007f3d66672000     28K rw-s- a name
ffffffffff600000      4K --x--   [ anon ]
 total              172K
"""

PMAP_X = """\
15375:   demo
Address           Kbytes     RSS   Dirty Mode  Mapping
000055f1bc50c000       8       8       0 r---- demo
000055f1d3ad7000     132      16      12 rw---   [ anon ]
---------------- ------- ------- ------- 
total kB             140      24      12
"""


def rendered(mapping: maps.Mapping) -> str:
    """A line as fs/proc/task_mmu.c prints it."""
    m = mapping
    head = f"{m.start:08x}-{m.end:08x} {m.rights} {m.offset:08x} {m.device} {m.inode} "
    return head.ljust(73) + m.name if m.name else head


@st.composite
def mappings(draw: st.DrawFn) -> list[maps.Mapping]:
    """Mappings as a process may have them."""
    rights = st.tuples(*map(st.sampled_from, ("r-", "w-", "x-", "ps"))).map("".join)
    device = st.tuples(st.integers(0, 4095), st.integers(0, 2**20 - 1))
    return [
        maps.Mapping(
            start,
            end,
            draw(rights),
            draw(st.integers(0, 2**52 - 1)) << 12,
            "%02x:%02x" % draw(device),
            draw(st.integers(0, 2**64 - 1)),
            draw(NAMES),
        )
        for start, end in draw(ranges())
    ]


@quick
@given(mappings())
def test_maps_returns_each_mapping_once_in_order(wanted: list[maps.Mapping]) -> None:
    found = maps.parse("".join(rendered(m) + "\n" for m in wanted))
    assert list(found) == wanted
    assert maps.total(found) == sum(m.end - m.start for m in wanted)
    for mapping in wanted:
        assert maps.find(found, mapping.start) == mapping
        assert maps.find(found, mapping.end - 1) == mapping
        assert maps.find(found, mapping.end) != mapping


@quick
@given(mappings())
def test_smaps_returns_each_area_once_in_order(wanted: list[maps.Mapping]) -> None:
    text = "".join(
        rendered(m) + "\n" + FIELDS.format(kib=m.size // 1024) for m in wanted
    )
    found = smaps.parse(text)
    assert [area.mapping for area in found] == wanted
    assert sum(area.rss for area in found) == 8192 * len(wanted)
    assert {(a.pss, a.shared_clean, a.private_dirty, a.anonymous) for a in found} == {
        (6144, 4096, 3072, 2048)
    }


@quick
@given(ranges(), st.data())
def test_pmap_returns_each_row_once_in_order(
    areas: list[tuple[int, int]], data: st.DataObject
) -> None:
    rows = [
        pmap.Row(start, (end - start) // 1024, "rw---", data.draw(NAMES).lstrip(" "))
        for start, end in areas
    ]
    total = sum(row.kib for row in rows)
    body = "".join(f"{r.address:016x} {r.kib:6}K {r.mode} {r.name}\n" for r in rows)
    found = pmap.parse(f"7:   demo\n{body} total {total:16}K\n")
    assert (found.pid, found.command, found.rows) == (7, "demo", tuple(rows))
    assert found.total_kib == total
    assert found.at(rows[-1].end - 1) == rows[-1]
    assert found.at(rows[-1].end) is None


def test_questions_about_mappings() -> None:
    found = maps.parse(MAPS)
    assert [m.size for m in maps.heap(found)] == [0x21000]
    assert [m.rights for m in maps.of_file(found, "/usr/bin/demo")] == [
        "r--p",
        "r-xp",
        "rw-p",
    ]
    assert maps.of_file(found, Path("/tmp/a\nb")) == maps.of_inode(found, 332383)
    assert maps.libraries(found, "/usr/bin/demo") == (
        "/usr/lib/libc.so.6",
        "/tmp/a\\012b",
    )
    assert [m.name for m in found if m.is_deleted] == [
        "/dev/zero (deleted)",
        "/tmp/a\\012b (deleted)",
    ]
    assert [m.name for m in found if m.is_anonymous] == ["[heap]", "", "[stack]"]
    assert [m.name for m in found if m.shared] == ["/dev/zero (deleted)"]
    assert maps.named(found, "[vsyscall]")[0].executable
    assert not maps.named(found, "[vsyscall]")[0].readable
    assert maps.find(found, 0) is None


def test_a_name_of_bytes_that_are_not_utf8_is_kept() -> None:
    line = b"1000-2000 r--p 00000000 fe:00 7 /tmp/\xff\x1b\x0c\xc2\x85\xe2\x80\xa8\r\n"
    (mapping,) = maps.parse(decode(line))
    assert os.fsencode(mapping.name) == b"/tmp/\xff\x1b\x0c\xc2\x85\xe2\x80\xa8\r"


def test_a_name_of_a_megabyte_is_kept() -> None:
    (mapping,) = maps.parse("1000-2000 r--p 0 00:00 0 /" + "x" * (1 << 20))
    assert len(mapping.name) == (1 << 20) + 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "maps: empty"),
        ("\n\n", "maps: empty"),
        ("hello\n", "maps, line 1: not a mapping: 'hello'"),
        (MAPS + MAPS, "maps, line 14: it overlaps the one above it"),
        (MAPS[:-40], "maps, line 13: not a mapping"),
        ("2000-1000 r--p 0 00:00 0", "line 1: the mapping ends before it starts"),
        ("1000-2000 r--p 0 00:00 ٣", "line 1: not a mapping"),
        ("1000-2000 r--p 0 00:00 " + "9" * 5000, "line 1: not a mapping"),
        ("1000-2000 \x1b[2J\udcff", r"not a mapping: '1000-2000 \x1b[2J\udcff'"),
    ],
)
def test_maps_refuses(text: str, says: str) -> None:
    with pytest.raises(Malformed) as caught:
        maps.parse(text)
    assert says in str(caught.value)


HEAD = "1000-3000 r--p 00000000 00:00 0 \n"
GOOD = FIELDS.format(kib=8)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "smaps: empty"),
        (HEAD, "line 1: Size, Rss, Pss"),
        (GOOD, "line 1: not a mapping"),
        (HEAD + FIELDS.format(kib=4), "Size is not the size of the mapping"),
        (HEAD + GOOD.replace("Rss", "Rsss"), "line 1: Rss missing below"),
        (HEAD + GOOD + "Rss: 8 kB\n", "line 14: Rss twice"),
        (HEAD + GOOD + HEAD + GOOD, "line 14: it overlaps"),
        (HEAD + GOOD + "??\n", "line 14: not a mapping"),
        (HEAD + GOOD.replace("8 kB", "-8 kB"), "missing below the mapping"),
    ],
)
def test_smaps_refuses(text: str, says: str) -> None:
    with pytest.raises(Malformed) as caught:
        smaps.parse(text)
    assert says in str(caught.value)


def test_pmap_plain_and_extended() -> None:
    plain, extended = pmap.parse(PMAP), pmap.parse(PMAP_X)
    assert (plain.pid, plain.command, plain.total_kib) == (15375, 'demo "a b"', 172)
    assert [(r.kib, r.mode, r.name, r.resident_kib) for r in plain.rows] == [
        (8, "r----", "demo", None),
        (132, "rw---", "[ anon ]", None),
        (28, "rw-s-", "a name", None),
        (4, "--x--", "[ anon ]", None),
    ]
    assert extended.total_kib == 140
    assert [(r.kib, r.resident_kib, r.dirty_kib) for r in extended.rows] == [
        (8, 8, 0),
        (132, 16, 12),
    ]
    assert [r.is_anonymous for r in extended.rows] == [False, True]


@pytest.mark.parametrize("text", [PMAP, PMAP_X])
def test_pmap_does_not_read_words(text: str) -> None:
    translated = text.replace("total", "Summe").replace("Address ", "Adresse ")
    assert pmap.parse(translated) == pmap.parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "pmap: empty"),
        ("no such process\n", "line 1: not `PID: COMMAND`"),
        ("7:   demo\n total 0K\n", "pmap: no rows"),
        (PMAP.rpartition(" total")[0], "line 5: the total is missing"),
        (PMAP + PMAP, "line 6: not a row"),
        (PMAP_X.replace(" 16  ", "    "), "line 4: not a row"),
        (PMAP.replace("bc50c", "d3ad8"), "line 3: it overlaps"),
    ],
)
def test_pmap_refuses(text: str, says: str) -> None:
    with pytest.raises(Malformed) as caught:
        pmap.parse(text)
    assert says in str(caught.value)


def test_a_mapping_of_this_process_is_found_by_its_address() -> None:
    before = maps.total(maps.read(os.getpid()))
    with mmap.mmap(-1, 1 << 20) as block:
        found = maps.read(os.getpid())
        areas = smaps.read(os.getpid())
        assert maps.total(found) >= before + len(block)
        assert any(m.shared and m.size >= len(block) for m in found)
    assert all(area.rss <= area.mapping.size for area in areas)
    assert any(area.anonymous > 0 for area in areas)
    for area in areas:
        pages = area.shared_clean + area.shared_dirty
        assert area.rss == pages + area.private_clean + area.private_dirty


def test_pmap_and_maps_of_a_waiting_process_agree() -> None:
    need("pmap")
    with waiting() as process:
        found = maps.read(process.pid)
        program = maps.executable(process.pid)
        argv = ["pmap", str(process.pid)]
        plain = subprocess.run(argv, capture_output=True, check=True).stdout
        argv = ["pmap", "-x", str(process.pid)]
        extended = subprocess.run(argv, capture_output=True, check=True).stdout
    assert maps.of_file(found, program)
    assert program not in maps.libraries(found, program)
    assert len(maps.libraries(found, program)) >= 1
    wanted = [(m.start, m.end) for m in found]
    for text in (plain, extended):
        shown = pmap.parse(decode(text))
        assert shown.pid == process.pid
        assert [(row.address, row.end) for row in shown.rows] == wanted
        assert shown.total_kib * 1024 == maps.total(found)


LOOKS: tuple[Callable[[int], object], ...] = (maps.read, smaps.read, maps.executable)


def test_a_process_that_ended_is_gone() -> None:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    for look in LOOKS:  # at a zombie: there, but without memory
        with pytest.raises(Gone, match="has ended"):
            look(process.pid)
    assert process.wait() == 0
    for look in LOOKS:
        with pytest.raises(Gone, match="has ended"):
            look(process.pid)
