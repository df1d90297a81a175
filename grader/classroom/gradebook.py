# SPDX-License-Identifier: MIT
"""The gradebook: a row a student, what is odd about it, CSV and JSON.

The same submissions and results give the same bytes: everything is sorted,
and nothing holds a time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.judge.layout import ELSEWHERE
from grader.lab import Lab
from grader.outcome import Cause, Result, to_json
from grader.text import printable
from grader.variant import Student

# Small letters alone: some file systems take others for the same.
_PLAIN = re.compile(r"[a-z0-9_][a-z0-9._-]{0,79}")
_UNSAFE = re.compile(r"[^a-z0-9._-]|^[.-]")
_HASHED = re.compile(r".*-[0-9a-f]{32}", re.DOTALL)
_UNDECIDED = {
    Cause.TOOL: "a tool is missing",
    Cause.PERMISSION: "not permitted on this machine",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Cell:
    """One lab of one student: a result, or the reason why there is none.

    `digest` is that of the files handed in, empty if there are none.
    """

    lab: Lab
    student: Student
    digest: str
    result: Result | None
    trouble: str = ""

    @property
    def score(self) -> int | None:
        """The points so far; None where nobody can say: never a zero."""
        if self.result is None or self.result.unchecked == self.result.max:
            return None
        return self.result.score

    @property
    def final(self) -> int | None:
        """The points; None as long as any of them is undecided."""
        if self.result is None or self.result.unchecked:
            return None
        return self.result.score

    @property
    def absent(self) -> bool:
        """Whether nothing of this lab was handed in."""
        return self.result is not None and not self.digest and self.final is not None


@dataclass(frozen=True)
class Row:
    """One student; `key` is the entry's name, one cell a lab."""

    key: str
    cells: tuple[Cell, ...]
    flags: tuple[str, ...] = ()

    @property
    def student(self) -> Student:
        """The card as the labs gave it; empty if none could be read."""
        cards = [cell.student for cell in self.cells if cell.student != Student()]
        return cards[0] if cards else Student()

    @property
    def name(self) -> str:
        """The entry's name, fit for one line."""
        return one_line(self.key)

    @property
    def slug(self) -> str:
        """The entry's name as a file's name: plain, and never another's.

        A name that is kept is in small letters and ends in no hash; any other
        one ends in its own.
        """
        if _PLAIN.fullmatch(self.key) and not _HASHED.fullmatch(self.key):
            return self.key
        raw = self.key.encode("utf-8", "surrogateescape")
        plain = _UNSAFE.sub("_", self.key.lower())[:60]
        return f"{plain}-{hashlib.sha256(raw).hexdigest()[:32]}"

    @property
    def total(self) -> int | None:
        """The sum of the labs that have a score so far."""
        scores = [cell.score for cell in self.cells if cell.score is not None]
        return sum(scores) if scores else None

    @property
    def final(self) -> int | None:
        """The sum of all labs; None as long as one of them has no final score."""
        scores = [cell.final for cell in self.cells if cell.final is not None]
        return sum(scores) if len(scores) == len(self.cells) else None

    @property
    def unchecked(self) -> int:
        """Points that are neither earned nor lost."""
        return sum(cell.result.unchecked for cell in self.cells if cell.result)


def one_line(text: str) -> str:
    """A text of unknown origin, fit for one line."""
    return printable(text).replace("\n", "\\n")


def flagged(rows: Iterable[Row], pristine: Mapping[str, str]) -> tuple[Row, ...]:
    """The rows by key, each with what a teacher should look at, in words.

    `pristine` has the digest of each lab's skeletons, by the lab's id: equal
    skeletons are no coincidence.
    """
    rows = sorted(rows, key=lambda row: row.key)
    ids: dict[str, list[Row]] = defaultdict(list)
    works: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.student.id:
            ids[row.student.id].append(row)
        for cell in row.cells:
            if cell.digest and cell.digest != pristine.get(cell.lab.id):
                works[cell.lab.id, cell.digest].append(row)
    result = []
    for row in rows:
        flags = []
        same = [other.name for other in ids[row.student.id] if other.key != row.key]
        if same and row.student.id:
            flags.append(f"the same id in student.toml as {', '.join(same)}")
        troubles = {cell.trouble for cell in row.cells}
        if len(troubles) == 1 and "" not in troubles:
            flags += map(one_line, troubles)  # the whole submission's
        for cell in row.cells if "" in troubles else ():
            others = works[cell.lab.id, cell.digest] if cell.digest else []
            same = [other.name for other in others if other.key != row.key]
            flags += [f"{cell.lab.id}: {words}" for words in _flags_of(cell)]
            if same:
                flags.append(f"{cell.lab.id}: the same files as {', '.join(same)}")
        result.append(replace(row, flags=tuple(flags)))
    return tuple(result)


def _flags_of(cell: Cell) -> list[str]:
    if cell.result is None:
        return [one_line(cell.trouble)]
    flags = []
    if cell.absent:
        lost = [note for note in cell.result.notes if note.startswith(ELSEWHERE)]
        flags += lost or ["nothing was handed in"]
    if cell.result.grader_fault:
        flags.append("the grader's own fault, grade again")
    for cause, words in _UNDECIDED.items():
        points = sum(c.points for c in cell.result.checks if c.cause is cause)
        if points:
            flags.append(f"{points} points not checked: {words}")
    return flags


def undecided(rows: Iterable[Row]) -> str:
    """What to know before the grades are used; empty if they are final."""
    points = sum(row.unchecked for row in rows)
    if not points:
        return ""
    return (
        f"{points} points are unchecked, neither earned nor lost: in gradebook.csv "
        "their labs have no score yet. Mend what is to look at, and grade again: "
        "only these labs are judged anew."
    )


def to_csv(rows: Sequence[Row], labs: Sequence[Lab]) -> str:
    """RFC 4180. A score is final: it is empty as long as any point is undecided.

    An empty score is no score: no importer reads it as zero. `LAB unchecked`
    has the undecided points.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    names = [lab.id for lab in labs]
    left = [f"{name} unchecked" for name in names]
    writer.writerow(["student", "id", "name", *names, "total", *left, "flags"])
    for row in rows:
        student = row.student
        texts = [_cell_text(text) for text in (row.key, student.id, student.name)]
        scores = [*(cell.final for cell in row.cells), row.final]
        results = [cell.result for cell in row.cells]
        waiting = [None if one is None else one.unchecked for one in results]
        numbers = ["" if number is None else number for number in (*scores, *waiting)]
        writer.writerow([*texts, *numbers, _cell_text("; ".join(row.flags))])
    return file.getvalue()


def _cell_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula: `'` before what could be."""
    text = one_line(text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def write_json(rows: Iterable[Row], folder: Path) -> list[Path]:
    """Write folder/STUDENT/LAB.json for every result; returns these paths."""
    written = []
    for row in rows:
        for cell in row.cells:
            if cell.result is not None:
                target = folder / row.slug / f"{cell.lab.id}.json"
                write_whole(target, to_json(cell.result))
                written.append(target)
    return written


def write_whole(path: Path, text: str) -> None:
    """Replace a file: it holds the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
