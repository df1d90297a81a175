# SPDX-License-Identifier: MIT
"""Lab 04: the transcripts of `make observe`, and the answers that lie in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from grader.box import Ended
from grader.checks.memory_04 import ALLOC, KIB, RISE, TRIM
from grader.judge.bench import Bench
from grader.judge.evidence import TRANSCRIPT_BYTES, Observation, Question
from grader.judge.moments import at_pauses
from grader.judge.transcripts import look, of_process, question, said, traced
from grader.lab import Value
from grader.observers import (
    Malformed,
    integer,
    ltrace,
    maps,
    pmap,
    strace,
    syscalls,
)

Variant = Mapping[str, Value]

SMALL = ("alloc_size", "small_kib", "small_count")
LARGE = ("alloc_size", "large_kib", "large_count")
LIMIT_KIB = 40 * KIB  # above the 32 MiB at which the threshold stops rising
LTRACE = ("ltrace", "-e", "malloc+calloc+free")
THRESHOLD = 1 << 20
TUNABLE = ("GLIBC_TUNABLES", f"glibc.malloc.mmap_threshold={THRESHOLD}")
# A mapping is a block, malloc's header and what fills the last page: at most
# two pages more than the block. Pages have up to 64 KiB.
ROUNDING = 2 * 64


def _argv(words: Sequence[str], variant: Variant) -> list[str]:
    """A command line in the lab's folder; `small_kib` stands for its value."""
    return [f"build/{words[0]}", *(str(variant.get(word, word)) for word in words[1:])]


# pmap-*.txt: the mappings at each prompt


@dataclass(frozen=True)
class Look:
    """What pmap showed at one prompt, in KiB."""

    heap: int
    others: int


def _make_pauses(words: Sequence[str], bench: Bench) -> str:
    """Run a program and look at it at each prompt, with cat and pmap."""
    bench.program(words[0])
    argv = _argv(words, bench.variant)
    looks = ""
    with bench.box.spawn(argv, cwd=bench.folder) as process:
        try:
            while True:
                label = process.wait_prompt()
                mappings = look(bench, process, "maps")
                looks += f"$ cat /proc/PID/maps   # {label}\n{mappings}"
                figures = of_process(["pmap"], process.pid)
                looks += f"$ pmap PID   # {label}\n{figures}"
                if len(looks) > TRANSCRIPT_BYTES:
                    raise Malformed("maps", "more than a transcript holds")
                process.press_enter()
        except Ended as ended:
            output = ended.finished.stdout.decode("utf-8", "replace")
    return bench.without_place(f"$ {' '.join(argv)}\n{output}{looks}")


def _looks(labels: Sequence[str], text: str) -> tuple[Look, ...]:
    """What pmap showed at each of the prompts."""
    looks = []
    for label in labels:
        shown = pmap.parse(said(text, f"pmap PID   # {label}"))
        if sum(row.kib for row in shown.rows) != shown.total_kib:
            raise Malformed("pmap", f"{label}: the total is not the sum of the rows")
        listed = maps.parse(said(text, f"cat /proc/PID/maps   # {label}"))
        if not _same_mappings(shown.rows, listed):
            raise Malformed("pmap", f"{label}: it does not show the mappings of maps")
        # pmap calls the heap `[ anon ]`, as it does others; maps names it.
        starts = {mapping.start for mapping in maps.heap(listed)}
        heap = [row.kib for row in shown.rows if row.address in starts]
        looks.append(Look(sum(heap), shown.total_kib - sum(heap)))
    return tuple(looks)


def _same_mappings(rows: Sequence[pmap.Row], listed: Sequence[maps.Mapping]) -> bool:
    """Whether pmap shows what maps lists; what is the kernel's it may leave out."""
    own = {(m.start, m.size // KIB) for m in listed if not m.is_kernel}
    every = {(m.start, m.size // KIB) for m in listed}
    return own <= {(row.address, row.kib) for row in rows} <= every


Fits = Callable[[tuple[Look, ...], int, int], bool]


def _valid_pauses(
    words: Sequence[str], labels: Sequence[str], fits: Fits, text: str, bench: Bench
) -> None:
    """Malformed unless this student's program, started so, may look so.

    `fits` is given the looks, a block's KiB and the number of blocks.
    """
    argv = _argv(words, bench.variant)
    command = " ".join(argv)
    said(text, command)
    for label in labels:
        shown = pmap.parse(said(text, f"pmap PID   # {label}"))
        if shown.command != command:
            raise Malformed("pmap", f"it is of `{shown.command}`, not of `{command}`")
    kib, count, *_ = [int(word) for word in argv if word.isdecimal()] + [1]
    if not fits(_looks(labels, text), kib, count):
        raise Malformed("pmap", f"no run of a finished `{command}` has such figures")


def _on_heap(before: Look, after: Look, kib: int) -> bool:
    """Whether the heap took `kib` KiB more, and nothing else did."""
    return after.heap - before.heap >= kib - before.heap and after.others < (
        before.others + kib
    )


def _own_mappings(before: Look, after: Look, kib: int, count: int) -> bool:
    """Whether `count` mappings of `kib` KiB and their headers came, and no heap."""
    grown = after.others - before.others
    return (
        after.heap - before.heap < kib
        and count * kib < grown <= count * (kib + ROUNDING)
        and grown % count == 0
    )


def _fits_small(looks: tuple[Look, ...], kib: int, count: int) -> bool:
    before, full, freed = looks
    return _on_heap(before, full, kib * count) and freed.heap < full.heap


def _fits_large(looks: tuple[Look, ...], kib: int, count: int) -> bool:
    before, full, freed = looks
    return _own_mappings(before, full, kib, count) and freed.others < (
        before.others + kib
    )


def _fits_rise(looks: tuple[Look, ...], kib: int, count: int) -> bool:
    before, first, freed, second = looks
    return (
        _own_mappings(before, first, kib, 1)
        and freed.others < before.others + kib
        and (_own_mappings(freed, second, kib, 1) or _on_heap(freed, second, kib))
    )


def _fits_trim(looks: tuple[Look, ...], kib: int, count: int) -> bool:
    before, full, kept, freed = looks
    return (
        _on_heap(before, full, kib * count)
        and kept.heap == full.heap
        and kept.heap - freed.heap >= kib * count // 2
    )


def _growth(looks: tuple[Look, ...], start: int, end: int) -> Look:
    """From one prompt to another."""
    heap = looks[end].heap - looks[start].heap
    return Look(heap, looks[end].others - looks[start].others)


def _place(looks: tuple[Look, ...]) -> Value:
    """Where the second block of rise lies."""
    grown = _growth(looks, 2, 3)
    return "heap" if grown.heap > grown.others else "mapping"


# strace-*.txt


def _make_strace(words: Sequence[str], bench: Bench) -> str:
    bench.program(words[0])
    return traced(bench, ["strace"], _argv(words, bench.variant))


@dataclass(frozen=True)
class Parts:
    """The calls of an alloc_size between its prompts."""

    allocation: tuple[strace.Call, ...]
    free: tuple[strace.Call, ...]


def _parts(text: str) -> Parts:
    calls = strace.parse(text.partition("\n")[2]).calls
    prompts = []
    for label in ALLOC:
        found = [
            index
            for index, call in enumerate(calls)
            if call.name == "write" and f"] {label}" in "".join(call.args[1:2])
        ]
        if len(found) != 1:
            raise Malformed("strace", f"{len(found)} writes of `{label}`")
        prompts += found
    start, middle, end = prompts
    return Parts(calls[start:middle], calls[middle:end])


def _valid_strace(words: Sequence[str], text: str, bench: Bench) -> None:
    argv = _argv(words, bench.variant)
    kib, count = map(int, argv[1:])
    trace = strace.parse(said(text, f"strace {' '.join(argv)}"))
    first = trace.calls[0] if trace.calls else None
    if first is None or (first.name, first.args[:1]) != ("execve", (f'"{argv[0]}"',)):
        raise Malformed("strace", f"does not begin with the execve of {argv[0]}")
    if [end.status for end in trace.ends] != [0]:
        raise Malformed("strace", "does not end with exit status 0")
    parts = _parts(text)
    if words == SMALL:
        # All that the heap can have had before is far less than the blocks.
        ends = syscalls.breaks(parts.allocation)
        if not ends or max(ends) - syscalls.breaks(trace.calls)[0] < kib * KIB * count:
            raise Malformed("strace", "brk does not make room for the blocks")
    else:
        _large_length(parts)
        made = _large(parts)
        freed = syscalls.unmapped(parts.free)
        if len(made) != count or made[0].length <= kib * KIB:
            raise Malformed("strace", f"not {count} mappings for {kib} KiB each")
        if {(one.address, one.length) for one in made} - set(freed):
            raise Malformed("strace", "not all of these mappings are removed")


def _small_brk_calls(parts: Parts) -> Value:
    return len(syscalls.breaks(parts.allocation))


def _large(parts: Parts) -> tuple[syscalls.Mapped, ...]:
    return syscalls.anonymous(parts.allocation)


def _large_length(parts: Parts) -> Value:
    lengths = {made.length for made in _large(parts)}
    if len(lengths) != 1:
        raise Malformed("strace", f"mappings of {len(lengths)} different lengths")
    return lengths.pop()


def _large_call(parts: Parts) -> Value:
    _large_length(parts)
    return _large(parts)[0].call.name


def _large_free_call(parts: Parts) -> Value:
    starts = [made.address for made in _large(parts)]
    for call in parts.free:
        if call.args and integer(call.args[0]) in starts:
            return call.name
    raise Malformed("strace", "no call is about the blocks' mappings")


# ltrace-small.txt


def _make_ltrace(bench: Bench) -> str:
    bench.program(SMALL[0])
    return traced(bench, LTRACE, _argv(SMALL, bench.variant))


def _mallocs(text: str) -> tuple[ltrace.Call, ...]:
    calls = ltrace.parse(text.partition("\n")[2]).calls
    return tuple(call for call in calls if call.name == "malloc")


def _valid_ltrace(text: str, bench: Bench) -> None:
    argv = _argv(SMALL, bench.variant)
    kib, count = map(int, argv[1:])
    log = ltrace.parse(said(text, " ".join((*LTRACE, *argv))))
    blocks = {c.value for c in log.calls if c.args == (str(kib * KIB),)}
    freed = {integer("".join(c.args)) for c in log.calls if c.name == "free"}
    if len(blocks) != count or not blocks <= freed:
        raise Malformed(
            "ltrace", f"not {count} blocks of {kib} KiB, allocated and freed"
        )
    _small_distance(_mallocs(text))


def _small_mallocs(mallocs: tuple[ltrace.Call, ...]) -> Value:
    return len(mallocs)


def _small_distance(mallocs: tuple[ltrace.Call, ...]) -> Value:
    """From the last block but one to the last: no hole is left between those."""
    last = [call.value for call in mallocs[-2:]]
    if len(last) != 2 or last[0] is None or last[1] is None:
        raise Malformed("ltrace", "not two blocks")
    return abs(last[1] - last[0])


# threshold.txt


def _make_threshold(bench: Bench) -> str:
    program = bench.program("threshold")
    lines = ""
    environments: tuple[dict[str, str], ...] = ({}, dict([TUNABLE]))
    for env in environments:
        words = "".join(f"{name}={value} " for name, value in env.items())
        done = bench.box.run([program], env=env)
        lines += f"$ {words}build/threshold\n{done.stdout.decode('utf-8', 'replace')}"
    return lines


def _threshold_gap(text: str) -> Value:
    name, value = TUNABLE
    words = said(text, f"{name}={value} build/threshold").split()
    if len(words) != 1 or not re.fullmatch("[0-9]{1,18}", words[0]):
        raise Malformed("threshold", f"it prints no number but {' '.join(words)}")
    return THRESHOLD - int(words[0])


def _valid_threshold(text: str, bench: Bench) -> None:
    said(text, "build/threshold")
    # A header of one or two words, and rounding up to four words.
    if not 0 <= int(_threshold_gap(text)) < 64:
        raise Malformed("threshold", "it does not follow the tunable")


def _pauses(
    name: str, words: Sequence[str], labels: Sequence[str], fits: Fits
) -> Observation:
    return Observation(
        name,
        f"pmap at each prompt of {' '.join(words)}",
        partial(_make_pauses, words),
        partial(_valid_pauses, words, labels, fits),
        moments=at_pauses,
    )


OBSERVATIONS = (
    _pauses("pmap-small.txt", SMALL, ALLOC, _fits_small),
    _pauses("pmap-large.txt", LARGE, ALLOC, _fits_large),
    *(
        Observation(
            f"strace-{name}.txt",
            f"strace {' '.join(words)}",
            partial(_make_strace, words),
            partial(_valid_strace, words),
        )
        for name, words in (("small", SMALL), ("large", LARGE))
    ),
    Observation(
        "ltrace-small.txt",
        f"{' '.join((*LTRACE, *SMALL))}",
        _make_ltrace,
        _valid_ltrace,
    ),
    Observation(
        "threshold.txt",
        "threshold, alone and with a tunable",
        _make_threshold,
        _valid_threshold,
    ),
    _pauses("pmap-rise.txt", ("dynamic", "rise", "rise_kib"), RISE, _fits_rise),
    _pauses("pmap-limit.txt", ("dynamic", "rise", str(LIMIT_KIB)), RISE, _fits_rise),
    _pauses(
        "pmap-trim.txt", ("dynamic", "trim", "trim_kib", "trim_count"), TRIM, _fits_trim
    ),
)

_PMAP_SMALL = partial(question, "pmap-small.txt", partial(_looks, ALLOC))
_PMAP_LARGE = partial(question, "pmap-large.txt", partial(_looks, ALLOC))
_STRACE_LARGE = partial(question, "strace-large.txt", _parts)
_LTRACE = partial(question, "ltrace-small.txt", _mallocs)
_PMAP_TRIM = partial(question, "pmap-trim.txt", partial(_looks, TRIM))

QUESTIONS = (
    _PMAP_SMALL(
        "small_heap_before",
        lambda looks: looks[0].heap,
        "the size of the heap before the allocation",
        unit="KiB",
    ),
    _PMAP_SMALL(
        "small_heap_growth",
        lambda looks: _growth(looks, 0, 1).heap,
        "by how much the heap grew in the allocation",
        unit="KiB",
    ),
    _PMAP_SMALL(
        "small_heap_after",
        lambda looks: looks[2].heap,
        "the size of the heap after the free",
        unit="KiB",
    ),
    _PMAP_LARGE(
        "large_heap_growth",
        lambda looks: _growth(looks, 0, 1).heap,
        "by how much the heap grew in the allocation",
        unit="KiB",
    ),
    _PMAP_LARGE(
        "large_other_growth",
        lambda looks: _growth(looks, 0, 1).others,
        "by how much everything but the heap grew in the allocation",
        unit="KiB",
    ),
    question(
        "strace-small.txt",
        _parts,
        "small_brk_calls",
        _small_brk_calls,
        "the brk calls between the writes of the first and the second prompt",
    ),
    _LTRACE("small_mallocs", _small_mallocs, "the calls of malloc"),
    _LTRACE(
        "small_distance",
        _small_distance,
        "the distance between the addresses of the last two blocks",
        unit="bytes",
    ),
    _STRACE_LARGE(
        "large_call", _large_call, "the system call that gets memory for a block"
    ),
    _STRACE_LARGE(
        "large_length", _large_length, "the length that this call asks for", unit="bytes"
    ),
    _STRACE_LARGE(
        "large_free_call", _large_free_call, "the system call that free makes"
    ),
    Question(
        "threshold_gap",
        "threshold.txt",
        lambda text, variant: _threshold_gap(text),
        f"by how much the smallest request that gets a mapping is below the {THRESHOLD} "
        "of the tunable (observations/threshold.txt)",
        unit="bytes",
    ),
    question(
        "pmap-rise.txt",
        partial(_looks, RISE),
        "rise_place",
        _place,
        "where the second block lies: heap or mapping",
    ),
    question(
        "pmap-limit.txt",
        partial(_looks, RISE),
        "limit_place",
        _place,
        "where the second block of 40 MiB lies: heap or mapping",
    ),
    _PMAP_TRIM(
        "trim_given_back",
        lambda looks: -_growth(looks, 2, 3).heap,
        "by how much the heap shrank when the block at the top was freed",
        unit="KiB",
    ),
    _PMAP_TRIM(
        "trim_kept_by",
        lambda looks: "top",
        "what kept the heap as large as it was when all other blocks had been freed: "
        "top (the heap can only end earlier), threshold (too little was free) or "
        "tcache (free keeps blocks for the next malloc)",
    ),
)
