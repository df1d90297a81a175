# SPDX-License-Identifier: MIT
"""What a check found and what a lab's result is, and their JSON form."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

FORMAT = 1


class Outcome(str, Enum):
    """The three ends of a check."""

    PASS = "pass"
    FAIL = "fail"
    CANNOT_CHECK = "cannot check"


class Cause(str, Enum):
    """Why a check could not be made."""

    BUILD = "build"  # the submission does not build
    DEPENDS = "depends"  # another check has to pass first
    TOOL = "tool"  # a tool is missing on this machine
    PERMISSION = "permission"  # this machine does not permit it
    GRADER = "grader"  # the grader's own fault

    @property
    def on_student(self) -> bool:
        """Whether the points are lost, or are only not yet decided."""
        return self in (Cause.BUILD, Cause.DEPENDS)


@dataclass(frozen=True)
class CheckResult:
    """One check of one submission; texts are as observed."""

    id: str
    task: int
    title: str
    points: int
    outcome: Outcome
    cause: Cause | None = None
    expected: str = ""
    actual: str = ""
    input: str = ""
    rerun: str = ""
    hint: str = ""
    program: str = ""
    """C source that shows the failure by itself, if the check made one."""

    @property
    def earned(self) -> int:
        """The points that this check gives."""
        return self.points if self.outcome is Outcome.PASS else 0

    @property
    def undecided(self) -> bool:
        """Whether the machine or the grader, not the student, is at fault."""
        return self.cause is not None and not self.cause.on_student


@dataclass(frozen=True)
class Prediction:
    """What the student expected, beside what was measured; never graded."""

    key: str
    predicted: str
    measured: str


@dataclass(frozen=True)
class Picture:
    """The address space at one pause, beside that at the pause before it.

    `source` is the transcript, `before` (perhaps empty) and `after` are labels
    of pauses. `svg` is memview's picture of texts of a student's; without
    one, `trouble` says why.
    """

    source: str
    before: str = ""
    after: str = ""
    svg: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Result:
    """One submission of one lab."""

    lab: str
    title: str
    student: dict[str, str]
    variant: dict[str, int | str]
    box: str
    box_note: str
    environment: dict[str, str]
    notes: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    checks: tuple[CheckResult, ...]
    max: int = 100
    pictures: tuple[Picture, ...] = ()
    format: int = field(default=FORMAT)

    @property
    def score(self) -> int:
        """Points earned."""
        return sum(check.earned for check in self.checks)

    @property
    def unchecked(self) -> int:
        """Points that are neither earned nor lost: not a zero."""
        return sum(check.points for check in self.checks if check.undecided)

    @property
    def undecided(self) -> bool:
        """Whether any check waits for this machine, or for the grader."""
        return any(check.undecided for check in self.checks)

    @property
    def grader_fault(self) -> bool:
        """Whether any check met a fault of the grader itself."""
        return any(check.cause is Cause.GRADER for check in self.checks)


def to_json(result: Result) -> str:
    """The machine's form of a result, one JSON object and a newline."""
    table = dataclasses.asdict(result)
    table["score"] = result.score
    table["unchecked"] = result.unchecked
    for check, row in zip(result.checks, table["checks"]):
        row["earned"] = check.earned
    return json.dumps(table, indent=1, ensure_ascii=True) + "\n"


def from_json(text: str) -> Result:
    """The result that `to_json` wrote; ValueError if it is anything else."""
    try:
        table: dict[str, Any] = json.loads(text)
        score = table.pop("score")
        unchecked = table.pop("unchecked")
        checks = []
        for row in table.pop("checks"):
            earned = row.pop("earned")
            cause = row.pop("cause")
            check = CheckResult(
                outcome=Outcome(row.pop("outcome")),
                cause=None if cause is None else Cause(cause),
                **row,
            )
            if check.earned != earned:
                raise ValueError(f"check {check.id}: earned {earned}?")
            checks.append(check)
        predictions = tuple(Prediction(**row) for row in table.pop("predictions"))
        notes = tuple(table.pop("notes"))
        pictures = tuple(Picture(**row) for row in table.pop("pictures", ()))
        result = Result(
            notes=notes,
            predictions=predictions,
            checks=tuple(checks),
            pictures=pictures,
            **table,
        )
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a result: {error!r}") from None
    if (result.score, result.unchecked, result.format) != (score, unchecked, FORMAT):
        raise ValueError("not a result: its sums do not agree with its checks")
    return result
