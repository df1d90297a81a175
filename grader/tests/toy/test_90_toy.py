# SPDX-License-Identifier: MIT
"""The checks of the toy lab."""

from __future__ import annotations

from collections.abc import Mapping

from grader.box import Box
from grader.judge import Answers, Observation, Question, check, expect
from grader.judge.bench import Bench
from grader.lab import Value
from grader.observers import Malformed


def _make(bench: Bench) -> str:
    done = bench.box.run([bench.program("toy"), "x" * int(bench.variant["count"])])
    return done.stdout.decode().splitlines()[0] + "\n"


def _valid(text: str, bench: Bench) -> None:
    if not text.startswith("x"):
        raise Malformed("toy.txt", "not what toy prints")


def _length(text: str, variant: Mapping[str, Value]) -> Value:
    return len(text.strip())


OBSERVATIONS = (Observation("toy.txt", "toy", _make, _valid),)
QUESTIONS = (
    Question("length", "toy.txt", _length, "the length of the line", unit="letters"),
)


@check(task=1, points=30)
def test_pauses(bench: Bench, box: Box) -> None:
    """The program pauses at "toy"."""
    with box.spawn([bench.program("toy")]) as process:
        expect(process.wait_prompt(), "toy", what="the prompt")


@check(task=1, points=30, needs="pauses")
def test_ends_well(bench: Bench, box: Box) -> None:
    """The program ends with exit status 0."""
    done = box.run([bench.program("toy")])
    expect((done.how, done.status), ("exited", 0), what="its end")


@check(task=2, points=40)
def test_length(answers: Answers) -> None:
    """The line's length was measured."""
    answers.expect("length")
