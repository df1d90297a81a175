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
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.judge.api import CannotCheck, CheckFailure
from grader.judge.bench import Bench
from grader.judge.environment import environment
from grader.judge.moments import Moment
from grader.lab import Value
from grader.observers import Malformed
from grader.outcome import Prediction

ANSWERS_BYTES = 64 << 10
TRANSCRIPT_BYTES = 4 << 20
FOLDER = "observations"
# Two machines that agree on these must agree on all that is `stable`.
ALIKE = ("machine", "kernel", "libc", "cc")


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
    _own: dict[str, str] = field(default_factory=dict)
    _believed: dict[str, str | CheckFailure] = field(default_factory=dict)

    def __getitem__(self, key: str) -> object | None:
        """What was answered, or None."""
        if key not in self.questions:
            raise KeyError(f"answers.toml of {self.bench.lab.id} has no `{key}`")
        return self.given.get(key)

    def expect(self, *keys: str) -> None:
        """Fail unless every one of these questions is answered right."""
        wrong = [words for key in keys if (words := self._wrong(self.questions[key]))]
        if wrong:
            raise CheckFailure(
                expected="\n".join(expected for expected, _ in wrong),
                actual="\n".join(actual for _, actual in wrong),
                input="answers.toml",
                rerun="make observe",
            )

    def transcript(self, name: str) -> str:
        """The body of the student's transcript, once it is believed.

        Raises CheckFailure if it is not there or cannot be believed.
        """
        if name not in self._believed:
            try:
                self._believed[name] = self._believe(self.observations[name])
            except CheckFailure as failure:
                self._believed[name] = failure
        body = self._believed[name]
        if isinstance(body, CheckFailure):
            raise body
        return body

    def own(self, name: str) -> str:
        """The judge's own run of an observation."""
        if name not in self._own:
            self._own[name] = self.observations[name].make(self.bench)
        return self._own[name]

    def predictions(self) -> tuple[Prediction, ...]:
        """Each prediction beside the measurement, as far as there is one."""
        rows = []
        for key, value in self.predicted.items():
            if value in ("", None) or key not in self.questions:
                continue
            question = self.questions[key]
            try:
                body = self.transcript(question.source)
                measured = str(question.truth(body, self.bench.variant))
            except (CheckFailure, CannotCheck, Malformed):
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
        body = self.transcript(question.source)
        truth = question.truth(body, self.bench.variant)
        if same(answer, truth, question.within):
            return None
        return place, f"{question.key}: {_shown(answer)}"

    def _believe(self, observation: Observation) -> str:
        path = self.bench.folder / FOLDER / observation.name
        name = f"{FOLDER}/{observation.name}"
        try:
            with path.open("rb") as file:
                data = file.read(TRANSCRIPT_BYTES + 1)
        except FileNotFoundError:
            raise self._disbelief(name, "it was not handed in") from None
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
            observation.valid(body, self.bench)
            self._agree(observation, header, body)
        except Malformed as reason:
            raise self._disbelief(name, str(reason)) from None
        return body

    def _agree(
        self, observation: Observation, header: Mapping[str, str], body: str
    ) -> None:
        stable = [
            question
            for question in self.questions.values()
            if question.source == observation.name and question.stable
        ]
        # `valid` has read the values' lines; a value may still be missing.
        values = {q.key: q.truth(body, self.bench.variant) for q in stable}
        here = environment()
        if not stable or any(header.get(key) != here[key] for key in ALIKE):
            return
        own = self.own(observation.name)
        for question in stable:
            truth = question.truth(own, self.bench.variant)
            if not same(values[question.key], truth, question.within):
                raise Malformed(
                    observation.name,
                    f"{question.where}: {values[question.key]} in the transcript, "
                    "another value in a run of the same program on the same system"
                )

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
        return isinstance(answer, str) and answer.strip().lower() == truth.lower()
    if isinstance(answer, bool) or not isinstance(answer, (int, float)):
        return False
    return isinstance(truth, (int, float)) and abs(answer - truth) <= within


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
    """Make one transcript: a header of `# key: value` lines, then the text."""
    header = {
        "lab": bench.lab.id,
        "student": bench.student.id,
        "variant": _variant_words(bench.variant),
        "command": observation.command,
        **environment(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }
    lines = [f"# {key}: {value}\n" for key, value in header.items()]
    return "".join(lines) + observation.make(bench)


def split(text: str) -> tuple[dict[str, str], str]:
    """A transcript's header and body."""
    header = {}
    rest = text
    while rest.startswith("# "):
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


def _variant_words(variant: Mapping[str, Value]) -> str:
    return " ".join(f"{key}={value}" for key, value in sorted(variant.items()))


def _shown(value: object) -> str:
    return str(value)
