# SPDX-License-Identifier: MIT
"""Lab 02: what one hello said at its prompt, its mappings, and ps's figures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from grader.judge.bench import Bench
from grader.judge.transcripts import look, of_process, said
from grader.observers import Malformed, maps
from grader.observers.maps import Mapping

KINDS = ("dynamic-pie", "dynamic", "static", "static-pie")
FIXED = ("dynamic", "static")  # the linker chose their addresses
STATIC = ("static", "static-pie")
FOUR_GIB = 1 << 32
PAGE = 4096  # the smallest page of x86_64 and aarch64: the others are multiples
KIB = 1024
PS = ("ps", "-o", "vsz,rss", "-p")
PARTS = "code greeting years visits board card notes local stdout vdso".split()

# Where each part lies; linkers before 2.31 put constants beside the code.
_RIGHTS = {
    "code": ("r-xp",),
    "greeting": ("r--p", "r-xp"),
    "years": ("rw-p",),
    "visits": ("rw-p",),
    "board": ("rw-p",),
    "card": ("rw-p",),
    "notes": ("rw-p",),
    "local": ("rw-p",),
}
_NAMES = {"card": "[heap]", "local": "[stack]", "vdso": "[vdso]"}


def parts_of(text: str) -> dict[str, int]:
    """The addresses that one run of hello printed, by name."""
    found = re.findall(r"^(\w+) +0x([0-9a-f]{1,16})$", text, re.M)
    if [name for name, _ in found] != PARTS:
        raise Malformed("hello", f"does not say where {', '.join(PARTS)} are")
    return {name: int(address, 16) for name, address in found}


def hello(kind: str, bench: Bench) -> Path:
    """The student's hello-KIND; all four are built at once."""
    bench.build(*(f"hello-{each}" for each in KINDS))
    return bench.program(f"hello-{kind}")


def argv_of(kind: str, bench: Bench) -> list[str]:
    """How this student starts hello in the lab's folder, once it is built."""
    hello(kind, bench)
    return [f"build/hello-{kind}", str(bench.variant["notes_kib"])]


@dataclass(frozen=True)
class Pause:
    """One hello at its prompt, seen from outside."""

    parts: dict[str, int]
    mappings: tuple[Mapping, ...]
    vsz_kib: int
    rss_kib: int

    def holding(self, part: str) -> Mapping:
        """The mapping that holds one of hello's parts."""
        mapping = maps.find(self.mappings, self.parts[part])
        if mapping is None:
            raise Malformed("maps", f"no mapping holds {part}")
        return mapping

    @property
    def own(self) -> tuple[Mapping, ...]:
        """The mappings of the program's own file."""
        return maps.of_file(self.mappings, self.holding("code").path)

    @property
    def libraries(self) -> tuple[str, ...]:
        """The other files that it may run code from."""
        return maps.libraries(self.mappings, self.holding("code").path)

    @property
    def behind(self) -> Mapping | None:
        """The mapping without a file that begins where its own last one ends."""
        found = maps.find(self.mappings, self.own[-1].end)
        return None if found is None or found.is_file else found


def make_pause(kind: str, bench: Bench) -> str:
    """Start hello, look at it at its prompt, let it end."""
    argv = argv_of(kind, bench)
    with bench.box.spawn(argv, cwd=bench.folder) as process:
        process.wait_prompt()
        mappings = look(bench, process, "maps")
        figures = of_process(PS, process.pid)
        greeting = process.finish().stdout.decode("utf-8", "replace")
    text = (
        f"$ {' '.join(argv)}\n{greeting}"
        f"$ cat /proc/PID/maps\n{mappings}"
        f"$ {' '.join(PS)} PID\n{figures}"
    )
    return bench.without_place(text)


def pause_of(text: str) -> Pause:
    """Read such a transcript."""
    shown = said(text, f"{' '.join(PS)} PID")
    figures = re.fullmatch(r" *VSZ +RSS\n *(\d{1,15}) +(\d{1,15})\n", shown)
    if not figures:
        raise Malformed("ps", "not the columns VSZ and RSS of one process")
    return Pause(
        parts_of(said(text, "build/hello-", begins=True)),
        maps.parse(said(text, "cat /proc/PID/maps")),
        int(figures[1]),
        int(figures[2]),
    )


def valid_pause(kind: str, text: str, bench: Bench) -> None:
    """Malformed unless hello-KIND, started as this student does, looks so."""
    pause = pause_of(text)
    _valid_kind(f"hello-{kind}", kind, pause)
    for part, rights in _RIGHTS.items():
        mapping = pause.holding(part)
        if mapping.rights not in rights:
            raise Malformed("maps", f"{part} lies in a mapping with {mapping.rights}")
    for part, name in _NAMES.items():
        if pause.parts[part] and pause.holding(part).name != name:
            raise Malformed("maps", f"{part} does not lie in {name}")
    said(text, " ".join(argv_of(kind, bench)))
    kib = int(bench.variant["notes_kib"])
    if pause.holding("notes").end - pause.parts["notes"] < kib * KIB:
        raise Malformed("maps", f"no {kib} KiB from notes to its mapping's end")
    _valid_sums(pause, kib)


def _valid_kind(name: str, kind: str, pause: Pause) -> None:
    code = pause.holding("code")
    if not code.path.endswith(f"/build/{name}"):
        raise Malformed("maps", f"code does not lie in {name}")
    if bool(pause.libraries) == (kind in STATIC):
        raise Malformed("maps", f"{name} has {len(pause.libraries)} libraries")
    if (code.start < FOUR_GIB) != (kind in FIXED):
        raise Malformed("maps", f"{name} lies at {code.start:#x}: is it linked so?")
    for part in ("greeting", "years"):
        if pause.holding(part) not in pause.own:
            raise Malformed("maps", f"{part} does not lie in {name}")


def _valid_sums(pause: Pause, notes_kib: int) -> None:
    for mapping in pause.mappings:
        if mapping.start % PAGE or mapping.end % PAGE:
            raise Malformed("maps", f"the mapping at {mapping.start:#x} cuts a page")
    # x86's [vsyscall] is listed, but lies in the kernel's half.
    users = [mapping for mapping in pause.mappings if mapping.name != "[vsyscall]"]
    if maps.total(users) != pause.vsz_kib * KIB:
        raise Malformed("ps", f"VSZ {pause.vsz_kib} KiB is not the mappings' sum")
    if not notes_kib // 4 <= pause.rss_kib <= pause.vsz_kib:
        raise Malformed("ps", f"RSS {pause.rss_kib} KiB is not that of this hello")
    if pause.rss_kib * KIB % PAGE:
        raise Malformed("ps", f"RSS {pause.rss_kib} KiB is not a number of pages")
