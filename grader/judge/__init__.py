# SPDX-License-Identifier: MIT
"""The judge: what a lab's checks are written with.

A lab's checks are one pytest module, grader/checks/test_NN_name.py. It
defines OBSERVATIONS and QUESTIONS (evidence.py) and its checks: functions
marked with `check`, whose docstring is the title that the student reads.
"""

from grader.judge.api import (
    CannotCheck,
    CheckFailure,
    cannot_check,
    check,
    expect,
    fail,
)
from grader.judge.evidence import Answers, Observation, Question
from grader.judge.moments import at_pauses

__all__ = [
    "Answers",
    "CannotCheck",
    "CheckFailure",
    "Observation",
    "Question",
    "at_pauses",
    "cannot_check",
    "check",
    "expect",
    "fail",
]
