# SPDX-License-Identifier: MIT
"""`make grade`: a class in, a gradebook, results and a report out.

    OUT/gradebook.csv              a row a student
    OUT/index.html, OUT/students/  the report
    OUT/results/STUDENT/LAB.json   the machine's form
    OUT/results.sqlite             what the next run need not do again
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass

from rich.console import Console

from grader.box import Level
from grader.classroom.entries import ClassError, find_entries
from grader.classroom.gradebook import (
    Row,
    one_line,
    to_csv,
    write_json,
    write_whole,
)
from grader.classroom.html import write_report
from grader.classroom.judging import Ask, Run
from grader.classroom.leftovers import remove_leftovers
from grader.classroom.level import box_level
from grader.classroom.store import Store
from grader.classroom.terminal import say, table
from grader.classroom.workplace import alone, work_folder
from grader.text import printable

ALL_GRADED, NOT_ALL, UNCHECKED = 0, 1, 3
LOUDLY = """\
WARNING: the programs of this class run as you, at the weakest box level, limits.
{note}.
For a stronger level install bubblewrap and allow user namespaces, or be root.
"""


@dataclass(frozen=True)
class Graded:
    """A class as it was graded."""

    rows: tuple[Row, ...]
    ignored: tuple[str, ...]

    @property
    def status(self) -> int:
        """The exit status: who or what is in the way of a whole gradebook."""
        results = [cell.result for row in self.rows for cell in row.cells]
        if any(result is not None and result.undecided for result in results):
            return UNCHECKED
        return NOT_ALL if None in results else ALL_GRADED


def grade(ask: Ask, console: Console) -> Graded:
    """Grade a class, write the gradebook, the results and the report.

    Raises ClassError, StoreError or BoxError; if that is for what was asked
    for, nothing is changed. May be killed at any moment: the next call does
    what is left.
    """
    _refuse(ask)
    level, note = box_level(ask.box)
    if level == Level.LIMITS:
        say(console, LOUDLY.format(note=printable(note)))
    try:
        return _grade(ask, level, console)
    except OSError as error:
        # A write says no name.
        where = error.filename or f"{ask.out} or {tempfile.gettempdir()}"
        raise ClassError(
            f"{where}: {error.strerror or error}; what is graded is kept: mend that, "
            "or choose another OUT=folder, and run again"
        ) from error


def _refuse(ask: Ask) -> None:
    """ClassError if this class is none, or would be mixed up with its grades."""
    entries, ignored = find_entries(ask.folder)
    if not entries:
        what = f"nothing but {one_line(', '.join(ignored))}" if ignored else "empty"
        raise ClassError(
            f"{ask.folder}: {what}, no submission; CLASS is a folder that holds a "
            "folder or an archive for each student"
        )
    folder, out = ask.folder.resolve(), ask.out.resolve()
    if out.is_relative_to(folder):
        raise ClassError(
            f"{ask.out}: lies in {ask.folder}, and would be taken for a student; "
            "choose an OUT=folder outside of it"
        )
    if any(folder.is_relative_to(out / name) for name in ("results", "students")):
        raise ClassError(
            f"{ask.folder}: lies where {ask.out} holds what is written; choose "
            "another OUT=folder"
        )


def _grade(ask: Ask, level: str, console: Console) -> Graded:
    ask.out.mkdir(parents=True, exist_ok=True)
    with alone(ask.out), Store(ask.out / "results.sqlite") as store:
        with work_folder(ask.out) as work:
            graded = Graded(*Run(ask, level, console, store, work).grade())
        write_whole(ask.out / "gradebook.csv", to_csv(graded.rows, ask.labs))
        written = write_json(graded.rows, ask.out / "results")
        written += write_report(graded.rows, ask.labs, graded.ignored, ask.out)
        gone = remove_leftovers(ask.out, {lab.id for lab in ask.labs}, written)
    say(console, "\n" + table(graded.rows, ask.labs) + "\n")
    for name in ("gradebook.csv", "index.html"):
        say(console, f"  wrote  {printable(os.path.relpath(ask.out / name))}")
    if gone:
        say(console, f"  removed  {gone} files of an earlier run that nobody has now")
    return graded
