# SPDX-License-Identifier: MIT
"""Lab 08: its transcripts, its answers, its model and its C program."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given

from grader.api.memory import Memory
from grader.api.play import Command, Difference, Failure, Step
from grader.cases import assemble_solution
from grader.checks.evidence_08 import OBSERVATIONS, QUESTIONS
from grader.checks.program_08 import program, told
from grader.checks.refcount_08 import (
    LIMIT,
    PLAIN,
    SHAPES,
    SLOTS,
    RefcountModel,
    sequences,
)
from grader.judge.bench import Bench, open_bench
from grader.judge.evidence import FOLDER, split
from grader.lab import LABS, load_lab
from grader.observers import Malformed
from grader.variant import Student

LAB = load_lab(LABS / "08-refcount")
VALID = {observation.name: observation.valid for observation in OBSERVATIONS}


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a careful student hands in, made on this machine."""
    folder = tmp_path_factory.mktemp("entry") / LAB.id
    assemble_solution(LAB, folder, Student())
    return folder


@pytest.fixture(scope="module")
def bench(entry: Path) -> Iterator[Bench]:
    """The solution, built."""
    with open_bench(LAB, entry, Student(), "auto") as bench:
        yield bench


def transcript(entry: Path, name: str) -> str:
    """The body of one of the entry's transcripts."""
    return split((entry / FOLDER / name).read_text(errors="surrogateescape"))[1]


def test_its_own_transcripts_are_valid(entry: Path, bench: Bench) -> None:
    """What make observe writes is believed"""
    for name, valid in VALID.items():
        valid(transcript(entry, name), bench)


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "reason"),
    [
        ("layout.txt", r"^\$ pahole", "$ cat", "0 times"),
        ("layout.txt", "size: [0-9]+,", "size: 33,", "no head"),
        ("layout.txt", r"^\t.*weak.*\n", "", "four members"),
        ("counts.txt", "^scope: strong [0-9]+", "scope: strong 1", "not the counts"),
        ("counts.txt", "^cleanup.*\n", "", "not the counts"),
        ("counts.txt", "build/counts 3", "build/counts 4", "0 times"),
        ("lost.txt", r"(definitely lost: [0-9,]+ bytes in) 1 ", r"\1 2 ", "objects"),
        ("lost.txt", "definitely lost: [0-9,]+ b", "definitely lost: 7 b", "objects"),
        ("lost.txt", "^.*indirectly lost:.*\n", "", "0 times"),
        ("lost.txt", "build/ring 5", "build/ring 6", "0 times"),
        ("increment.txt", "<atomic>:", "<other>:", "0 functions"),
    ],
)
def test_an_edited_transcript_is_not_believed(
    entry: Path, bench: Bench, name: str, pattern: str, replacement: str, reason: str
) -> None:
    """Edits that a student might try break what is known of the whole text"""
    honest = transcript(entry, name)
    edited = re.sub(pattern, replacement, honest, flags=re.MULTILINE)
    assert edited != honest, "the edit has to change something"
    with pytest.raises(Malformed, match=reason):
        VALID[name](edited, bench)


def test_every_question_is_asked_and_answered(entry: Path) -> None:
    """answers.toml, answers.sh and the checks name the same keys"""
    keys = [question.key for question in QUESTIONS]
    for path in (LAB.folder / "answers.toml", entry / "answers.toml"):
        table = tomllib.loads(path.read_text())
        assert list(table["answers"]) == keys
        assert set(table["predict"]) <= set(keys)
    handed_out = tomllib.loads((LAB.folder / "answers.toml").read_text())
    assert set(handed_out["answers"].values()) == {""}


# The model, without a process: an object's address is its number.


def carry_out(model: RefcountModel, *lines: str) -> None:
    """Have the model follow these commands; each must be permitted."""
    for line in lines:
        verb, *numbers = line.split()
        command = Command(verb, tuple(map(int, numbers)))
        assert model.permits(command), line
        address = 64 * (len(model.objects) + 1)
        lab = (*[address] * (2 * SLOTS), 0, 0, 0, 0, 0)
        facts = {"head_bytes": 32, "alignment": 16}
        model.carry_out(command, Memory(0, 0, 0, 0, 0, b"", {}, (), lab, facts))


def test_a_chain_dies_with_its_head() -> None:
    """Each node's last reference is the one before it."""
    model = RefcountModel()
    carry_out(model, f"new 0 64 {PLAIN} 1", f"new 1 64 {PLAIN} 2", "link 0 1")
    carry_out(model, "release 1")
    assert [one.strong for one in model.objects] == [1, 1]
    carry_out(model, "release 0")
    assert [one.alive for one in model.objects] == [False, False]
    assert [one.weak for one in model.objects] == [0, 0]


def test_a_cycle_lives_for_ever() -> None:
    """Nobody in it is ever the last to go."""
    model = RefcountModel()
    carry_out(model, f"new 0 64 {PLAIN} 1", "link 0 0", "release 0")
    assert [(one.alive, one.strong) for one in model.objects] == [(True, 1)]


def test_a_count_saturates_even_for_a_moment() -> None:
    """A scope at the limit's edge leaves a saturated count behind."""
    model = RefcountModel()
    carry_out(model, "new 0 8 0 1", "strong 0 1", "scope 0")
    assert model.objects[0].strong == LIMIT
    carry_out(model, "release 0")
    assert (model.objects[0].strong, model.objects[0].alive) == (LIMIT, True)


def test_a_weak_reference_outlives_its_object() -> None:
    """It keeps the block, and gives nothing any more."""
    model = RefcountModel()
    carry_out(model, "new 0 8 0 1", "weak 0 0", "release 0", "upgrade 0 1")
    assert model.slots[1] is None
    assert model.objects[0].weak == 1
    carry_out(model, "unweak 0")
    assert model.objects[0].weak == 0


def test_what_has_no_meaning_is_not_permitted() -> None:
    """A slot in use is not overwritten, and a bare object has no edge."""
    model = RefcountModel()
    carry_out(model, "new 0 8 0 1")
    for line in ("new 0 8 0 1", "retain 0 0", "link 0 0", "upgrade 0 0", "add 0 0"):
        verb, *numbers = line.split()
        assert not model.permits(Command(verb, tuple(map(int, numbers)))), line


def test_every_verb_can_be_told_as_c() -> None:
    """The C program names each call of a sequence of all verbs."""
    lines = (
        f"new 0 64 {PLAIN} 1", "retain 0 1", "link 0 1", "follow 0", "hand 0 1",
        "assign 1 0", "scope 0", "clear 1", "weak 0 0", "upgrade 0 1", "unweak 0", "strong 0 1",
        "weakly 0 -1", "huge 2 9", "starve 2", "root 2 1", "root 3 2", "add 2 3",
        "release 3", "new 3 64 2 1", "place 3 0",
    )
    commands = tuple(
        Command(verb, tuple(map(int, numbers)))
        for verb, *numbers in (line.split() for line in lines)
    )
    assert {command.verb for command in commands} >= set(SHAPES) - {"parent"}
    text = program(Failure(commands, Difference("one */ thing", "another")))
    for line in lines:
        assert f"/* {line} */" in text
    assert "one */" not in text
    for call in ("rc_retain(", "rc_assign(", "RC_SCOPED", "rc_weak_release(", "tree_add"):
        assert call in text


@pytest.mark.parametrize("verb", SHAPES)
def test_a_line_of_a_failure_names_what_it_is_about(verb: str) -> None:
    """The first of its slots or weak references."""
    line = told(Command(verb, (1, 2, 1, 1)))
    assert ("weak[1]" if verb in ("upgrade", "unweak") else "slot[1]") in line
    if SHAPES[verb] == "ss":
        assert "[2]" in line


@given(found=sequences("new release"))
def test_sequences_hold_only_their_verbs(found: Sequence[Step]) -> None:
    """And no number that a command cannot take."""
    commands = [command for step in found for command in step]
    assert {command.verb for command in commands} <= {"new", "release"}
    assert all(command.arguments[0] < SLOTS for command in commands)
