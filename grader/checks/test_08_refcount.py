# SPDX-License-Identifier: MIT
"""Lab 08: objects that count their references, as the judge's driver sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grader.api import driver
from grader.api.driver import Kind, Session, Trouble
from grader.api.library import Tools, blocks_left, note_suite, seed_of, tools_ahead
from grader.api.memory import Memory
from grader.api.play import search
from grader.checks.evidence_08 import OBSERVATIONS, QUESTIONS
from grader.checks.program_08 import program, told
from grader.checks.refcount_08 import (
    BARE,
    CLEARS,
    LOOKS,
    PLAIN,
    UPGRADES,
    Lab,
    RefcountModel,
    Sequences,
    fixed,
    sequences,
)
from grader.judge import cannot_check, check, fail
from grader.judge.bench import Bench
from grader.judge.evidence import Answers
from grader.observers import maps
from grader.outcome import Cause

__all__ = ["OBSERVATIONS", "QUESTIONS"]

COMMANDS = ("refcount.c", "refcount_calls.c")
SOURCES = ("rc.c", "tree.c")
EXAMPLES = 25
NODES = (PLAIN, PLAIN, PLAIN, BARE)
LIST, AGAIN = 1_000_000, 250_000
NODE_LEAST = 40  # bytes, a head and a pointer
STACK_BYTES = 256 << 10  # more than a list of any length may take
PAIRS = 200_000
ROUNDS = 100
STEPS = 4  # atomic ones of a call, at most
# Large, and never written to: address space is all that they take.
SPENT, SPENT_BYTES = 64, 256 << 10


@pytest.fixture(scope="session")
def seed(bench: Bench) -> int:
    """What the sequences are drawn from."""
    return seed_of(bench)


@pytest.fixture(scope="session", autouse=True)
def suite(bench: Bench) -> None:
    """What the student's own suite says."""
    note_suite(bench, "test_rc")


@pytest.fixture(scope="session")
def linked(bench: Bench) -> Path:
    """The driver, linked with the student's library."""
    return driver.build(bench, COMMANDS, SOURCES)


@pytest.fixture(scope="session")
def tools(bench: Bench, linked: Path) -> Iterator[Tools]:
    """The drivers for the last checks, from the first check on that asks."""
    with tools_ahead(bench, COMMANDS, SOURCES) as ahead:
        yield ahead


@pytest.fixture
def session(bench: Bench, linked: Path) -> Iterator[Session]:
    """A driver of each check's own: none wears out another one's limits."""
    with Session(bench.box, linked) as opened:
        yield opened


def _holds(
    session: Session, seed: int, commands: Sequences, examples: int
) -> Sequence[RefcountModel]:
    """Fail with the shortest sequence that shows something wrong, if one does.

    Returns the models at the end of each sequence.
    """
    models: list[RefcountModel] = []

    def new() -> RefcountModel:
        models.append(RefcountModel())
        return models[-1]

    failure = search(session, new, commands, seed, examples)
    if failure is not None:
        fail(
            expected=failure.difference.expected,
            actual=failure.difference.actual,
            input="\n".join(map(told, failure.commands)),
            program=program(failure),
        )
    return models


# Task 1: an object and its count


@check(task=1, points=6)
def test_new_object(session: Session, seed: int) -> None:
    """rc_new makes one aligned block of head and zeroes, counted once"""
    _holds(session, seed, fixed("new 0 4000 0 1"), 1)
    _holds(session, seed, sequences("new"), 15)


@check(task=1, points=3, needs="new_object")
def test_new_fails(session: Session, seed: int) -> None:
    """rc_new returns NULL, and leaves nothing, where there is no memory"""
    _holds(session, seed, sequences("new huge starve"), 15)


@check(task=1, points=5, needs="new_object")
def test_retain(session: Session, seed: int) -> None:
    """rc_retain counts, returns the object, and tolerates NULL"""
    _holds(session, seed, sequences("new new retain retain"), EXAMPLES)


@check(task=1, points=4)
def test_head_layout(answers: Answers) -> None:
    """How large a head is, and how much of it is padding"""
    answers.expect("head_size", "head_padding")


# Task 2: the last reference

RELEASE = "new new retain retain release release release"


@check(task=2, points=8, needs="retain")
def test_release(session: Session, seed: int) -> None:
    """The last release, and no other, calls the destructor and frees the block"""
    _holds(session, seed, sequences(RELEASE), EXAMPLES)
    _gives_back(session)


def _gives_back(session: Session, weakly: bool = False, atomic: bool = False) -> None:
    """Fail if the process grows while objects come and go.

    What the driver's books say of its blocks is the process's word; how much
    address space it has is the kernel's.
    """
    said = f"{SPENT} objects of {SPENT_BYTES >> 10} KiB, one after the other"
    if weakly:
        said += ", each with a weak reference that goes last"
    spend = f"spend {SPENT} {SPENT_BYTES} {int(weakly)}"
    _obey(session, (), said)
    before = _size(session)
    _obey(session, (f"family {int(atomic)}", spend), said)
    grown = _size(session) - before
    if grown > SPENT * SPENT_BYTES // 2:
        fail(
            expected="memory that is given back to the system, or used again",
            actual=f"the process has grown by {grown >> 10} KiB",
            input=said,
        )


def _size(session: Session) -> int:
    return maps.total(maps.read(session.pid))


@check(task=2, points=6, needs="release")
def test_chain(session: Session, seed: int, tools: Tools) -> None:
    """A destructor may release other objects"""
    commands = sequences("new new release release link hand hand", kinds=NODES)
    _holds(session, seed, commands, EXAMPLES)


@check(task=2, points=4)
def test_steps(answers: Answers) -> None:
    """What the counts are after each step"""
    answers.expect("strong_retained", "strong_scope", "weak_destroyed")


# Task 3: assignment and scope

ASSIGN = "new new retain assign assign assign release"


@check(task=3, points=8, needs="release")
def test_assign(session: Session, seed: int) -> None:
    """rc_assign: another object, the same one, the last reference, NULL"""
    commands = sequences(ASSIGN + " link hand hand follow follow", kinds=NODES)
    _holds(session, seed, commands, 2 * EXAMPLES)


@check(task=3, points=4, needs="release")
def test_assign_aliased(session: Session, seed: int) -> None:
    """rc_assign has stored the new value when a destructor looks"""
    commands = sequences(
        ASSIGN + " place hand", kinds=(PLAIN, LOOKS, CLEARS, LOOKS)
    )
    _holds(session, seed, commands, 2 * EXAMPLES)


@check(task=3, points=4, needs="release")
def test_scope_end(session: Session, seed: int) -> None:
    """RC_SCOPED gives its reference back, and NULL stays behind"""
    commands = sequences("new retain release scope clear clear")
    _holds(session, seed, commands, EXAMPLES)


# Task 4: weak references

WEAK = "new new retain release release weak weak upgrade upgrade unweak"
ALL = WEAK + " link hand assign assign follow clear scope"


@check(task=4, points=6, needs="release")
def test_weak(session: Session, seed: int) -> None:
    """A weak reference keeps the head and nothing else"""
    _holds(session, seed, sequences(WEAK), 2 * EXAMPLES)
    _gives_back(session, weakly=True)


@check(task=4, points=4, needs="weak")
def test_no_resurrection(session: Session, seed: int) -> None:
    """No weak reference brings an object back while its destructor runs"""
    commands = sequences(WEAK, kinds=(UPGRADES, PLAIN))
    _holds(session, seed, commands, EXAMPLES)


@check(task=4, points=4, needs="assign weak")
def test_tree(session: Session, seed: int) -> None:
    """A tree whose children know their parent is freed with its root"""
    commands = sequences("root root root add add add parent release release retain")
    _holds(session, seed, commands, 2 * EXAMPLES)


@check(task=4, points=4, needs="chain assign weak")
def test_clean(bench: Bench, seed: int, tools: Tools) -> None:
    """The sanitizers and valgrind find nothing in all of this"""
    commands = sequences(ALL, kinds=(*NODES, UPGRADES))
    found = 0
    for session in tools.watched(bench.box):
        found += 1
        with session:
            models = _holds(session, seed, commands, 2 * EXAMPLES)
            finished = session.finish()
        if (finished.how, finished.status) != ("exited", 0):
            fail(
                expected="no error",
                actual=f"it {finished.describe()}:\n"
                + finished.stderr[:2000].decode("utf-8", "backslashreplace"),
            )
        left = blocks_left(finished)
        kept = sum(1 for model in models for one in model.objects if one.weak)
        if session.argv and left != kept:
            fail(
                expected=f"{kept} blocks that are not freed, because they are in cycles",
                actual="valgrind has not had the last word"
                if left is None
                else f"valgrind has seen {left} that were not freed",
                input=f"{len(models)} sequences, one after the other",
            )
    if not found:
        cannot_check(Cause.TOOL, "neither the sanitizers nor valgrind run here")


@check(task=4, points=4)
def test_lost(answers: Answers) -> None:
    """What a ring loses, directly and indirectly"""
    answers.expect("lost_directly", "lost_indirectly")


# Task 5: limits

LIMITS = (
    "new strong strong weakly retain retain retain release release weak weak upgrade "
    "unweak"
)
# The last count that there is: one further is 0.
END = (
    "new 0 8 0 1", "weak 0 0", "strong 0 -1", "upgrade 0 1", "retain 0 2", "release 0",
    "release 1", "weakly 2 -1", "weak 2 1", "unweak 1", "unweak 0",
)


@check(task=5, points=6, needs="weak")
def test_saturates(session: Session, seed: int) -> None:
    """A count that reaches its limit stays there: no object is ever freed by it"""
    _holds(session, seed, fixed(*END), 1)
    _holds(session, seed, sequences(LIMITS), 2 * EXAMPLES)


@check(task=5, points=6, needs="chain")
def test_long_list(session: Session) -> None:
    """A list of a million nodes is destroyed on a small stack"""
    said = f"a list of {LIST} nodes; its head is released"
    try:
        session.obey("reset")
        session.obey(f"list {LIST}")
        before, most = _stack(session), _size(session)
        memory = session.obey("release 0")
        grown = _stack(session) - before
        session.obey(f"list {AGAIN}")
        more = _size(session) - most
    except Trouble as trouble:
        hint = "is the stack large enough for a call in a call in a call?"
        deep = f"; {hint}" if trouble.kind is Kind.CRASH else ""
        fail(
            expected="the release returns",
            actual=f"{trouble.words}{deep}",
            input=said,
        )
    destroyed = Lab.of(memory).destroyed
    if (destroyed, memory.bulk_live) != (LIST, 0):
        fail(
            expected=f"{LIST} destructors called, no block left",
            actual=f"{destroyed} destructors called, {memory.bulk_live} blocks left",
            input=said,
        )
    if grown > STACK_BYTES:
        fail(
            expected="a stack that does not grow with the list",
            actual=f"{grown >> 10} KiB more stack",
            input=said,
        )
    if more > AGAIN * NODE_LEAST // 2:
        fail(
            expected="the memory of the list is used again",
            actual=f"with a second list of {AGAIN} the process is {more >> 10} KiB "
            "larger than it was with the first",
            input=said,
        )


def _stack(session: Session) -> int:
    return maps.total(maps.named(maps.read(session.pid), "[stack]"))


# Task 6: threads

ATOMIC = sequences(
    WEAK + " link hand hand strong", kinds=(*NODES, UPGRADES), atomic=True
)


@check(task=6, points=4, needs="chain weak")
def test_atomic_sequences(session: Session, seed: int) -> None:
    """arc_... do in one thread what rc_... do"""
    _holds(session, seed, ATOMIC, EXAMPLES)
    _holds(session, seed, fixed(*END, atomic=True), 1)
    _holds(session, seed, sequences(LIMITS, atomic=True), EXAMPLES)
    _gives_back(session, weakly=True, atomic=True)


def _obey(session: Session, commands: tuple[str, ...], said: str) -> Memory:
    """Carry these out, or fail with what they are in words."""
    try:
        memory = session.obey("reset")
        for command in commands:
            memory = session.obey(command)
        return memory
    except Trouble as trouble:
        fail(
            expected="it is carried out",
            actual=trouble.words,
            input=f"{said}\n{'; '.join(commands)}",
        )


def _expect(actual: object, expected: object, what: str, said: str) -> None:
    if actual != expected:
        fail(
            expected=f"{what}: {expected}", actual=f"{what}: {actual}", input=said
        )


def _storms(session: Session, pairs: int, rounds: int) -> None:
    """Threads that use one object at the same time."""
    for verb, does in (
        ("storm", "retain and release it"),
        ("weakstorm", "make a weak reference, upgrade it, give both back"),
    ):
        said = f"two threads {does}, {pairs} times each, at the same time"
        memory = _obey(session, ("new 0 64 1 7", f"{verb} {pairs}"), said)
        lab = Lab.of(memory)
        if memory.heap:
            head = memory.at(lab.slots[0] - lab.head_bytes, 8)
            strong = int.from_bytes(head[:4], "little")
            weak = int.from_bytes(head[4:], "little")
            _expect((strong, weak), (1, 1), "strong and weak after it", said)
        _expect(len(memory.events), 0, "calls of the destructor", said)
    said = (
        f"{rounds} times: two threads write to an object, and give the two references "
        "and the two weak ones back"
    )
    memory = _obey(session, (f"last {rounds}",), said)
    _expect(Lab.of(memory).destroyed, rounds, "calls of the destructor", said)
    _expect(Lab.of(memory).unseen, 0, "writes that the destructor did not see", said)
    _expect(memory.bulk_live, 0, "blocks left", said)
    said = f"two threads make and destroy objects, {rounds} each, at the same time"
    memory = _obey(session, (f"churn {rounds}",), said)
    _expect(Lab.of(memory).destroyed, 2 * rounds, "calls of the destructor", said)
    _expect(memory.bulk_live, 0, "blocks left", said)
    said = f"{rounds} times: one thread releases the last reference, one upgrades"
    memory = _obey(session, (f"raise {rounds}",), said)
    _expect(Lab.of(memory).destroyed, rounds, "calls of the destructor", said)
    _expect(memory.bulk_live, 0, "blocks left", said)


def _midst(session: Session) -> None:
    """A step of another thread right before each atomic step of a call."""
    for what, call, gives in (
        (0, "an upgrade", "the last reference"),
        (1, "the release of one of two references", "the other one"),
        (2, "the release of one of two weak references", "the other one"),
    ):
        for nth in range(1, STEPS + 1):
            said = f"{call}; before its atomic step {nth} another thread gives {gives} back"
            memory = _obey(session, (f"midst {what} {nth}",), said)
            _expect(Lab.of(memory).destroyed, 1, "calls of the destructor", said)


@check(task=6, points=5, needs="atomic_sequences")
def test_threads(bench: Bench, session: Session, seed: int, tools: Tools) -> None:
    """No count is lost and nothing is destroyed twice when threads meet"""
    _storms(session, PAIRS, ROUNDS)
    built = tools.threads.result()
    if built is None:
        bench.notes.append("ThreadSanitizer does not run here: data races go unseen")
        return
    env = {"TSAN_OPTIONS": "halt_on_error=0:report_thread_leaks=0"}
    with Session(bench.box, built, env, reports=True) as opened:
        _holds(opened, seed, ATOMIC, EXAMPLES)
        _storms(opened, 100, 10)
        _midst(opened)
        _obey(opened, ("hold",), "a destructor that takes its time")
        words = opened.finish().stderr.decode("utf-8", "backslashreplace")
    found = re.search(r"WARNING: ThreadSanitizer: (.*) \(", words)
    if found:
        places = re.findall(r"#\d+ (?!__wrap)(\w+) \S*?(\w+\.[ch]:\d+)", words)
        fail(
            expected="no data race",
            actual=f"ThreadSanitizer: {found[1]}: "
            + ", ".join(dict.fromkeys(f"{name} at {at}" for name, at in places[:6])),
            input="two threads that use one object at the same time",
        )


@check(task=6, points=3, needs="atomic_sequences")
def test_no_lock(session: Session) -> None:
    """While a destructor runs, other threads go on"""
    said = (
        "a thread is in a destructor; meanwhile another one upgrades a weak "
        "reference to the dying object and destroys a different object"
    )
    memory = _obey(session, ("hold",), said)
    lab = Lab.of(memory)
    _expect(lab.refused, 1, "upgrades of the dying object that return NULL", said)
    _expect(lab.during, 1, "other objects destroyed before that one ends", said)
    live = [block for block in memory.blocks.values() if block.state == 1]
    _expect(len(live), 0, "blocks left", said)


@check(task=6, points=2)
def test_increment(answers: Answers) -> None:
    """What one more reference compiles to, plain and atomic"""
    answers.expect("plain_instructions", "atomic_instructions")
