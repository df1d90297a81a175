# SPDX-License-Identifier: MIT
"""The judge of libraries: what it sees, what it makes short, what attacks gain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grader.api import driver
from grader.api.driver import Session
from grader.api.library import blocks_left
from grader.api.memory import FENCE, FREED, Block, Memory, layout
from grader.api.play import Command, Difference, Failure, play, search
from grader.box import BoxError, Finished, Limits, open_box
from grader.cases import KEPT
from grader.checks.program_08 import program
from grader.checks.refcount_08 import (
    BARE,
    CLEARS,
    LOOKS,
    PLAIN,
    UPGRADES,
    RefcountModel,
    sequences,
)
from grader.judge import CheckFailure
from grader.judge.bench import Bench
from grader.observers import Malformed
from grader.tests.driven import COMMANDS, LAB, SOURCES, light_bench
from grader.tests.observed import need_everybody

HERE = Path(__file__).resolve().parent
WRONG = KEPT[0] / LAB.id
ALL = (
    "new new new retain release release link hand assign follow clear scope place weak "
    "upgrade unweak strong weakly huge starve root add parent"
)
KINDS = (BARE, PLAIN, LOOKS, CLEARS, UPGRADES)


# What is seen


def memory(content: bytes, *blocks: Block) -> Memory:
    """A look at a heap of this content, from address 0x1000."""
    found = {block.address: block for block in blocks}
    return Memory(1, 0, 0, 0, 0x1000, content, found, (), (), {})


def test_a_write_outside_of_live_blocks_is_seen() -> None:
    """Before a block, to a freed one; and not within a live one."""
    fence, freed = bytes([FENCE]) * 16, bytes([FREED]) * 8
    live = Block(0x1010, 8, 1)
    assert memory(fence + b"anything", live).spoilt() == ""
    assert "no block" in memory(b"x" + fence[1:] + b"anything", live).spoilt()
    gone = Block(0x1010, 8, 2)
    assert memory(fence + freed, gone).spoilt() == ""
    assert "byte 3" in memory(fence + freed[:3] + b"x" + freed[4:], gone).spoilt()
    assert "byte 1 behind" in memory(fence + freed + fence[:1] + b"x", gone).spoilt()


def test_memory_outside_of_the_heap_is_nothing() -> None:
    """An address that the process has made up leads nowhere."""
    look = memory(b"abcdefgh")
    assert look.at(0x1002, 3) == b"cde"
    assert look.at(0xFFF, 3) == look.at(1 << 63, 3) == b""


def test_the_layout_is_that_of_the_driver(solution: Session, tmp_path: Path) -> None:
    """Both lists of variables are of one size; another program has none."""
    found = layout(solution.program)
    assert found.heap % 64 == 0 < found.heap
    assert found.facts["head_bytes"] % found.facts["alignment"] == 0
    with pytest.raises(Malformed, match="driver_state"):
        layout(Path("/bin/true").resolve())


# Playing


@pytest.fixture(scope="module")
def solution() -> Iterator[Session]:
    """A driver of the solution."""
    with light_bench("auto") as bench, _session(bench) as session:
        yield session


def _session(bench: Bench) -> Session:
    return Session(bench.box, driver.build(bench, COMMANDS, SOURCES))


@pytest.mark.parametrize("atomic", [False, True])
def test_the_solution_passes_any_seed(solution: Session, atomic: bool) -> None:
    """Many seeds, all verbs, no failure."""
    verbs = ALL.replace("add ", "").replace("root ", "") if atomic else ALL
    commands = sequences(verbs, kinds=KINDS, atomic=atomic)
    for seed in range(10):
        assert search(solution, RefcountModel, commands, seed, 8) is None


def test_a_seed_means_the_same_sequences(solution: Session) -> None:
    """The same seed again, and another one."""
    played: list[list[str]] = []

    class Recorder(RefcountModel):
        """Notes what is played."""

        def permits(self, command: Command) -> bool:
            played[-1].append(str(command))
            return super().permits(command)

    for seed in (5, 5, 6):
        played.append([])
        assert search(solution, Recorder, sequences(ALL), seed, 5) is None
    assert played[0] == played[1] != played[2]


def test_what_the_contract_forbids_is_left_out(solution: Session) -> None:
    """A sequence is played without the commands that have no meaning."""
    raw = ("link 0 0", "new 0 64 1 7", "new 0 64 1 7", "follow 1", "release 0")
    commands = [
        [Command(verb, tuple(map(int, numbers)))]
        for verb, *numbers in (line.split() for line in raw)
    ]
    assert play(solution, RefcountModel, commands) is None


def test_a_step_is_its_first_command_that_matters(solution: Session) -> None:
    """What does something to an object, before what tries NULL."""
    done: list[str] = []

    class Recorder(RefcountModel):
        """Notes what is carried out."""

        def carry_out(self, command: Command, memory: Memory) -> Difference | None:
            done.append(command.verb)
            return super().carry_out(command, memory)

    release, new = Command("release", (0,)), Command("new", (0, 8, BARE, 1))
    assert play(solution, Recorder, [[release, new], [new, release], [release]]) is None
    assert done == ["new", "release", "release"]


RELEASE = "new new retain release release link hand"
ASSIGN = "new new retain assign assign follow release link hand"
WEAK = "new retain release release weak upgrade unweak"
# Each with the verbs that lead to it.
DEFECTS = {
    "destroys-before-the-last": RELEASE,
    "destructor-missed": RELEASE,
    "destructor-twice": RELEASE,
    "leaks-the-block": RELEASE,
    "frees-first": RELEASE,
    "release-first": ASSIGN,
    "stores-last": "new new retain assign assign place release",
    "leaks-on-self-assign": ASSIGN,
    "block-dies-with-the-object": WEAK,
    "wraps": "new strong retain retain release release",
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_shown_by_a_short_sequence(defect: str) -> None:
    """At most six commands, and a C program that fails by itself."""
    with light_bench("auto", WRONG / defect) as bench:
        failure = _failure(bench, DEFECTS[defect])
        assert len(failure.commands) <= 6, failure.commands
        source = bench.new_folder() / "failure.c"
        source.write_text(program(failure))
        source.chmod(0o644)
        built = bench.compile(
            [str(source), *SOURCES],
            "failure",
            [f"-I{bench.folder}", "-Wall", "-Werror", "-fsanitize=address,undefined"],
        )
        limits = Limits(address_space=None)
        env = {"ASAN_OPTIONS": "detect_leaks=1"}
        done = bench.box.run([built], limits=limits, env=env)
        assert (done.how, done.status) != ("exited", 0), program(failure)


def test_the_program_of_a_sequence_passes_with_the_solution() -> None:
    """It is the library that fails, not the program."""
    with light_bench("auto", WRONG / "stores-last") as bench:
        failure = _failure(bench, DEFECTS["stores-last"])
    with light_bench("auto") as bench:
        source = bench.new_folder() / "failure.c"
        source.write_text(program(failure))
        source.chmod(0o644)
        built = bench.compile(
            [str(source), *SOURCES], "failure", [f"-I{bench.folder}"]
        )
        done = bench.box.run([built])
        assert (done.how, done.status, done.stdout) == ("exited", 0, b"")


def _failure(bench: Bench, verbs: str) -> Failure:
    kinds = (PLAIN, LOOKS, CLEARS, BARE) if "place" in verbs else (BARE, PLAIN)
    with _session(bench) as session:
        commands = sequences(verbs, kinds=kinds)
        failure = search(session, RefcountModel, commands, 1, 100)
    assert failure is not None
    return failure


# What a library may not have to do with the driver

LINKED = {
    "extern char driver_state[]; char *rc_x(void) { return driver_state; }":
        "driver_state",
    "void heap_reset(void); void rc_x(void) { heap_reset(); }": "heap_reset",
    "extern char lab_state[] __attribute__((weak)); char *rc_x = lab_state;":
        "lab_state",
    "void __wrap_free(void *); void (*rc_x)(void *) = __wrap_free;": "__wrap_free",
    "void __real_free(void *); void rc_x(void *p) { __real_free(p); }": "__real_free",
    "long write(int f, const void *d, unsigned long n) { return f + !d + (long)n; }":
        "write",
    "__attribute__((visibility(\"hidden\"))) int strcmp(const char *a, const char *b) "
    "{ return a != b; }": "strcmp",
    "void *malloc(unsigned long n) { return n ? (void *)0 : (void *)8; }": "malloc",
    "int sem_wait(void *s) { return s == (void *)0; }": "sem_wait",
}


@pytest.mark.parametrize("source", LINKED)
def test_a_library_that_meddles_with_the_driver_is_refused(source: str) -> None:
    """By name, before it runs: what it uses of the driver's, or replaces."""
    with light_bench("auto") as bench, pytest.raises(CheckFailure) as caught:
        extra = bench.folder / "extra.c"
        extra.write_text(f"{source}\n")
        extra.chmod(0o644)
        driver.build(bench, COMMANDS, [*SOURCES, "extra.c"])
    assert f"`{LINKED[source]}`" in caught.value.actual


def test_a_librarys_own_names_are_its_own() -> None:
    """What is static in the driver, or static here, is nobody else's."""
    source = (
        "static int read(void) { return 1; } int (*const waitpid)(void) = read;\n"
        "int taken, buffer, family; int release(void) { return taken + buffer; }\n"
        "extern int family; int obey(void) { return family + release(); }\n"
    )
    with light_bench("auto") as bench:
        extra = bench.folder / "extra.c"
        extra.write_text(source)
        extra.chmod(0o644)
        driver.build(bench, COMMANDS, [*SOURCES, "extra.c"])


LEFT = b"==7==     in use at exit: 2,048 bytes in 1,024 blocks\n"


@pytest.mark.parametrize(
    ("stderr", "blocks"),
    [
        (LEFT, 1024),
        (b"==7== HEAP SUMMARY:\n" + LEFT + b"==7==   total heap usage: 1 allocs\n", 1024),
        (LEFT + b"==7==     in use at exit: 0 bytes in 0 blocks\n", None),
        (b"", None),
    ],
)
def test_valgrind_alone_says_what_is_left(stderr: bytes, blocks: int | None) -> None:
    """A second report, from the program itself, is none."""
    assert blocks_left(Finished("exited", 0, b"", stderr, "", True, 0.1)) == blocks


# Attacks, and what the judge must say of each: "" is a wrong state of memory.

EXIT, CRASH, HANG = "early exit", "crash", "hang"
CLOSED, FORGED = "closed descriptor", "forged answer"
MISPLACED = "output in the wrong place"
ATTACKS: dict[str, Sequence[str]] = {
    "exit": [EXIT], "_exit": [EXIT], "quick_exit": [EXIT], "exit_group": [EXIT],
    "SYS_exit": [EXIT], "thread": [EXIT], "abort": [CRASH], "SIGKILL": [CRASH],
    "SIGSTOP": [HANG], "loop": [HANG],
    "kill-parent": ["", EXIT, CRASH], "stop-parent": ["", HANG],
    "kill-all": ["", EXIT, CRASH], "setpgid": [""], "trace-parent": ["", HANG],
    "write-parent": ["", MISPLACED], "close": [CLOSED], "null": [CLOSED],
    "forge": [FORGED, MISPLACED], "flood": [FORGED, MISPLACED, "limit", HANG],
    "forge-state": [FORGED, MISPLACED], "print": [MISPLACED], "daemon": [""],
    "file-size": [""], "undumpable": ["", "unreadable memory"],
    "constructor-exit": [EXIT, MISPLACED], "constructor-forge": [MISPLACED, FORGED],
    "constructor-close": [EXIT, CLOSED],
}


def _levels() -> list[str]:
    """The levels that this machine and this user allow."""
    found = []
    for level in ("namespaces", "uid", "limits"):
        if level == "limits":
            found.append(level)
            continue
        try:
            open_box(level, (), HERE)
            found.append(level)
        except (BoxError, OSError):
            continue
    return found


@pytest.mark.parametrize("level", _levels())
def test_no_attack_gains_anything(level: str) -> None:
    """Each is named for what it is, none passes, and nothing is left running."""
    if level == "limits":
        need_everybody()
    script = [sys.executable, "-I", str(HERE / "attacked.py"), level, *ATTACKS]
    done = subprocess.run(script, capture_output=True, text=True, env={**os.environ})
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["level"] == level
    for attack, kinds in ATTACKS.items():
        seen = said["seen"][attack]
        assert not seen["passed"], attack
        assert seen["kind"] in kinds, (attack, seen)
        assert seen["left"] == 0, attack
        assert seen["words"], attack
