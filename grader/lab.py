# SPDX-License-Identifier: MIT
"""A lab as its lab.toml describes it: the only description that there is."""

from __future__ import annotations

import fnmatch
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
LABS = ROOT / "labs"
SOLUTIONS = ROOT / "solutions"  # not in a student's copy

# What every lab has, and no student hands in.
GIVEN = ("Makefile", "README.md", "lab.toml", "quiz.md")

Value = int | str


class LabError(InputError):
    """A lab that is not there or whose lab.toml is wrong; says the remedy."""


@dataclass(frozen=True)
class Task:
    """One numbered step: handout's step, skeleton's TODO, checks' task."""

    number: int
    title: str
    points: int
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Parameter:
    """One value of the student's variant, and what it is drawn from."""

    default: Value
    choices: tuple[Value, ...]


@dataclass(frozen=True)
class Lab:
    """One lab; `folder` holds the handout and the skeletons.

    `hand_in` are names or patterns of what is taken from a student; `given`
    are the other files of the lab's, which are never taken.
    """

    id: str
    number: int
    title: str
    minutes: int
    programs: tuple[str, ...]
    hand_in: tuple[str, ...]
    given: tuple[str, ...]
    tools: tuple[str, ...]
    tasks: tuple[Task, ...]
    parameters: dict[str, Parameter]
    folder: Path

    def task(self, number: int) -> Task:
        """The task with this number; LabError if there is none."""
        for task in self.tasks:
            if task.number == number:
                return task
        numbers = ", ".join(str(task.number) for task in self.tasks)
        raise LabError(f"{self.id} has no step {number}; its steps: {numbers}")

    def accepts(self, name: str) -> bool:
        """Whether a file of this name (relative, with `/`) is handed in.

        A pattern matches within one level only: `*` never matches a `/`.
        """
        parts = name.split("/")
        for pattern in self.hand_in:
            wanted = pattern.split("/")
            if len(wanted) == len(parts) and all(
                fnmatch.fnmatchcase(part, want)
                for part, want in zip(parts, wanted)
            ):
                return True
        return False

    def handed_in(self, folder: Path) -> list[str]:
        """The names of the files below a folder that are handed in, sorted.

        No link is one, and none is followed.
        """
        names = (
            path.relative_to(folder).as_posix()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink()
        )
        return list(filter(self.accepts, names))


def _get(table: dict[str, Any], key: str, kind: type, where: Path) -> Any:
    if key not in table:
        raise LabError(f"{where}: `{key}` is missing")
    value = table[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise LabError(f"{where}: `{key}` must be of type {kind.__name__}")
    return value


def _strings(table: dict[str, Any], key: str, where: Path) -> tuple[str, ...]:
    values = _get(table, key, list, where)
    if not all(isinstance(value, str) and value for value in values):
        raise LabError(f"{where}: `{key}` must be a list of non-empty strings")
    return tuple(values)


def _task(table: dict[str, Any], where: Path) -> Task:
    task = Task(
        number=_get(table, "number", int, where),
        title=_get(table, "title", str, where),
        points=_get(table, "points", int, where),
        hints=_strings(table, "hints", where),
    )
    if len(task.hints) != 3:
        raise LabError(f"{where}: task {task.number} needs three hints")
    return task


def _parameter(name: str, table: Any, where: Path) -> Parameter:
    if not isinstance(table, dict):
        raise LabError(f"{where}: [variant] {name} needs default and choices")
    choices = _get(table, "choices", list, where)
    default = table.get("default")
    if (
        not isinstance(default, (int, str))
        or default not in choices
        or not all(isinstance(choice, (int, str)) for choice in choices)
    ):
        raise LabError(
            f"{where}: [variant] {name}: the default must be one of choices"
        )
    return Parameter(default, tuple(choices))


def load_lab(folder: Path) -> Lab:
    """Read folder/lab.toml; LabError names the file and what is wrong."""
    where = folder / "lab.toml"
    try:
        table = tomllib.loads(where.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabError(f"{where}: not there; is {folder} a lab?") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LabError(f"{where}: {error}") from None
    tasks = tuple(_task(task, where) for task in _get(table, "task", list, where))
    lab = Lab(
        id=folder.name,
        number=_get(table, "number", int, where),
        title=_get(table, "title", str, where),
        minutes=_get(table, "minutes", int, where),
        programs=_strings(table, "programs", where),
        hand_in=_strings(table, "hand_in", where),
        given=(*GIVEN, *(_strings(table, "given", where) if "given" in table else ())),
        tools=_strings(table, "tools", where),
        tasks=tasks,
        parameters={
            name: _parameter(name, parameter, where)
            for name, parameter in table.get("variant", {}).items()
        },
        folder=folder,
    )
    if [task.number for task in tasks] != list(range(1, len(tasks) + 1)):
        raise LabError(f"{where}: the tasks must be numbered 1, 2, 3, ...")
    if sum(task.points for task in tasks) != 100:
        raise LabError(f"{where}: the points of the tasks must add up to 100")
    if not lab.id.startswith(f"{lab.number:02d}-"):
        raise LabError(f"{where}: number {lab.number} in a folder {lab.id}")
    return lab


def all_labs(labs: Path = LABS) -> tuple[Lab, ...]:
    """Every lab below `labs`, by number."""
    folders = sorted(path.parent for path in labs.glob("[0-9][0-9]-*/lab.toml"))
    return tuple(load_lab(folder) for folder in folders)


def find_lab(name: str, labs: Path = LABS) -> Lab:
    """A lab by number ("4", "04"), id ("04-alloc-size") or folder path."""
    path = Path(name)
    if "/" in name or name in (".", ".."):
        return load_lab(path.resolve())
    for folder in sorted(labs.glob("[0-9][0-9]-*/")):
        digits, _, _ = folder.name.partition("-")
        if name == folder.name or (name.isdecimal() and int(name) == int(digits)):
            return load_lab(folder)
    known = ", ".join(sorted(folder.name for folder in labs.glob("[0-9][0-9]-*/")))
    raise LabError(f"no lab `{name}`; there are: {known or 'none'}")
