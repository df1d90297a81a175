# SPDX-License-Identifier: MIT
"""Grade a class in two toy labs with the toy judge (toy_judge.py).

    python3 -I toy_class.py CLASS OUT JOBS

As a process of its own it can be killed; its exit status is that of `grade`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.dont_write_bytecode = True

from rich.console import Console  # noqa: E402

from grader.classroom import grade, judging  # noqa: E402
from grader.judge.catalogue import Check  # noqa: E402
from grader.lab import Lab, Task  # noqa: E402
from grader.tests.toy_judge import TASKS, result  # noqa: E402

JUDGE = Path(__file__).resolve().parent / "toy_judge.py"
CHECKS = tuple(
    Check(row["id"], row["task"], row["points"], (), row["title"])
    for row in result("", {}, 0)["checks"]
)


def toy_lab(number: int, labs: Path) -> Lab:
    """A lab of ten tasks, in a folder that is made."""
    id = f"{number:02d}-toy"
    (labs / id).mkdir(parents=True, exist_ok=True)
    tasks = tuple(Task(task, f"Step {task}", 10, ("a", "b", "c")) for task in TASKS)
    hand_in = ("demo.c", "notes/*.txt")
    return Lab(id, number, "A toy", 9, ("demo",), hand_in, (), (), tasks, {}, labs / id)


def command(lab: Lab, staging: Path, target: Path, _: str) -> Sequence[str]:
    """The toy judge's command line."""
    return [sys.executable, "-I", str(JUDGE), lab.id, str(staging), str(target)]


def toy_grade(folder: Path, out: Path, jobs: int, console: Console) -> grade.Graded:
    """Grade a class; the labs' folders are made beside `out`."""
    labs = tuple(toy_lab(number, out.parent / "labs") for number in (2, 4))
    ask = judging.Ask(folder, out, labs, jobs, "uid", command)
    with (
        mock.patch.object(grade, "box_level", lambda wanted: (wanted, "")),
        mock.patch.object(judging, "catalogue", lambda lab: CHECKS),
        mock.patch.object(judging, "lab_fingerprint", lambda lab, level: lab.id),
        mock.patch.object(judging, "evidence_of", lambda lab: ((), ())),
    ):
        return grade.grade(ask, console)


if __name__ == "__main__":
    _, class_name, out_name, width = sys.argv
    terminal = Console(width=80)
    graded = toy_grade(Path(class_name), Path(out_name), int(width), terminal)
    sys.exit(graded.status)
