# SPDX-License-Identifier: MIT
"""Lab 04: a program at its prompts, and how much memory it had at each.

All of it is read from outside, in /proc/PID/maps. How the program came by its
memory is told by turning malloc's own screws (probes/policy.c) and looking
again: only a block that malloc() made moves with them, and only free() lets
go of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.box import Ended
from grader.judge.api import cannot_check, fail
from grader.judge.bench import Bench
from grader.judge.transcripts import look
from grader.observers import maps
from grader.outcome import Cause

KIB = 1024
PAGE = os.sysconf("SC_PAGE_SIZE")
TROUBLE = 99  # exit status of the judge's own programs
PRELOADED = ("-shared", "-fPIC")

# The labels of the prompts.
ALLOC = ("before allocation", "after allocation", "after free")
RISE = ("before", "allocated", "freed", "allocated again")
TRIM = ("before", "allocated", "all but the top freed", "all freed")


@dataclass(frozen=True)
class Policy:
    """A parameter of mallopt(3), set before the program begins; M_TOP_PAD is 0."""

    parameter: str
    value: int
    tunable: str  # the same for a student: glibc.malloc.TUNABLE

    @property
    def shell(self) -> str:
        """What a student types in front of the command."""
        words = f"top_pad=0:glibc.malloc.{self.tunable}={self.value}"
        return f"GLIBC_TUNABLES=glibc.malloc.{words} "

    def library(self, bench: Bench) -> Path:
        """The library to preload."""
        flags = (f"-DPARAMETER={self.parameter}", f"-DVALUE={self.value}")
        return bench.probe("policy.c", (*PRELOADED, *flags))


def threshold(size: int) -> Policy:
    """Blocks of this size or more get a mapping, smaller ones never do."""
    return Policy("M_MMAP_THRESHOLD", size, "mmap_threshold")


def no_trim() -> Policy:
    """free() never moves the end of the heap."""
    return Policy("M_TRIM_THRESHOLD", (1 << 31) - 1, "trim_threshold")


@dataclass(frozen=True)
class Memory:
    """A process's memory at one prompt, in bytes."""

    heap: int
    heap_end: int
    """The address; 0 while there is no heap."""
    mapped: int
    """In private writable mappings without a file that are no heap and no stack."""


def memory_of(mappings: Sequence[maps.Mapping]) -> Memory:
    """What /proc/PID/maps lists, summed up."""
    heap = maps.heap(mappings)
    others = [
        mapping
        for mapping in mappings
        if mapping.is_anonymous
        and mapping.writable
        and not mapping.shared
        and mapping.name not in ("[heap]", "[stack]")
    ]
    end = heap[-1].end if heap else 0
    return Memory(maps.total(heap), end, maps.total(others))


@dataclass(frozen=True)
class Walk:
    """One run of a program from prompt to prompt."""

    command: str
    """For a student to type in the lab's folder."""
    at: dict[str, Memory]

    def grown(self, label: str, since: str) -> tuple[int, int]:
        """By how many bytes the heap and the mappings grew between two prompts."""
        now, then = self.at[label], self.at[since]
        return now.heap - then.heap, now.mapped - then.mapped

    def expect(self, fact: bool, expected: str, label: str) -> None:
        """Fail, and show the memory at every prompt, unless the fact holds."""
        if not fact:
            fail(
                expected=f"at the prompt `{label}`: {expected}",
                actual="\n".join(
                    f"{name}: heap {memory.heap // KIB} KiB up to "
                    f"{memory.heap_end:#x}, mappings {memory.mapped // KIB} KiB"
                    for name, memory in self.at.items()
                ),
                input=self.command,
                rerun=f"{self.command}   # and m + Enter at each prompt",
            )


def walk(
    bench: Bench,
    argv: Sequence[str],
    labels: Sequence[str],
    policy: Policy | None = None,
) -> Walk:
    """Run a program of the lab and look at it at each of its prompts.

    Fails unless its prompts have these labels, in this order, and it ends
    with exit status 0.
    """
    program = bench.program(argv[0])
    command = f"{policy.shell if policy else ''}build/{' '.join(argv)}"
    library = policy.library(bench) if policy else None
    env = {"LD_PRELOAD": str(library)} if library else {}
    at: dict[str, Memory] = {}
    with bench.box.spawn([program, *argv[1:]], env=env) as process:
        for label in labels:
            try:
                said = process.wait_prompt()
            except Ended as ended:
                words = ended.finished.stderr.decode("utf-8", "backslashreplace")
                fail(
                    expected=f"the prompt `{label}`",
                    actual=f"the program {ended}\n{words}".strip(),
                    input=command,
                    rerun=command,
                )
            if said != label:
                fail(
                    expected=f"the prompt `{label}`",
                    actual=f"the prompt `{said}`",
                    input=command,
                    rerun=command,
                )
            mappings = maps.parse(look(bench, process, "maps"))
            if library and not maps.of_file(mappings, library):
                _expect_preloads(bench, library)
                fail(
                    expected="at its prompt, it still has the library that it was "
                    "started with (LD_PRELOAD)",
                    actual="it has not: it started itself, or another program, anew",
                    input=command,
                    rerun=command,
                )
            at[label] = memory_of(mappings)
            process.press_enter()
        end = process.finish()
    if (end.how, end.status) != ("exited", 0):
        words = end.stderr.decode("utf-8", "backslashreplace")
        fail(
            expected="it ends with exit status 0",
            actual=f"it {end.describe()}\n{words}".strip(),
            input=command,
            rerun=command,
        )
    return Walk(command, at)


def _expect_preloads(bench: Bench, library: Path) -> None:
    """Cannot check unless a program of the judge's choice gets the library."""
    env = {"LD_PRELOAD": str(library)}
    shown = bench.box.run(["cat", "/proc/self/maps"], env=env)
    if str(library).encode() not in shown.stdout:
        words = shown.stderr.decode("utf-8", "replace")
        cannot_check(Cause.GRADER, f"{library.name} is not preloaded: {words}")


def mapped_bytes(size: int, count: int) -> range:
    """What `count` blocks of `size` bytes with mappings of their own may take.

    Each has whole pages for the block and malloc's header, and at most one
    page more. Blocks that share a mapping have fewer.
    """
    one = (size // PAGE + 1) * PAGE
    return range(count * one, count * (one + PAGE) + 1)


def kib_range(size: range) -> str:
    """Such a range in words."""
    return f"{size.start // KIB} to {size[-1] // KIB} KiB"


def served(bench: Bench, env: Mapping[str, str], sizes: Sequence[int]) -> list[str]:
    """How malloc gets memory for requests of these sizes: mmap, brk or refused."""
    done = bench.box.run([bench.probe("served.c"), *map(str, sizes)], env=env)
    words = done.stdout.decode().split()
    if (done.how, done.status, len(words)) != ("exited", 0, len(sizes)):
        stderr = done.stderr.decode("utf-8", "replace")
        cannot_check(Cause.GRADER, f"served.c {done.describe()}: {stderr}")
    return words
