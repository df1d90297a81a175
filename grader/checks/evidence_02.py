# SPDX-License-Identifier: MIT
"""Lab 02: the transcripts of `make observe`, and the answers that lie in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from grader.checks.pause_02 import (
    FIXED,
    FOUR_GIB,
    KIB,
    KINDS,
    PAGE,
    STATIC,
    Pause,
    argv_of,
    hello,
    make_pause,
    parts_of,
    pause_of,
    valid_pause,
)
from grader.judge.bench import Bench
from grader.judge.evidence import Observation
from grader.judge.moments import at_pauses
from grader.judge.transcripts import question, said, tool, traced
from grader.lab import Value
from grader.observers import Malformed, size, strace, syscalls

BOARD_BYTES = 96 * KIB  # in hello.c
SIZE, READELF = ("size",), ("readelf", "-lW")
RUNS = 20
MOVING = ("code", "card", "notes", "local", "stdout", "vdso")


# size.txt


def _make_size(bench: Bench) -> str:
    for kind in KINDS:
        hello(kind, bench)
    return tool(bench, SIZE, *(f"build/hello-{kind}" for kind in KINDS))


def _sizes(text: str) -> dict[str, size.Size]:
    rows = size.parse(said(text, "size ", begins=True))
    if len(rows) != len(KINDS):
        raise Malformed("size", f"{len(rows)} programs, not {len(KINDS)}")
    return {kind: size.of(rows, f"hello-{kind}") for kind in KINDS}


def _valid_size(text: str, bench: Bench) -> None:
    sizes = _sizes(text)
    _board_column(sizes)
    for kind in STATIC:
        if sizes[kind].text <= sizes["dynamic-pie"].text:
            raise Malformed("size", f"hello-{kind} has no C library inside")


def _text_static(sizes: dict[str, size.Size]) -> Value:
    return sizes["static"].text


def _board_column(sizes: dict[str, size.Size]) -> Value:
    row = sizes["dynamic-pie"]
    columns = {"text": row.text, "data": row.data, "bss": row.bss}
    large = [name for name, value in columns.items() if value >= BOARD_BYTES]
    if len(large) != 1:
        raise Malformed("size", f"board's {BOARD_BYTES} bytes are in {large}")
    return large[0]


# segments.txt


def _make_segments(bench: Bench) -> str:
    programs = [hello(kind, bench) for kind in ("dynamic-pie", "static")]
    return "".join(tool(bench, READELF, f"build/{p.name}") for p in programs)


def _segments(text: str) -> dict[str, str]:
    """By kind: what readelf says."""
    return {
        kind: said(text, f"readelf -lW build/hello-{kind}")
        for kind in ("dynamic-pie", "static")
    }


def _load_segments(segments: dict[str, str]) -> Value:
    return len(re.findall(r"^ +LOAD +0x", segments["dynamic-pie"], re.M))


def _valid_segments(text: str, bench: Bench) -> None:
    segments = _segments(text)
    for kind, word in (("dynamic-pie", "DYN"), ("static", "EXEC")):
        if not re.search(rf"^Elf file type is {word}\b", segments[kind], re.M):
            raise Malformed("readelf", f"hello-{kind} is not of type {word}")
        for section in (".text", ".rodata", ".data", ".bss"):
            if not re.search(
                rf"^ +\d\d .*{re.escape(section)}(?= |$)", segments[kind], re.M
            ):
                raise Malformed("readelf", f"hello-{kind} has no {section}")
    if not _load_segments(segments):
        raise Malformed("readelf", "hello-dynamic-pie has no LOAD segment")


# pause-KIND.txt: see pause_02.py


def _own_mappings(pause: Pause) -> Value:
    return len(pause.own)


def _libraries(pause: Pause) -> Value:
    return len(pause.libraries)


def _rodata_rights(pause: Pause) -> Value:
    return pause.holding("greeting").rights[:3]


def _visits_mapping(pause: Pause) -> Value:
    return "named" if pause.holding("visits").is_file else "nameless"


def _bss_mapping(pause: Pause) -> Value:
    return pause.behind.size // KIB if pause.behind else 0


def _vsz(pause: Pause) -> Value:
    return pause.vsz_kib


def _rss(pause: Pause) -> Value:
    return pause.rss_kib


# strace-KIND.txt


def _make_strace(kind: str, bench: Bench) -> str:
    return traced(bench, ["strace"], argv_of(kind, bench))


def _start(text: str) -> tuple[strace.Call, ...]:
    """The calls of a program up to its first write to standard output."""
    calls = strace.parse(said(text, "strace ", begins=True)).calls
    for index, call in enumerate(calls):
        if call.name == "write" and call.args[:1] == ("1",):
            return calls[: index + 1]
    raise Malformed("strace", "no write to standard output")


def _valid_strace(kind: str, text: str, bench: Bench) -> None:
    argv = argv_of(kind, bench)
    trace = strace.parse(said(text, f"strace {' '.join(argv)}"))
    calls = _start(text)
    if (calls[0].name, calls[0].args[:1]) != ("execve", (f'"{argv[0]}"',)):
        raise Malformed("strace", f"does not begin with the execve of {argv[0]}")
    if [end.status for end in trace.ends] != [0]:
        raise Malformed("strace", "does not end with the exit of hello, status 0")
    if not "".join(calls[-1].args[1:2]).startswith('"Hello from'):
        raise Malformed("strace", "the first write is not hello's greeting")
    opened = [use.path for use in syscalls.uses(calls) if use.opened]
    if bool(opened) == (kind in STATIC):
        raise Malformed("strace", f"hello-{kind} opened {len(opened)} files")
    if kind not in STATIC:
        _libc_call(calls)
        _relro_call(calls)


def _calls(calls: Sequence[strace.Call]) -> Value:
    return len(calls) - 1


def _libc_call(calls: Sequence[strace.Call]) -> Value:
    descriptor: int | None = None
    for call in calls:
        for use in syscalls.uses([call]):
            if use.opened and re.search(r"/libc[.-][^/]*$", use.path):
                descriptor = call.value
        if call.args[4:5] == (str(descriptor),) and "PROT_EXEC" in call.args[2]:
            return call.name
    raise Malformed("strace", "no call maps the C library's code")


def _relro_call(calls: Sequence[strace.Call]) -> Value:
    for call in calls:
        if len(call.args) == 3 and call.args[2] == "PROT_READ" and call.value == 0:
            return call.name
    raise Malformed("strace", "no call takes back the right to write")


# moves.txt


def _make_moves(bench: Bench) -> str:
    again = 'i=0; while [ $i -lt "$1" ]; do "$0" </dev/null || exit; i=$((i+1)); done'
    lines = [_row("kind", "run", MOVING)]
    for kind in KINDS:
        program = hello(kind, bench)
        done = bench.box.run(["sh", "-c", again, program, str(RUNS)])
        runs = done.stdout.decode("utf-8", "replace").split("Hello from")[1:]
        for run, text in enumerate(runs, 1):
            parts = parts_of(text)
            lines.append(_row(kind, str(run), [f"{parts[p]:#x}" for p in MOVING]))
    return "".join(lines)


def _row(kind: str, run: str, cells: Sequence[str]) -> str:
    return f"{kind:<11}  {run:>3}" + "".join(f"  {cell:>14}" for cell in cells) + "\n"


def _moves(text: str) -> dict[str, list[dict[str, int]]]:
    """By kind: each run's addresses."""
    head, *rows = [line.split() for line in text.splitlines()] or [[]]
    if head != ["kind", "run", *MOVING]:
        raise Malformed("moves", f"no head `kind run {' '.join(MOVING)}`")
    order = [[kind, str(run)] for kind in KINDS for run in range(1, RUNS + 1)]
    if [row[:2] for row in rows] != order:
        raise Malformed("moves", f"not {RUNS} runs of each kind, in order")
    moves: dict[str, list[dict[str, int]]] = {kind: [] for kind in KINDS}
    for kind, run, *cells in rows:
        words = [re.fullmatch("0x([0-9a-f]{1,16})", cell) for cell in cells]
        addresses = [int(word[1], 16) for word in words if word]
        if not len(cells) == len(addresses) == len(MOVING):
            raise Malformed("moves", f"{kind} {run}: not {len(MOVING)} addresses")
        moves[kind].append(dict(zip(MOVING, addresses)))
    return moves


def _valid_moves(text: str, bench: Bench) -> None:
    for kind, runs in _moves(text).items():
        if any((run["code"] < FOUR_GIB) != (kind in FIXED) for run in runs):
            raise Malformed("moves", f"hello-{kind} is not linked so: {runs[0]}")
        for part in ("code", "notes", "stdout", "vdso"):
            if len({run[part] % PAGE for run in runs}) > 1:
                raise Malformed("moves", f"hello-{kind}: {part} moves within a page")
        if kind in FIXED and len({run["code"] for run in runs}) > 1:
            raise Malformed("moves", f"hello-{kind}: code moves")
        if kind in STATIC and len({run["stdout"] - run["code"] for run in runs}) > 1:
            raise Malformed("moves", f"hello-{kind}: stdout moves without the code")


def _moved_static(moves: dict[str, list[dict[str, int]]]) -> Value:
    runs = moves["static"]
    return sum(len({run[part] for run in runs}) > 1 for part in MOVING)


def _static_pie_code(moves: dict[str, list[dict[str, int]]]) -> Value:
    run = moves["static-pie"][0]
    return min(("card", "notes"), key=lambda part: abs(run[part] - run["code"]))


OBSERVATIONS = (
    Observation("size.txt", "size build/hello-*", _make_size, _valid_size),
    Observation(
        "segments.txt", "readelf -lW build/hello-*", _make_segments, _valid_segments
    ),
    *(
        Observation(
            f"pause-{kind}.txt",
            f"build/hello-{kind}, looked at while it waits",
            partial(make_pause, kind),
            partial(valid_pause, kind),
            moments=at_pauses,
        )
        for kind in KINDS
    ),
    *(
        Observation(
            f"strace-{kind}.txt",
            f"strace build/hello-{kind}",
            partial(_make_strace, kind),
            partial(_valid_strace, kind),
        )
        for kind in ("dynamic-pie", "static")
    ),
    Observation(
        "moves.txt", f"build/hello-*, {RUNS} runs of each", _make_moves, _valid_moves
    ),
)

_SIZE = partial(question, "size.txt", _sizes)
_PIE = partial(question, "pause-dynamic-pie.txt", pause_of)
_PAUSED_STATIC = partial(question, "pause-static.txt", pause_of)
_MOVES = partial(question, "moves.txt", _moves, stable=False)

QUESTIONS = (
    _SIZE(
        "text_static",
        _text_static,
        "the text of hello-static",
        unit="bytes",
    ),
    _SIZE(
        "board_column",
        _board_column,
        "the column that counts board: text, data or bss",
    ),
    question(
        "segments.txt",
        _segments,
        "load_segments",
        _load_segments,
        "the LOAD lines of hello-dynamic-pie",
    ),
    _PIE(
        "own_mappings",
        _own_mappings,
        "the mappings of its own file",
    ),
    _PIE(
        "libraries",
        _libraries,
        "the other files with an executable mapping",
    ),
    _PAUSED_STATIC(
        "rodata_rights",
        _rodata_rights,
        "the first three letters of the rights of the mapping that holds greeting",
    ),
    _PIE(
        "visits_mapping",
        _visits_mapping,
        "the mapping that holds visits: named (by a file) or nameless",
    ),
    _PIE(
        "bss_mapping",
        _bss_mapping,
        "the size of the nameless mapping right behind the program's own last one",
        unit="KiB",
    ),
    question(
        "strace-dynamic-pie.txt",
        _start,
        "calls_dynamic_pie",
        _calls,
        "the system calls before the first write(1, ...)",
    ),
    question(
        "strace-static.txt",
        _start,
        "calls_static",
        _calls,
        "the system calls before the first write(1, ...)",
    ),
    question(
        "strace-dynamic-pie.txt",
        _start,
        "libc_call",
        _libc_call,
        "the system call that makes libc's code a mapping",
    ),
    question(
        "strace-dynamic-pie.txt",
        _start,
        "relro_call",
        _relro_call,
        "the system call that takes the right to write from a range",
    ),
    _MOVES(
        "moved_static",
        _moved_static,
        f"how many of {', '.join(MOVING)} have more than one address in the lines "
        "of static",
    ),
    _MOVES(
        "static_pie_code",
        _static_pie_code,
        "which of card and notes is nearer to code in the first line of static-pie",
    ),
    _PIE(
        "vsz_dynamic_pie",
        _vsz,
        "VSZ",
        unit="KiB",
        stable=False,
    ),
    _PAUSED_STATIC(
        "rss_static",
        _rss,
        "RSS",
        unit="KiB",
        stable=False,
    ),
)
