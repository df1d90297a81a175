# SPDX-License-Identifier: MIT
"""The judge as a pytest plugin: every expected check gets exactly one result.

`python3 -m grader check` uses it through run.py. Who likes pytest runs a
lab's checks bare: `pytest grader/checks/test_NN_name.py --submission DIR`.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from grader.box import Box, BoxError, BoxLate, Ended, ToolMissing
from grader.judge.api import TEXT_CHARACTERS, CannotCheck, CheckFailure
from grader.judge.bench import Bench, open_bench
from grader.judge.catalogue import Check, catalogue, evidence_of
from grader.judge.evidence import Answers, load_answers
from grader.judge.pictures import draw_pictures
from grader.judge.submission import Submission
from grader.lab import Lab, Value
from grader.observers import Malformed
from grader.outcome import Cause, CheckResult, Outcome, Picture, Prediction
from grader.text import shortened

STDERR_SHOWN = 4096


class JudgePlugin:
    """Judges one submission of one lab; `results()` is complete and ordered.

    `steps`: only the checks of these tasks, and what they need; empty: all.
    `memview`: the program that draws the observations; None: no pictures.
    """

    def __init__(
        self,
        lab: Lab,
        staging: Path,
        sub: Submission,
        level: str,
        steps: frozenset[int] = frozenset(),
        memview: Path | None = None,
    ) -> None:
        self.lab = lab
        self.box_level = ""
        self.box_note = ""
        self.notes: list[str] = []
        self.predictions: tuple[Prediction, ...] = ()
        self.pictures: tuple[Picture, ...] = ()
        self._staging = staging
        self._submission = sub
        self._level = level
        self._memview = memview
        self._checks = {check.id: check for check in catalogue(lab, steps)}
        self._results: dict[str, CheckResult] = {}

    def results(self) -> tuple[CheckResult, ...]:
        """One result a check; one that pytest never came to is our fault."""
        return tuple(
            self._results.get(check.id)
            or _cannot(check, Cause.GRADER, "the check was never run")
            for check in self._checks.values()
        )

    # Fixtures: what a check may take

    @pytest.fixture(scope="session")
    def bench(self) -> Iterator[Bench]:
        """The submission, laid over the pristine lab."""
        with open_bench(
            self.lab, self._staging, self._submission.student, self._level
        ) as bench:
            self.box_level = bench.box.level.value
            self.box_note = bench.box.note
            self.notes = bench.notes
            yield bench

    @pytest.fixture(scope="session")
    def box(self, bench: Bench) -> Box:
        """The box that the submission runs in."""
        return bench.box

    @pytest.fixture(scope="session")
    def variant(self, bench: Bench) -> Mapping[str, Value]:
        """The student's parameters."""
        return bench.variant

    @pytest.fixture(scope="session")
    def answers(self, bench: Bench) -> Iterator[Answers]:
        """answers.toml and its evidence; shown when all checks are over."""
        answers = load_answers(bench, *evidence_of(self.lab))
        yield answers
        # No verdict hangs on these: they come when all verdicts are there.
        self.predictions = answers.predictions()
        if self._memview is not None:
            self.pictures = draw_pictures(answers, self._memview)

    # Hooks

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the mark known."""
        config.addinivalue_line(
            "markers", "check(task, points, needs): a check of a lab"
        )

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run the wanted checks in the order of their tasks."""
        order = list(self._checks)
        items[:] = sorted(
            (item for item in items if _id(item) in self._checks),
            key=lambda item: order.index(_id(item)),
        )

    @pytest.hookimpl(tryfirst=True)  # type: ignore[misc]  # pluggy is untyped
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A check that rests on others waits for them to pass."""
        for id in self._checks[_id(item)].needs:
            if self._results[id].outcome is not Outcome.PASS:
                title = self._checks[id].title
                raise CannotCheck(Cause.DEPENDS, f"this has to pass first: {title}")

    @pytest.hookimpl(tryfirst=True)  # type: ignore[misc]  # pluggy is untyped
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> None:
        """Note the check's one result."""
        check = self._checks[_id(item)]
        if call.excinfo is not None:
            self._results[check.id] = self._classify(check, call.excinfo.value)
        elif call.when == "call":
            self._results[check.id] = _result(check, Outcome.PASS)

    def _classify(self, check: Check, error: BaseException) -> CheckResult:
        hint = self.lab.task(check.task).hints[0]
        rerun = "make check"
        if isinstance(error, CheckFailure):
            if error.program:
                name = f"build/failure-{check.id}"
                rerun = f"make {name} && {name}"
            return _result(
                check,
                Outcome.FAIL,
                expected=error.expected,
                actual=error.actual,
                input=error.input,
                rerun=error.rerun or rerun,
                hint=error.hint or hint,
                program=error.program,
            )
        if isinstance(error, Ended):
            return _result(
                check,
                Outcome.FAIL,
                expected="the program's next prompt (pause_at)",
                actual=f"the program {_last_words(error)}",
                rerun=rerun,
                hint=hint,
            )
        if isinstance(error, Malformed):
            return _result(
                check,
                Outcome.FAIL,
                expected="something that the judge can read",
                actual=str(error),
                rerun=rerun,
                hint=hint,
            )
        if isinstance(error, CannotCheck):
            return _cannot(check, error.cause, error.why)
        if isinstance(error, ToolMissing):
            return _cannot(check, Cause.TOOL, str(error))
        if isinstance(error, BoxLate):
            return _cannot(check, Cause.GRADER, str(error))
        if isinstance(error, BoxError):
            return _cannot(check, Cause.PERMISSION, str(error))
        words = "".join(traceback.format_exception(error))
        return _cannot(check, Cause.GRADER, words)


def _id(item: pytest.Item) -> str:
    return item.name.removeprefix("test_")


def _result(
    check: Check,
    outcome: Outcome,
    expected: str = "",
    actual: str = "",
    input: str = "",
    rerun: str = "",
    hint: str = "",
    program: str = "",
    cause: Cause | None = None,
) -> CheckResult:
    return CheckResult(
        check.id,
        check.task,
        check.title,
        check.points,
        outcome,
        cause,
        shortened(expected, TEXT_CHARACTERS),
        shortened(actual, TEXT_CHARACTERS),
        shortened(input, TEXT_CHARACTERS),
        rerun,
        hint,
        program,
    )


def _cannot(check: Check, cause: Cause, why: str) -> CheckResult:
    return _result(check, Outcome.CANNOT_CHECK, cause=cause, actual=why)


def _last_words(ended: Ended) -> str:
    finished = ended.finished
    words = finished.describe()
    stderr = finished.stderr[-STDERR_SHOWN:].decode("utf-8", "backslashreplace")
    return f"{words}; its standard error:\n{stderr}" if stderr.strip() else words
