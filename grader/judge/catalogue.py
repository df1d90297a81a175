# SPDX-License-Identifier: MIT
"""What a lab's check module holds: the checks that every result must list."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from grader.judge.evidence import Observation, Question
from grader.lab import Lab, LabError


@dataclass(frozen=True)
class Check:
    """One check, as its decorator and its docstring describe it."""

    id: str
    task: int
    points: int
    needs: tuple[str, ...]
    title: str


def module_path(lab: Lab) -> Path:
    """The file that holds a lab's checks."""
    name = "test_" + lab.id.replace("-", "_") + ".py"
    return Path(__file__).resolve().parent.parent / "checks" / name


def load_module(lab: Lab) -> ModuleType:
    """Import a lab's checks; LabError if there are none."""
    path = module_path(lab)
    if not path.is_file():
        raise LabError(f"{path}: not there; {lab.id} has no checks yet")
    return importlib.import_module(f"grader.checks.{path.stem}")


def catalogue(
    lab: Lab, steps: frozenset[int] = frozenset()
) -> tuple[Check, ...]:
    """The checks of a lab, by task; LabError if they do not fit lab.toml.

    `steps`: only those of these tasks, and what they need; empty: all.
    """
    everything = _all_checks(lab)
    for step in steps:
        lab.task(step)
    wanted = {check.id for check in everything if check.task in steps}
    for check in reversed(everything):  # a check needs an earlier one
        if check.id in wanted:
            wanted.update(check.needs)
    return tuple(c for c in everything if not steps or c.id in wanted)


def _all_checks(lab: Lab) -> tuple[Check, ...]:
    module = load_module(lab)
    checks: list[Check] = []
    for name, function in vars(module).items():
        if not name.startswith("test_") or not inspect.isfunction(function):
            continue
        marks = [m for m in getattr(function, "pytestmark", ()) if m.name == "check"]
        if len(marks) != 1:
            raise LabError(f"{module.__name__}.{name}: must be marked once by @check")
        title = " ".join((function.__doc__ or "").split("\n\n")[0].split())
        checks.append(
            Check(id=name.removeprefix("test_"), title=title, **marks[0].kwargs)
        )
    checks.sort(key=lambda check: check.task)
    for task in lab.tasks:
        points = sum(check.points for check in checks if check.task == task.number)
        if points != task.points:
            raise LabError(
                f"{module.__name__}: task {task.number} has {points} points in its "
                f"checks and {task.points} in lab.toml"
            )
    seen: set[str] = set()
    for check in checks:
        lab.task(check.task)
        for id in check.needs:
            if id not in seen:
                raise LabError(
                    f"{module.__name__}: {check.id} needs {id}, "
                    "which is no earlier check"
                )
        seen.add(check.id)
    return tuple(checks)


def evidence_of(lab: Lab) -> tuple[tuple[Observation, ...], tuple[Question, ...]]:
    """The observations and the questions of a lab; either may be empty."""
    module = load_module(lab)
    return getattr(module, "OBSERVATIONS", ()), getattr(module, "QUESTIONS", ())
