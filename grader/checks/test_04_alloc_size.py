# SPDX-License-Identifier: MIT
"""Lab 04: where malloc() takes memory from, and what free() gives back."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.box import Limits
from grader.checks.evidence_04 import OBSERVATIONS, QUESTIONS
from grader.checks.memory_04 import (
    ALLOC,
    KIB,
    PAGE,
    RISE,
    TRIM,
    Policy,
    Walk,
    kib_range,
    mapped_bytes,
    no_trim,
    served,
    threshold,
    walk,
)
from grader.judge import cannot_check, check, fail
from grader.judge.bench import Bench
from grader.judge.evidence import Answers
from grader.judge.transcripts import watch
from grader.lab import Value
from grader.observers import elf, strace, syscalls
from grader.outcome import Cause

__all__ = ["OBSERVATIONS", "QUESTIONS"]

MIB = 1 << 20
HIGH = 32 * MIB  # a threshold above all of a block's sizes here
HEADER = 64  # a block's header and rounding take less, on any machine

# What a walk must show

def _expect_on_heap(
    run: Walk, label: str, since: str, size: int, count: int = 1
) -> None:
    """`count` new blocks of `size` bytes are on the heap, and no mapping came."""
    total = size * count
    heap, mapped = run.grown(label, since)
    run.expect(
        heap >= total - run.at[since].heap and mapped < size,
        f"{total // KIB} KiB more on the heap, as far as it had no room for them "
        "before, and no new mapping",
        label,
    )


def _expect_mapped(
    run: Walk, label: str, since: str, size: int, count: int = 1
) -> None:
    """`count` new blocks of `size` bytes have a mapping each."""
    heap, mapped = run.grown(label, since)
    wanted = mapped_bytes(size, count)
    run.expect(
        heap < size and mapped in wanted,
        f"{kib_range(wanted)} of new mappings, one for each of {count} blocks of "
        f"{size // KIB} KiB, and none of it on the heap",
        label,
    )


def _expect_unmapped(run: Walk, label: str, since: str, size: int) -> None:
    """No mapping of a block of `size` bytes is left."""
    _, mapped = run.grown(label, since)
    run.expect(mapped < size, f"no more mappings than at `{since}`", label)


# Task 1: alloc_size


@dataclass(frozen=True)
class Blocks:
    """How much a program is asked to allocate."""

    kib: int
    count: int

    @property
    def size(self) -> int:
        """A block's bytes."""
        return self.kib * KIB

    @classmethod
    def of(cls, variant: Mapping[str, Value], name: str) -> Blocks:
        """The student's own."""
        return cls(int(variant[f"{name}_kib"]), int(variant[f"{name}_count"]))

    @classmethod
    def small(cls, least_kib: int = 17) -> Blocks:
        """Blocks for the heap, 2 to 4 MiB in all."""
        kib = random.randrange(least_kib, 100)
        return cls(kib, random.randrange(2048, 4096) // kib)

    @classmethod
    def large(cls) -> Blocks:
        """Blocks for mappings."""
        return cls(random.randrange(200, 3000), random.randrange(3, 10))


def _walk(
    bench: Bench, argv: Sequence[str], labels: Sequence[str], policy: Policy | None
) -> Walk:
    if policy:
        _expect_own_names(bench, argv[0], policy.library(bench))
    return walk(bench, argv, labels, policy)


def _expect_own_names(bench: Bench, name: str, library: Path) -> None:
    """Fail if a program defines a function that a preloaded library calls.

    The loader would bind the call to the program's: mallopt() would tell it
    what is set, and set nothing.
    """
    called = {s.name for s in elf.symbols(library) if not s.is_defined}
    own = elf.symbols(bench.program(name))
    # Variables of the C library's that it uses are copied into a program.
    defined = {s.name for s in own if s.is_defined and s.kind != "STT_OBJECT"}
    if covered := sorted(called & defined):
        fail(
            expected=f"{name} takes the C library's functions from the C library",
            actual=f"it defines {', '.join(covered)}",
            input=f"{name}.c",
            rerun=f"nm --defined-only build/{name}",
        )


def _alloc(bench: Bench, blocks: Blocks, policy: Policy | None = None) -> Walk:
    argv = ["alloc_size", str(blocks.kib), str(blocks.count)]
    return _walk(bench, argv, ALLOC, policy)


Runs = Sequence[tuple[Walk, Blocks]]


@pytest.fixture(scope="session")
def large(bench: Bench, variant: Mapping[str, Value]) -> Runs:
    """Runs with large blocks."""
    sizes = (Blocks.of(variant, "large"), Blocks.large())
    return [(_alloc(bench, blocks), blocks) for blocks in sizes]


@pytest.fixture(scope="session")
def revealed(bench: Bench, variant: Mapping[str, Value]) -> Runs:
    """Runs with small blocks that get mappings nevertheless."""
    sizes = (Blocks.of(variant, "small"), Blocks.small())
    return [(_alloc(bench, blocks, threshold(blocks.size)), blocks) for blocks in sizes]


@check(task=1, points=7)
def test_small_blocks(
    bench: Bench, variant: Mapping[str, Value], revealed: Runs
) -> None:
    """alloc_size has malloc allocate small blocks, one by one, on the heap"""
    for blocks in (Blocks.of(variant, "small"), Blocks.small()):
        run = _alloc(bench, blocks)
        _expect_on_heap(run, ALLOC[1], ALLOC[0], blocks.size, blocks.count)
    for run, blocks in revealed:
        _expect_mapped(run, ALLOC[1], ALLOC[0], blocks.size, blocks.count)


@check(task=1, points=7)
def test_large_blocks(
    bench: Bench, variant: Mapping[str, Value], large: Runs
) -> None:
    """alloc_size has malloc allocate large blocks, one by one, in mappings"""
    for run, blocks in large:
        _expect_mapped(run, ALLOC[1], ALLOC[0], blocks.size, blocks.count)
    # A block is just below this threshold, and whatever is larger above it.
    blocks = Blocks.large()
    run = _alloc(bench, blocks, threshold(blocks.size + HEADER))
    _expect_on_heap(run, ALLOC[1], ALLOC[0], blocks.size, blocks.count)


@check(task=1, points=4)
def test_all_freed(large: Runs, revealed: Runs) -> None:
    """alloc_size frees every block, and none before the second prompt"""
    for run, blocks in (*large, *revealed):
        _expect_mapped(run, ALLOC[1], ALLOC[0], blocks.size, blocks.count)
        _expect_unmapped(run, ALLOC[2], ALLOC[0], blocks.size)


@check(task=1, points=2, needs="small_blocks")
def test_failed_malloc(bench: Bench) -> None:
    """alloc_size ends with a failure when malloc fails"""
    kib, count, room = 64 * KIB, 64, 512 * MIB
    command = f"build/alloc_size {kib} {count}"
    done = bench.box.run(
        [bench.program("alloc_size"), str(kib), str(count)],
        stdin=b"\n" * len(ALLOC),
        limits=Limits(address_space=room),
    )
    went_on = re.search(rb"^\[\d+\] after allocation: ", done.stdout, re.M)
    if done.how != "exited" or done.status == 0 or went_on:
        fail(
            expected=f"no prompt `{ALLOC[1]}`, and an exit status other than 0, "
            f"where there is no room for {count} blocks",
            actual=f"{'that prompt, and ' if went_on else ''}it {done.describe()}",
            input=command,
            rerun=f"(ulimit -v {room // KIB}; {command})",
        )


# Tasks 2 and 3: what was observed


@check(task=2, points=3)
def test_small_heap_before(answers: Answers) -> None:
    """How large the heap is before the blocks are allocated"""
    answers.expect("small_heap_before")


@check(task=2, points=3)
def test_small_heap_growth(answers: Answers) -> None:
    """By how much small blocks make the heap grow"""
    answers.expect("small_heap_growth")


@check(task=2, points=3)
def test_small_heap_after(answers: Answers) -> None:
    """How large the heap is when all is freed"""
    answers.expect("small_heap_after")


@check(task=2, points=2)
def test_large_heap_growth(answers: Answers) -> None:
    """By how much large blocks make the heap grow"""
    answers.expect("large_heap_growth")


@check(task=2, points=4)
def test_large_other_growth(answers: Answers) -> None:
    """By how much large blocks make everything else grow"""
    answers.expect("large_other_growth")


@check(task=3, points=3)
def test_small_brk_calls(answers: Answers) -> None:
    """How many system calls the small blocks take"""
    answers.expect("small_brk_calls")


@check(task=3, points=2)
def test_small_mallocs(answers: Answers) -> None:
    """How many library calls the small blocks take"""
    answers.expect("small_mallocs")


@check(task=3, points=3)
def test_small_distance(answers: Answers) -> None:
    """How far apart two small blocks are"""
    answers.expect("small_distance")


@check(task=3, points=4)
def test_large_calls(answers: Answers) -> None:
    """Which system calls get a large block and give it back"""
    answers.expect("large_call", "large_free_call")


@check(task=3, points=3)
def test_large_length(answers: Answers) -> None:
    """How much memory malloc asks for a large block"""
    answers.expect("large_length")


# Task 4: threshold

TUNABLE = "glibc.malloc."


def _tunables(**values: int) -> dict[str, str]:
    words = ":".join(f"{TUNABLE}{name}={value}" for name, value in values.items())
    return {"GLIBC_TUNABLES": words} if words else {}


# Powers of two up to more than any machine has, to see that none is mapped.
POWERS = tuple(1 << bits for bits in range(12, 48))


def _objection(bench: Bench, env: Mapping[str, str], words: str) -> str:
    """What is wrong with an answer of threshold; empty if nothing is.

    A number is right if malloc calls mmap for it and not for one byte less.
    """
    if words == "none":
        for size, how in zip(POWERS, served(bench, env, POWERS)):
            if how == "mmap":
                return f"malloc({size}) calls mmap"
            if how == "refused":
                break
        return ""
    if not re.fullmatch("[1-9][0-9]{0,17}", words):
        return "neither a number from 1 up nor the word none"
    size = int(words)
    at, below = served(bench, env, (size, size - 1))
    if at != "mmap":
        how = "grows the heap with brk" if at == "brk" else "is refused"
        return f"malloc({size}) {how}"
    if size > 1 and below == "mmap":
        return f"malloc({size - 1}) calls mmap as well"
    return ""


def _expect_threshold(
    bench: Bench, env: Mapping[str, str], policy: Policy | None = None
) -> str:
    """Fail unless threshold's answer is right in this environment; returns it."""
    shown = "".join(f"{name}={value} " for name, value in env.items())
    command = f"{shown}build/threshold"
    said = command
    if policy:
        library = policy.library(bench)
        _expect_own_names(bench, "threshold", library)
        env = {**env, "LD_PRELOAD": str(library)}
        said += f"   # and before main: mallopt({policy.parameter}, {policy.value})"
    done = bench.box.run([bench.program("threshold")], env=env)
    words = done.stdout.decode("utf-8", "backslashreplace").strip()
    if (done.how, done.status) != ("exited", 0):
        objection = f"it {done.describe()}"
    else:
        objection = _objection(bench, env, words)
    if objection:
        fail(
            expected="the smallest request for which malloc calls mmap, or none",
            actual=f"{words}\n{objection}",
            input=said,
            rerun=command,
        )
    return words


@check(task=4, points=2)
def test_threshold_default(bench: Bench) -> None:
    """threshold finds the smallest request that gets a mapping"""
    _expect_threshold(bench, {})


@check(task=4, points=8)
def test_threshold_tunables(bench: Bench) -> None:
    """threshold follows any threshold that is set, whatever else is set with it"""
    for value in (0, 25, 100, 4096):
        _expect_threshold(bench, _tunables(mmap_threshold=value))
    # Set by itself, this one leaves the threshold dynamic.
    _expect_threshold(bench, _tunables(tcache_count=0))
    chosen: tuple[tuple[int, dict[str, int]], ...] = (
        (10, {}),
        (13, {"tcache_count": 0}),
        (16, {"top_pad": 0}),
        (19, {"top_pad": MIB}),
        (23, {"trim_threshold": 0}),
        (25, {}),  # above all that the threshold rises to by itself
    )
    for power, others in chosen:
        value = random.randrange(1 << power, 2 << power)
        _expect_threshold(bench, _tunables(mmap_threshold=value, **others))


@check(task=4, points=8)
def test_threshold_mallopt(bench: Bench) -> None:
    """threshold measures: what GLIBC_TUNABLES says may not be what counts"""
    chosen: tuple[tuple[int, dict[str, str]], ...] = (
        (13, _tunables(mmap_threshold=random.randrange(MIB, 2 * MIB))),
        (16, _tunables(mmap_threshold=random.randrange(4096, 8192))),
        (21, {}),
    )
    for power, env in chosen:
        policy = threshold(random.randrange(1 << power, 2 << power))
        answer = _expect_threshold(bench, env, policy)
        # A header and the rounding of the chunk take less than four words.
        if not 0 <= policy.value - int(answer) < 32:
            cannot_check(Cause.GRADER, f"policy.c does not set {policy.value}")


@check(task=4, points=2, needs="threshold_default")
def test_threshold_none(bench: Bench) -> None:
    """threshold says none if no request gets a mapping"""
    _expect_threshold(bench, _tunables(mmap_max=0))


@check(task=4, points=3)
def test_threshold_measured(bench: Bench) -> None:
    """threshold has malloc make a mapping for the request that it prints"""
    env = _tunables(mmap_threshold=random.randrange(1 << 17, 1 << 21))
    tracer = ["strace", "-f", "-e", "trace=execve,mmap"]
    done = watch(bench, tracer, [bench.program("threshold")], env=env)
    words = done.stdout.decode("utf-8", "backslashreplace").strip()
    command = f"GLIBC_TUNABLES={env['GLIBC_TUNABLES']} build/threshold"
    if not re.fullmatch("[0-9]{1,18}", words):
        fail(expected="a number", actual=words, input=command, rerun=command)
    made = syscalls.anonymous(strace.parse(done.trace).calls)
    wanted = range(int(words) + 1, int(words) + 2 * PAGE)
    if not any(one.length in wanted for one in made):
        fail(
            expected=f"an mmap of {wanted.start} to {wanted[-1]} bytes, for a malloc "
            f"of {words}",
            actual="; ".join(str(one.length) for one in made) or "no mmap",
            input=command,
            rerun=f"{command.replace(' ', ' strace -f -e trace=mmap ', 1)}",
        )


@check(task=4, points=2)
def test_threshold_gap(answers: Answers) -> None:
    """How far below the threshold a request is already above it"""
    answers.expect("threshold_gap")


# Task 5: dynamic rise


def _rise(bench: Bench, kib: int, policy: Policy | None = None) -> Walk:
    return _walk(bench, ["dynamic", "rise", str(kib)], RISE, policy)


@pytest.fixture(scope="session")
def rises(bench: Bench, variant: Mapping[str, Value]) -> Sequence[tuple[Walk, int]]:
    """Runs of dynamic rise, and a block's bytes."""
    sizes = (int(variant["rise_kib"]), random.randrange(256, 4096))
    return [(_rise(bench, kib), kib * KIB) for kib in sizes]


@check(task=5, points=4)
def test_rise_freed(bench: Bench, rises: Sequence[tuple[Walk, int]]) -> None:
    """dynamic rise has malloc make a mapping, and free remove it"""
    for run, size in rises:
        _expect_mapped(run, RISE[1], RISE[0], size)
        _expect_unmapped(run, RISE[2], RISE[0], size)
    kib = random.randrange(256, 4096)
    run = _rise(bench, kib, threshold(HIGH))
    _expect_on_heap(run, RISE[1], RISE[0], kib * KIB)


@check(task=5, points=5)
def test_rise_again(bench: Bench, rises: Sequence[tuple[Walk, int]]) -> None:
    """dynamic rise then gets a block on the heap, because malloc has learnt"""
    for run, size in rises:
        _expect_unmapped(run, RISE[2], RISE[0], size)
        _expect_on_heap(run, RISE[3], RISE[2], size)
    kib = random.randrange(256, 4096)
    run = _rise(bench, kib, threshold(128 * KIB))  # a threshold that is set stays
    _expect_unmapped(run, RISE[2], RISE[0], kib * KIB)
    _expect_mapped(run, RISE[3], RISE[2], kib * KIB)


@check(task=5, points=3)
def test_rise_places(answers: Answers) -> None:
    """Where the second block lies, and whether that holds for any size"""
    answers.expect("rise_place", "limit_place")


# Task 6: dynamic trim


def trim_always() -> Policy:
    """free() gives back whatever it finds at the end of the heap."""
    return Policy("M_TRIM_THRESHOLD", 0, "trim_threshold")


def _trim(bench: Bench, blocks: Blocks, policy: Policy | None = None) -> Walk:
    argv = ["dynamic", "trim", str(blocks.kib), str(blocks.count)]
    return _walk(bench, argv, TRIM, policy)


@pytest.fixture(scope="session")
def trims(bench: Bench, variant: Mapping[str, Value]) -> Runs:
    """Runs of dynamic trim, with its blocks on the heap.

    In the second one, the heap shrinks with any block that is freed at its
    top, if it is large enough for free() to look: 64 KiB.
    """
    runs = []
    for blocks, policy in (
        (Blocks.of(variant, "trim"), None),
        (Blocks.small(least_kib=65), trim_always()),
    ):
        run = _trim(bench, blocks, policy)
        _expect_on_heap(run, TRIM[1], TRIM[0], blocks.size, blocks.count)
        runs.append((run, blocks))
    return runs


@pytest.fixture(scope="session")
def revealed_trim(bench: Bench) -> tuple[Walk, Blocks]:
    """A run of it in which each block has a mapping."""
    blocks = Blocks.small()
    run = _trim(bench, blocks, threshold(blocks.size))
    _expect_mapped(run, TRIM[1], TRIM[0], blocks.size, blocks.count)
    return run, blocks


@check(task=6, points=4)
def test_trim_kept(trims: Runs, revealed_trim: tuple[Walk, Blocks]) -> None:
    """dynamic trim frees all blocks but one, and the heap's end stays"""
    run, blocks = revealed_trim
    _expect_mapped(run, TRIM[2], TRIM[0], blocks.size)
    for run, _ in trims:
        end = run.at[TRIM[1]].heap_end
        run.expect(
            run.at[TRIM[2]].heap_end == end,
            f"the heap ends where it did at `{TRIM[1]}`, {end:#x}",
            TRIM[2],
        )


@check(task=6, points=4)
def test_trim_given_back(trims: Runs, revealed_trim: tuple[Walk, Blocks]) -> None:
    """dynamic trim frees the block at the top, and the heap shrinks"""
    run, blocks = revealed_trim
    _expect_unmapped(run, TRIM[3], TRIM[0], blocks.size)
    for run, blocks in trims:
        end = run.at[TRIM[2]].heap_end - blocks.size * blocks.count // 2
        run.expect(
            run.at[TRIM[3]].heap_end <= end,
            f"the heap ends at {end:#x} or below: most of it has been given back",
            TRIM[3],
        )


@check(task=6, points=2)
def test_trim_by_free(bench: Bench) -> None:
    """dynamic trim leaves it to free whether the heap shrinks"""
    blocks = Blocks.small()
    run = _trim(bench, blocks, no_trim())
    _expect_on_heap(run, TRIM[1], TRIM[0], blocks.size, blocks.count)
    end = run.at[TRIM[1]].heap_end
    run.expect(
        run.at[TRIM[3]].heap_end == end,
        f"the heap still ends at {end:#x}: free() was told never to trim it",
        TRIM[3],
    )


@check(task=6, points=3)
def test_trim_answers(answers: Answers) -> None:
    """How much the last free gives back, and what kept the rest so long"""
    answers.expect("trim_given_back", "trim_kept_by")
