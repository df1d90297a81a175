# SPDX-License-Identifier: MIT
"""A judge's result, believed only if it is complete; and results without one."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

from grader.judge.catalogue import Check
from grader.judge.environment import environment
from grader.judge.submission import Submission
from grader.lab import Lab
from grader.outcome import Cause, CheckResult, Outcome, Result, from_json
from grader.variant import variant_of

RESULT_BYTES = 64 << 20  # every text of a failure is kept whole
TAIL_BYTES = 4096  # of the judge's own last words


def read_capped(path: Path, limit: int) -> str:
    """A text file of at most `limit` bytes; ValueError if it is another thing."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        data = file.read(limit + 1)
    if not stat.S_ISREG(status.st_mode) or len(data) > limit:
        raise ValueError(f"not a file of at most {limit} bytes")
    return data.decode("utf-8")


def believed(
    text: str, lab: Lab, checks: tuple[Check, ...], submission: Submission, level: str
) -> Result:
    """The result in `text`, if it is the whole one of this submission.

    It must list exactly the expected checks, with their points. ValueError
    says what is not as it should be.
    """
    result = from_json(text)
    wanted = [(check.id, check.task, check.points, check.title) for check in checks]
    found = [(check.id, check.task, check.points, check.title) for check in result.checks]
    student = {"id": submission.student.id, "name": submission.student.name}
    for what, is_there, should_be in (
        ("lab", result.lab, lab.id),
        ("checks", found, wanted),
        ("max", result.max, sum(check.points for check in checks)),
        ("student", result.student, student),
        ("variant", result.variant, variant_of(lab, submission.student)),
        ("box level", result.box or level, level),
    ):
        if is_there != should_be:
            raise ValueError(f"{what}: {is_there!r} instead of {should_be!r}")
    for check in result.checks:
        texts = (check.expected, check.actual, check.input, check.rerun, check.hint)
        if not all(isinstance(text, str) for text in texts):
            raise ValueError(f"check {check.id}: a text that is none")
        if (check.cause is None) == (check.outcome is Outcome.CANNOT_CHECK):
            raise ValueError(f"check {check.id}: {check.outcome} for {check.cause}")
    for picture in result.pictures:
        if not all(isinstance(text, str) for text in vars(picture).values()):
            raise ValueError(f"a picture of {picture.source!r}: a text that is none")
    return result


def not_judged(
    lab: Lab,
    checks: tuple[Check, ...],
    submission: Submission,
    level: str,
    cause: Cause,
    why: str,
) -> Result:
    """A result without a judge: every check is there, and cannot be made."""
    student = submission.student
    return Result(
        lab=lab.id,
        title=lab.title,
        student={"id": student.id, "name": student.name},
        variant=variant_of(lab, student),
        box=level,
        box_note="",
        environment=environment(),
        notes=(),
        predictions=(),
        checks=tuple(
            CheckResult(
                id=check.id,
                task=check.task,
                title=check.title,
                points=check.points,
                outcome=Outcome.CANNOT_CHECK,
                cause=cause,
                actual=why,
            )
            for check in checks
        ),
    )


def with_notes(result: Result, notes: tuple[str, ...]) -> Result:
    """The result, told first what was said when the submission was imported."""
    return replace(result, notes=tuple(dict.fromkeys((*notes, *result.notes))))
