# SPDX-License-Identifier: MIT
"""One run over a class: import, look up, judge what is new, put together."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from grader.box import BoxError, Level, open_box
from grader.classroom.entries import Entry, find_entries
from grader.classroom.fingerprint import lab_fingerprint, result_key
from grader.classroom.gradebook import Cell, Row, flagged
from grader.classroom.results import (
    RESULT_BYTES,
    TAIL_BYTES,
    believed,
    not_judged,
    read_capped,
    with_notes,
)
from grader.classroom.runner import Ended, Job, run_jobs
from grader.classroom.store import Store
from grader.classroom.terminal import Meter, say
from grader.classroom.viewer import ViewerError, build_viewer
from grader.judge.catalogue import Check, catalogue, evidence_of
from grader.judge.submission import BadSubmission, Submission, import_submission
from grader.lab import ROOT, Lab
from grader.outcome import Cause, Result, to_json
from grader.text import printable
from grader.variant import Student

# The command line of a judge: lab, staging folder, result file, box level.
Command = Callable[[Lab, Path, Path, str], Sequence[str]]


def judge_command(lab: Lab, staging: Path, result: Path, box: str) -> Sequence[str]:
    """The judge as a process of its own; see grader/cli.py."""
    main = str(ROOT / "grader" / "__main__.py")
    argv = [sys.executable, "-I", main, "check", "--quiet", "--lab", str(lab.folder)]
    return [*argv, "--submission", str(staging), "--json", str(result), "--box", box]


@dataclass(frozen=True)
class Ask:
    """What to grade, and how."""

    folder: Path
    out: Path
    labs: tuple[Lab, ...]
    jobs: int
    box: str = "auto"
    command: Command = judge_command


@dataclass(frozen=True)
class _Course:
    """One lab, and what its results depend on besides the submission."""

    lab: Lab
    checks: tuple[Check, ...]
    fingerprint: str
    pristine: str
    pictured: bool


@dataclass(frozen=True)
class _Piece:
    """One lab of one student, imported; `trouble` if that was impossible."""

    entry: Entry
    course: _Course
    folder: Path
    submission: Submission
    key: str
    trouble: str = ""


class Run:
    """One run over a class."""

    def __init__(
        self, ask: Ask, level: str, console: Console, store: Store, work: Path
    ) -> None:
        self._ask = ask
        self._level = level
        self._console = console
        self._store = store
        self._work = work
        self._courses = [self._course(lab) for lab in ask.labs]
        self._results: dict[str, Result] = {}

    def grade(self) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        """Grade what is not graded yet; the rows, and what was ignored."""
        entries, ignored = find_entries(self._ask.folder)
        for name in ignored:
            say(self._console, f"ignored, no submission: {printable(name)}")
        pieces = [
            self._piece(entry, course, self._work / f"{number}-{course.lab.id}")
            for number, entry in enumerate(entries)
            for course in self._courses
        ]
        todo = {p.key: p for p in pieces if not p.trouble and not self._known(p)}
        handed_in = sum(bool(p.submission.files) for p in pieces if not p.trouble)
        known = handed_in - len(todo)
        say(
            self._console,
            f"{len(entries)} of the class, {len(self._courses)} of the labs: "
            f"{len(todo)} to grade, {known} known from before; box: {self._level}",
        )
        self._judge(todo)
        rows = []
        for entry in entries:
            mine = [piece for piece in pieces if piece.entry is entry]
            rows.append(Row(entry.key, tuple(map(self._cell, mine))))
        pristine = {course.lab.id: course.pristine for course in self._courses}
        return flagged(rows, pristine), ignored

    def _course(self, lab: Lab) -> _Course:
        staging = self._work / f"pristine-{lab.id}"
        pristine = import_submission(lab.folder, lab, staging)
        fingerprint = lab_fingerprint(lab, self._level)
        observations, _ = evidence_of(lab)
        pictured = any(one.moments is not None for one in observations)
        return _Course(lab, catalogue(lab), fingerprint, pristine.digest, pictured)

    def _piece(self, entry: Entry, course: _Course, folder: Path) -> _Piece:
        folder.mkdir()
        folder.chmod(0o755)
        staging = folder / "submission"
        try:
            submission = import_submission(
                entry.source, course.lab, staging, flat=len(self._courses) == 1
            )
        except BadSubmission as error:
            nobody = Submission((), (), Student(), "")
            return _Piece(entry, course, folder, nobody, "", str(error))
        key = result_key(course.fingerprint, submission)
        return _Piece(entry, course, folder, submission, key)

    def _known(self, piece: _Piece) -> bool:
        """Whether the result is there already; if so, it is taken."""
        lab, checks = piece.course.lab, piece.course.checks
        if not piece.submission.files:
            why = "nothing was handed in for this lab"
            self._results[piece.key] = not_judged(
                lab, checks, piece.submission, self._level, Cause.BUILD, why
            )
        elif stored := self._store.get(piece.key):
            try:
                self._results[piece.key] = believed(
                    stored, lab, checks, piece.submission, self._level
                )
            except ValueError:
                return False  # it is graded again, and replaced
        if known := piece.key in self._results:
            shutil.rmtree(piece.folder, ignore_errors=True)
        return known

    def _judge(self, todo: dict[str, _Piece]) -> None:
        memview = self._memview(todo.values())
        jobs = [
            Job(
                key,
                (
                    *self._ask.command(
                        piece.course.lab,
                        piece.folder / "submission",
                        piece.folder / "result.json",
                        self._ask.box,
                    ),
                    *(memview if piece.course.pictured else ()),
                ),
                piece.folder,
            )
            for key, piece in todo.items()
        ]
        with Meter(self._console, len(jobs)) as meter:
            for ended in run_jobs(jobs, self._ask.jobs, meter.tick):
                piece = todo[ended.job.name]
                result = self._result(piece, ended)
                shutil.rmtree(piece.folder, ignore_errors=True)
                self._results[piece.key] = result
                lab = piece.course.lab.id
                if not result.grader_fault:  # a fault is tried again
                    self._store.put(
                        piece.key, printable(piece.entry.key), lab, to_json(result)
                    )
                words = f"{result.score} of {result.max}"
                if result.unchecked:
                    words += f", {result.unchecked} not checked"
                meter.done(f"{piece.entry.key} {lab}", words, ended.seconds)

    def _memview(self, todo: Iterable[_Piece]) -> tuple[str, ...]:
        """What tells a judge to draw; built once, if anything is to be drawn."""
        if not any(piece.course.pictured for piece in todo):
            return ()
        program = self._work / "memview"
        try:
            build_viewer(program)
        except ViewerError as error:  # each judge then says that it is not there
            why = printable(str(error))
            say(self._console, f"no pictures: memview cannot be built: {why}")
        return "--memview", str(program)

    def _result(self, piece: _Piece, ended: Ended) -> Result:
        """What the judge found; if that cannot be believed, a grader's fault."""
        course, submission = piece.course, piece.submission
        try:
            if ended.late:
                raise ValueError("the judge was still at work at its time limit")
            text = read_capped(piece.folder / "result.json", RESULT_BYTES)
            return believed(text, course.lab, course.checks, submission, self._level)
        except (OSError, ValueError) as error:
            words = (piece.folder / "words").read_bytes()[-TAIL_BYTES:]
            why = (
                f"the judge ended with {ended.status}, and its result cannot be "
                f"believed: {error}\n{words.decode('utf-8', 'replace')}"
            )
        return not_judged(
            course.lab, course.checks, submission, self._level, Cause.GRADER, why
        )

    def _cell(self, piece: _Piece) -> Cell:
        lab, submission = piece.course.lab, piece.submission
        if piece.trouble:
            return Cell(lab, submission.student, "", None, piece.trouble)
        result = with_notes(self._results[piece.key], submission.notes)
        digest = submission.digest if submission.files else ""
        return Cell(lab, submission.student, digest, result)


def box_level(wanted: str) -> str:
    """The level that the judges will have: what "auto" comes to here.

    BoxError if that is "limits", which has to be asked for. Call it before the
    output folder is locked: the box keeps a process that would hold the lock
    for a moment longer than this one.
    """
    if wanted != "auto":
        return wanted
    with tempfile.TemporaryDirectory(prefix="process-memory-probe-") as name:
        os.chmod(name, 0o711)
        evidence = Path(name, "evidence")
        evidence.mkdir()
        box = open_box("auto", (), evidence)
    level: str = box.level.value
    if level == Level.LIMITS:
        raise BoxError(
            f"{box.note}: nobody watches the programs of a class, so install "
            "bubblewrap and allow user namespaces, run as root, or say BOX=limits"
        )
    return level
