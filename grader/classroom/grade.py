# SPDX-License-Identifier: MIT
"""`make grade`: a class in, a gradebook, results and a report out.

    OUT/gradebook.csv              a row a student
    OUT/index.html, OUT/students/  the report
    OUT/results/STUDENT/LAB.json   the machine's form
    OUT/results.sqlite             what the next run need not do again
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from rich.console import Console

from grader.classroom.entries import find_entries
from grader.classroom.gradebook import Row, to_csv, write_json, write_whole
from grader.classroom.html import write_report
from grader.classroom.judging import Ask, Run, box_level
from grader.classroom.store import Store
from grader.classroom.terminal import say, table
from grader.classroom.workplace import alone, work_folder
from grader.text import printable

ALL_GRADED, NOT_ALL, GRADER_FAULT = 0, 1, 3


@dataclass(frozen=True)
class Graded:
    """A class as it was graded."""

    rows: tuple[Row, ...]
    ignored: tuple[str, ...]

    @property
    def status(self) -> int:
        """The exit status: who or what is in the way of a whole gradebook."""
        results = [cell.result for row in self.rows for cell in row.cells]
        if any(result is not None and result.grader_fault for result in results):
            return GRADER_FAULT
        return NOT_ALL if None in results else ALL_GRADED


def grade(ask: Ask, console: Console) -> Graded:
    """Grade a class, write the gradebook, the results and the report.

    Raises ClassError, StoreError or BoxError, with nothing changed. May be
    killed at any moment: the next call does what is left.
    """
    find_entries(ask.folder)  # before anything is made
    level = box_level(ask.box)
    ask.out.mkdir(parents=True, exist_ok=True)
    with alone(ask.out), Store(ask.out / "results.sqlite") as store:
        with work_folder(ask.out) as work:
            graded = Graded(*Run(ask, level, console, store, work).grade())
        write_whole(ask.out / "gradebook.csv", to_csv(graded.rows, ask.labs))
        write_json(graded.rows, ask.out / "results")
        write_report(graded.rows, ask.labs, graded.ignored, ask.out)
    say(console, "\n" + table(graded.rows, ask.labs) + "\n")
    for name in ("gradebook.csv", "index.html"):
        say(console, f"  wrote  {printable(os.path.relpath(ask.out / name))}")
    return graded
