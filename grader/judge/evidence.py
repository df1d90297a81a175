# SPDX-License-Identifier: MIT
"""Answers, and the transcripts that they are graded against.

An answer is a typed value. Where the truth depends on the machine, `make
observe` has stored what the tools said on the student's machine. The judge
grades the answer against that transcript, after it has found that the
transcript is of this lab and this student, is what the tool would say of
this program (`valid`), and, if it was made on a machine like the judge's,
agrees with what the judge sees itself.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from grader.box import Ended
from grader.errors import InputError
from grader.judge.api import CheckFailure
from grader.judge.bench import Bench
from grader.judge.environment import environment
from grader.judge.moments import Moment
from grader.lab import Value
from grader.observers import Malformed
from grader.outcome import Prediction

ANSWERS_BYTES = 64 << 10
ANSWERS_DOTS = 100  # in a line: tomllib takes the square of a dotted key's length
TRANSCRIPT_BYTES = 1 << 20  # the longest honest one has 20 KiB
HEADER_LINES = 32  # `observe` writes some ten
FOLDER = "observations"
UNTOLD = "shown as soon as your answer to it is right"
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
# Two machines that agree on these must agree on all that is `stable`.
ALIKE = ("machine", "kernel", "libc", "cc")
# What reading a text that no tool wrote may raise besides Malformed.
STUMBLES = (ArithmeticError, LookupError, RecursionError, ValueError)

_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Observation:
    """One transcript: how it is made, and what makes one believable.

    `make` returns the text. `valid` raises Malformed, with the reason, for a
    text that the tool cannot have printed about this lab's program.
    `moments` reads out of a text what the mappings were at each pause: the
    class's report then shows them as pictures.
    """

    name: str
    command: str
    make: Callable[[Bench], str]
    valid: Callable[[str, Bench], None]
    moments: Callable[[str], tuple[Moment, ...]] | None = None


@dataclass(frozen=True)
class Question:
    """One key of answers.toml.

    `truth` reads the value out of a transcript's text. `where` says, for the
    student, where to read it. `within` is the tolerance of a number, in
    `unit`. `stable`: the value depends on machine and toolchain only, not on
    the run.
    """

    key: str
    source: str
    truth: Callable[[str, Mapping[str, Value]], Value]
    where: str
    unit: str = ""
    within: float = 0.0
    stable: bool = True


@dataclass
class Answers:
    """The answers of one submission, and the evidence for them."""

    bench: Bench
    observations: Mapping[str, Observation]
    questions: Mapping[str, Question]
    given: Mapping[str, object]
    predicted: Mapping[str, object]
    fault: str = ""
    _own: dict[str, str | Exception] = field(default_factory=dict)
    _believed: dict[str, str | Exception] = field(default_factory=dict)

    def __getitem__(self, key: str) -> object | None:
        """What was answered, or None."""
        if key not in self.questions:
            raise KeyError(f"answers.toml of {self.bench.lab.id} has no `{key}`")
        return self.given.get(key)

    def expect(self, *keys: str) -> None:
        """Fail unless every one of these questions is answered right."""
        wrong = [words for key in keys if (words := self._wrong(self.questions[key]))]
        if wrong:
            sources = {self.questions[key].source: None for key in keys}
            raise CheckFailure(
                expected="\n".join(expected for expected, _ in wrong),
                actual="\n".join(actual for _, actual in wrong),
                input="answers.toml",
                rerun=" ".join(["less", *(f"{FOLDER}/{name}" for name in sources)]),
            )

    def transcript(self, name: str) -> str:
        """The body of the student's transcript, once it is believed.

        Raises CheckFailure if it is not there or cannot be believed, and
        what `own` raises.
        """
        observation = self.observations[name]
        return _once(self._believed, name, lambda: self._believe(observation))

    def own(self, name: str) -> str:
        """The judge's own run of an observation; what it raised, it raises again."""
        observation = self.observations[name]
        return _once(self._own, name, lambda: _made(observation, self.bench))

    def predictions(self) -> tuple[Prediction, ...]:
        """Each prediction beside the measurement, as far as there is one.

        Where the same question is one of [answers], it is asked first.
        """
        rows = []
        for key, value in self.predicted.items():
            if value in ("", None) or key not in self.questions:
                continue
            question = self.questions[key]
            try:
                truth = self._truth(question, self.transcript(question.source))
                right = same(self.given.get(key), truth, question.within)
                measured = str(truth) if right else UNTOLD
            except Exception:  # whatever it is, no point hangs on it
                measured = "not measured"
            rows.append(Prediction(key, _shown(value), measured))
        return tuple(rows)

    def _wrong(self, question: Question) -> tuple[str, str] | None:
        place = f"{question.key}: {question.where}"
        if question.unit:
            place += f", in {question.unit}"
        if self.fault:
            return place, self.fault
        answer = self.given.get(question.key)
        if answer in ("", None):
            return place, f"{question.key}: no answer"
        truth = self._truth(question, self.transcript(question.source))
        if same(answer, truth, question.within):
            return None
        shown = f"{question.key}: {_shown(answer)}"
        if isinstance(answer, str) and not isinstance(truth, str):
            shown += " is text: write the number alone, without quotes and unit"
        return place, shown

    def _believe(self, observation: Observation) -> str:
        path = self.bench.folder / FOLDER / observation.name
        name = f"{FOLDER}/{observation.name}"
        try:
            with path.open("rb") as file:
                data = file.read(TRANSCRIPT_BYTES + 1)
        except FileNotFoundError:
            raise self._disbelief(name, "there is no such file") from None
        if len(data) > TRANSCRIPT_BYTES:
            raise self._disbelief(name, f"larger than {TRANSCRIPT_BYTES} bytes")
        header, body = split(data.decode("utf-8", "surrogateescape"))
        for key, own in {
            "lab": self.bench.lab.id,
            "student": self.bench.student.id,
            "variant": _variant_words(self.bench.variant),
        }.items():
            if header.get(key) != own:
                raise self._disbelief(
                    name, f"its line `{key}` says `{header.get(key, '')}`, not `{own}`"
                )
        try:
            _read(observation.name, observation.valid, body, self.bench)
            # `valid` has read the values' lines; a value may still be missing.
            values = {
                question.key: self._truth(question, body)
                for question in self.questions.values()
                if question.source == observation.name and question.stable
            }
        except Malformed as reason:
            raise self._disbelief(name, str(reason)) from None
        here = environment()
        if values and all(header.get(key) == here[key] for key in ALIKE):
            self._agree(observation, name, values)
        return body

    def _agree(
        self, observation: Observation, name: str, values: Mapping[str, Value]
    ) -> None:
        """Fail unless a run of the judge's own has these values as well."""
        here = "a run of the same program on the same system"
        try:
            own = self.own(observation.name)
            truths = {key: self._truth(self.questions[key], own) for key in values}
        except Malformed as reason:
            raise self._disbelief(name, f"in {here}: {reason}") from None
        for key, truth in truths.items():
            question = self.questions[key]
            if not same(values[key], truth, question.within):
                raise self._disbelief(
                    name,
                    f"{question.where}: {values[key]} in the transcript, "
                    f"another value in {here}",
                )

    def _truth(self, question: Question, body: str) -> Value:
        return _read(question.source, question.truth, body, self.bench.variant)

    def _disbelief(self, name: str, reason: str) -> CheckFailure:
        return CheckFailure(
            expected=f"{name}, as `make observe` wrote it",
            actual=reason,
            input=name,
            rerun="make observe",
            hint="Run `make observe` after the last change, and hand in all of "
            f"{FOLDER}/.",
        )


def same(answer: object, truth: object, within: float) -> bool:
    """Whether an answer is the truth; numbers within a tolerance."""
    if isinstance(truth, str):
        # A function's name may be written as one.
        written = answer.strip().removesuffix("()") if isinstance(answer, str) else ""
        return written.lower() == truth.lower()
    if isinstance(answer, str) and _NUMBER.fullmatch(answer.strip()):
        answer = int(answer)
    if isinstance(answer, bool) or not isinstance(answer, (int, float)):
        return False
    try:
        return isinstance(truth, (int, float)) and abs(answer - truth) <= within
    except OverflowError:  # an integer that no float can hold
        return False


def load_answers(
    bench: Bench,
    observations: tuple[Observation, ...],
    questions: tuple[Question, ...],
) -> Answers:
    """Read the submission's answers.toml; a broken one answers nothing."""
    given: object = {}
    predicted: object = {}
    fault = ""
    try:
        with (bench.folder / "answers.toml").open("rb") as file:
            data = file.read(ANSWERS_BYTES + 1)
        if len(data) > ANSWERS_BYTES:
            raise ValueError(f"larger than {ANSWERS_BYTES} bytes")
        for line in data.splitlines():
            if line.count(b".") > ANSWERS_DOTS and not line.startswith(b"#"):
                raise ValueError(f"a line has more than {ANSWERS_DOTS} dots")
        table = tomllib.loads(data.decode("utf-8"))
        given, predicted = table.get("answers", {}), table.get("predict", {})
        if not isinstance(given, dict) or not isinstance(predicted, dict):
            raise ValueError("[answers] and [predict] must be tables")
    except FileNotFoundError:
        fault = "answers.toml was not handed in"
    except (ValueError, RecursionError) as error:
        fault = f"answers.toml cannot be read: {error}"
    return Answers(
        bench=bench,
        observations={observation.name: observation for observation in observations},
        questions={question.key: question for question in questions},
        given=given if isinstance(given, dict) and not fault else {},
        predicted=predicted if isinstance(predicted, dict) and not fault else {},
        fault=fault,
    )


def observe(bench: Bench, observation: Observation) -> str:
    """Make one transcript: a header of `# key: value` lines, then the text.

    InputError, with the reason, if it cannot be made.
    """
    header = {
        "lab": bench.lab.id,
        "student": bench.student.id,
        "variant": _variant_words(bench.variant),
        "command": observation.command,
        **environment(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }
    lines = [f"# {key}: {value}\n" for key, value in header.items()]
    try:
        return "".join(lines) + _made(observation, bench)
    except (CheckFailure, Ended, Malformed) as error:
        actual = error.actual if isinstance(error, CheckFailure) else str(error)
        raise InputError(f"{FOLDER}/{observation.name}: {actual}") from error


def split(text: str) -> tuple[dict[str, str], str]:
    """A transcript's header, of at most HEADER_LINES lines, and body."""
    header = {}
    rest = text
    for _ in range(HEADER_LINES):
        if not rest.startswith("# "):
            break
        line, _, rest = rest.partition("\n")
        key, _, value = line[2:].partition(": ")
        header[key] = value
    return header, rest


def write_transcripts(
    bench: Bench, observations: tuple[Observation, ...], folder: Path
) -> list[str]:
    """Make every transcript and store it in folder; returns their names."""
    folder.mkdir(exist_ok=True)
    for observation in observations:
        text = observe(bench, observation)
        temporary = folder / f".{observation.name}"
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape")
        temporary.replace(folder / observation.name)
    return [observation.name for observation in observations]


def _made(observation: Observation, bench: Bench) -> str:
    text = observation.make(bench)
    if len(text) > TRANSCRIPT_BYTES:
        raise Malformed(observation.name, f"more than {TRANSCRIPT_BYTES} characters")
    return text


def _read(name: str, read: Callable[..., _Read], *arguments: object) -> _Read:
    """What `read` finds in a text; Malformed, whatever it stumbles over."""
    try:
        return read(*arguments)
    except Malformed:
        raise
    except STUMBLES as error:
        words = f"not as the tool writes it ({type(error).__name__}: {error})"
        raise Malformed(name, words) from error


def _once(
    known: dict[str, str | Exception], name: str, make: Callable[[], str]
) -> str:
    """The text that `make` makes, or what it raises; made once."""
    if name not in known:
        try:
            known[name] = make()
        except Exception as error:
            known[name] = error
    text = known[name]
    if isinstance(text, Exception):
        raise text
    return text


def _variant_words(variant: Mapping[str, Value]) -> str:
    return " ".join(f"{key}={value}" for key, value in sorted(variant.items()))


def _shown(value: object) -> str:
    """An answer in words, whatever TOML lets it be."""
    try:
        return str(value)
    except (RecursionError, ValueError):
        return f"{type(value).__name__} that is too long to be shown"
