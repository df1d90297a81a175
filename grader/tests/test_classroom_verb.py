# SPDX-License-Identifier: MIT
"""The verb `grade` with the real judge, and what it says where it cannot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
from rich.console import Console

from grader.box import BoxError
from grader.classroom import grade as grading
from grader.classroom.grade import grade as grade_class
from grader.classroom.judging import Ask
from grader.classroom.level import box_level
from grader.lab import LABS, load_lab

MAIN = Path(__file__).resolve().parents[1] / "__main__.py"
LAB = load_lab(LABS / "02-static-dynamic")


def grade(place: Path, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-I", str(MAIN), "grade", "--out", str(place / "out")]
    argv += ["--class", str(place / "class"), *options]
    return subprocess.run(argv, capture_output=True, text=True)


def test_a_skeleton_has_no_points_and_a_page(tmp_path: Path) -> None:
    """One student, one lab, and the files directly in the student's folder."""
    entry = tmp_path / "class" / "skeleton"
    entry.mkdir(parents=True)
    for name in LAB.hand_in:
        if "*" not in name:
            shutil.copyfile(LAB.folder / name, entry / name)
    done = grade(tmp_path, "--labs", "02", "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    table = json.loads((tmp_path / f"out/results/skeleton/{LAB.id}.json").read_text())
    assert (table["score"], table["unchecked"], table["max"]) == (0, 0, 100)
    assert table["box"] in ("namespaces", "uid", "limits")
    assert f"box: {table['box']}" in done.stdout
    assert ["skeleton", "0", "0"] in map(str.split, done.stdout.splitlines())
    page = (tmp_path / "out/students/skeleton.html").read_text()
    for check in table["checks"]:
        assert check["title"].split("'")[0] in page
    again = grade(tmp_path, "--labs", "2")
    assert "0 to grade, 1 known from before" in again.stdout


@pytest.mark.parametrize(
    "options, words",
    [
        ((), "class: No such file or directory"),
        (("--labs", "77"), "no lab `77`"),
        (("--jobs", "0"), "at least one"),
    ],
)
def test_what_cannot_be_done_is_said(
    options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    done = grade(tmp_path, *options)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_level_that_cannot_be_had_is_said_first(tmp_path: Path) -> None:
    (tmp_path / "class" / "a").mkdir(parents=True)
    ask = Ask(tmp_path / "class", tmp_path / "out", (), 1, "no-such-level")
    with pytest.raises(BoxError, match="BOX=no-such-level: no box level"):
        grade_class(ask, Console())
    assert os.listdir(tmp_path) == ["class"]
    level, _ = box_level("auto")
    assert box_level(level)[0] == level


def test_the_weakest_level_is_said_loudly(tmp_path: Path) -> None:
    """Before anything runs, with what is open there."""
    (tmp_path / "class" / "a").mkdir(parents=True)
    ask = Ask(tmp_path / "class", tmp_path / "out", (), 1, "limits")
    words = StringIO()
    with mock.patch.object(grading, "box_level", lambda wanted: (wanted, "open: all")):
        grade_class(ask, Console(file=words))
    assert words.getvalue().startswith("WARNING: ")
    assert "\nopen: all.\n" in words.getvalue()


def test_a_foreign_store_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "class" / "a").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results.sqlite").write_text("not a database\n")
    done = grade(tmp_path)
    assert done.returncode == 2
    assert "results.sqlite: file is not a database" in done.stderr
    assert (tmp_path / "out" / "results.sqlite").read_text() == "not a database\n"
