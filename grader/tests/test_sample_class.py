# SPDX-License-Identifier: MIT
"""The sample class, graded for real: its attacks gain nothing and leave nothing."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from grader.cases import load_case
from grader.classroom.grade import grade
from grader.classroom.judging import Ask
from grader.classroom.level import box_level
from grader.classroom.sample import SampleCase, differences, load_sample
from grader.classroom.sample_build import build_sample
from grader.judge.catalogue import catalogue
from grader.lab import LABS, all_labs, load_lab

CASES = load_sample()
# Those that no test of the box makes; make grade has all.
ATTACKS = ("floods", "forges")


def left_over(place: Path) -> list[str]:
    """The processes whose command line names a file below `place`."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            command = Path("/proc", pid, "cmdline").read_bytes()
        except OSError:
            continue
        if str(place).encode() in command:
            found.append(f"{pid}: {command.decode(errors='replace')}")
    return found


def test_attacks_gain_nothing_and_leave_nothing(tmp_path: Path) -> None:
    """Each has the score of the part that was done; no process is left."""
    cases = [case for case in CASES if case.name in ATTACKS]
    assert len(cases) == len(ATTACKS)
    words = StringIO()
    console = Console(file=words)
    jobs = len(os.sched_getaffinity(0))
    folder, out = tmp_path / "class", tmp_path / "out"
    build_sample(cases, folder, jobs, console)
    graded = grade(Ask(folder, out, all_labs(), jobs), console)
    assert differences(cases, graded.rows) == [], words.getvalue()
    assert graded.status == 0
    cells = [cell for row in graded.rows for cell in row.cells if cell.digest]
    levels = {cell.result.box for cell in cells if cell.result}
    assert levels == {box_level("auto")[0]}
    assert left_over(tmp_path) == []


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.use], ids=lambda case: str(case.name)
)
def test_a_wrong_idea_costs_the_points_of_what_it_fails(case: SampleCase) -> None:
    """What a case expects agrees with the kept programs that it is made of."""
    kept = {folder.parent.name: load_case(folder) for folder in case.used}
    for name, expected in case.expected.items():
        fails = kept[name].fails if name in kept else ()
        points = {check.id: check.points for check in catalogue(load_lab(LABS / name))}
        assert expected == 100 - sum(points[id] for id in fails)
