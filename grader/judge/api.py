# SPDX-License-Identifier: MIT
"""The words of a check: what it is worth, what it expects, why it fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn, TypeVar, cast

import pytest

from grader.errors import InputError
from grader.outcome import Cause
from grader.text import shortened

MARKED_COLUMNS = 60
# A screen has some 2,000 characters; a flood must not become the report, nor
# what pytest makes of an exception's words.
TEXT_CHARACTERS = 1 << 15

_Function = TypeVar("_Function", bound=Callable[..., object])


class CheckFailure(Exception):
    """The submission is wrong; every field is shown to the student."""

    def __init__(
        self,
        expected: str,
        actual: str,
        input: str = "",
        rerun: str = "",
        hint: str = "",
        program: str = "",
    ) -> None:
        message = f"expected {expected}, got {actual}"
        super().__init__(shortened(message, TEXT_CHARACTERS))
        self.expected = expected
        self.actual = actual
        self.input = input
        self.rerun = rerun
        self.hint = hint
        self.program = program


class CannotCheck(InputError):
    """The check cannot be made, and why; see Cause."""

    def __init__(self, cause: Cause, why: str) -> None:
        super().__init__(shortened(why, TEXT_CHARACTERS))
        self.cause = cause
        self.why = why


def check(
    *, task: int, points: int, needs: str = ""
) -> Callable[[_Function], _Function]:
    """Mark a function as a check of a task.

    `needs` has the ids of earlier checks (their functions' names without
    `test_`), with spaces between, that have to pass for this one to mean
    anything.
    """

    def mark(function: _Function) -> _Function:
        if not (function.__doc__ or "").strip():
            raise TypeError(f"{function.__name__}: a check's docstring is its title")
        earlier = tuple(needs.split())
        marker = pytest.mark.check(task=task, points=points, needs=earlier)
        return cast(_Function, marker(function))

    return mark


def expect(
    actual: object,
    expected: object,
    *,
    what: str,
    input: str = "",
    rerun: str = "",
    hint: str = "",
) -> None:
    """Fail unless the two are equal; `what` names the value in words.

    Where both are one line of text, a mark shows the first difference.
    """
    if actual == expected:
        return
    shown = f"{what}: {actual}"
    if isinstance(actual, str) and isinstance(expected, str):
        shown += _mark(f"{what}: {expected}", shown)
    fail(
        expected=f"{what}: {expected}",
        actual=shown,
        input=input,
        rerun=rerun,
        hint=hint,
    )


def _mark(expected: str, actual: str) -> str:
    """A line that points at the first difference of two lines, or nothing."""
    if "\n" in expected + actual or len(actual) > MARKED_COLUMNS:
        return ""
    same = len(os.path.commonprefix([expected, actual]))
    return f"\n{' ' * same}^ the first difference"


def fail(
    *,
    expected: str,
    actual: str,
    input: str = "",
    rerun: str = "",
    hint: str = "",
    program: str = "",
) -> NoReturn:
    """The submission is wrong.

    `input` is what produced it; `rerun` a command to paste in the lab's
    folder; without a `hint`, the task's first one is shown. `program` is C
    source that shows it again: make check keeps it as build/failure-ID.c.
    """
    raise CheckFailure(expected, actual, input, rerun, hint, program)


def cannot_check(cause: Cause, why: str) -> NoReturn:
    """This machine or the grader, not the submission, is in the way."""
    raise CannotCheck(cause, why)
