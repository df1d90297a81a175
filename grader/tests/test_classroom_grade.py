# SPDX-License-Identifier: MIT
"""A class is graded once, whole, and however often the run is killed."""

from __future__ import annotations

import csv
import io
import json
import os
import select
import signal
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from grader.classroom.entries import ClassError
from grader.classroom.grade import GRADER_FAULT, NOT_ALL, Graded
from grader.classroom.store import StoreError
from grader.classroom.workplace import alone
from grader.tests.toy_class import toy_grade

TOY = Path(__file__).resolve().parent / "toy_class.py"
PATIENCE = 120.0  # seconds, on a machine under full load
LABS = ("02-toy", "04-toy")


def hand_in(folder: Path, student: str, **plans: str) -> None:
    """A submission; plans are what the toy judge is to do, by lab (lab_02)."""
    entry = folder / student
    entry.mkdir(parents=True, exist_ok=True)
    (entry / "student.toml").write_text(f'id = "{sum(os.fsencode(student))}"\n')
    for lab, plan in plans.items():
        path = entry / lab.replace("lab_", "") / "demo.c"
        path.parent.mkdir(exist_ok=True)
        path.write_text(plan)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A class of three students, graded 160, 70 and 30 points."""
    for name, first, second in (("anton", 90, 70), ("berta", 60, 10), ("caesar", 30, 0)):
        hand_in(
            tmp_path / "class",
            name,
            lab_02=f"log {tmp_path}/log\npoints {first}\n",
            lab_04=f"log {tmp_path}/log\npoints {second}\n",
        )
    return tmp_path


def grade(place: Path, words: io.StringIO | None = None) -> Graded:
    console = Console(width=80, file=words or io.StringIO())
    return toy_grade(place / "class", place / "out", 2, console)


def judged(place: Path) -> int:
    """How often a judge has been at work."""
    log = place / "log"
    return len(log.read_text().split()) if log.exists() else 0


def gradebook(place: Path) -> list[dict[str, str]]:
    with (place / "out/gradebook.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def scores(place: Path) -> Mapping[str, list[str]]:
    return {row["student"]: [row[lab] for lab in LABS] for row in gradebook(place)}


def test_a_class_is_graded(place: Path) -> None:
    words = io.StringIO()
    graded = grade(place, words)
    assert graded.status == 0
    assert scores(place) == {
        "anton": ["90", "70"],
        "berta": ["60", "10"],
        "caesar": ["30", "0"],
    }
    assert [row["total"] for row in gradebook(place)] == ["160", "70", "30"]
    for student, lab, score in (("anton", "02-toy", 90), ("caesar", "04-toy", 0)):
        result = json.loads((place / f"out/results/{student}/{lab}.json").read_text())
        assert (result["lab"], result["score"], result["box"]) == (lab, score, "uid")
        assert (place / f"out/students/{student}.html").is_file()
    lines = words.getvalue().splitlines()
    assert ["anton", "90", "70", "160"] in map(str.split, lines)
    assert max(map(len, lines)) <= 80 + len(str(place))


def test_a_second_run_grades_only_what_changed(place: Path) -> None:
    grade(place)
    assert judged(place) == 6
    first = (place / "out/gradebook.csv").read_bytes()
    grade(place)
    assert judged(place) == 6
    assert (place / "out/gradebook.csv").read_bytes() == first
    with (place / "class/berta/04/demo.c").open("a") as file:
        file.write("points 20\n")
    grade(place)
    assert judged(place) == 7
    assert scores(place)["berta"] == ["60", "20"]


def test_equal_work_is_judged_once_and_flagged(place: Path) -> None:
    plan = (place / "class/anton/02/demo.c").read_text()
    hand_in(place / "class", "notan", lab_02=plan)  # the same letters, the same id
    grade(place)
    assert judged(place) == 6
    rows = {row["student"]: row for row in gradebook(place)}
    assert rows["notan"]["02-toy"] == rows["anton"]["02-toy"] == "90"
    assert rows["notan"]["04-toy"] == "0"
    assert rows["notan"]["flags"].split("; ") == [
        "the same id in student.toml as anton",
        "02-toy: the same files as anton",
        "04-toy: nothing was handed in",
    ]
    assert rows["berta"]["flags"] == ""


def start(place: Path, jobs: int = 2) -> subprocess.Popen[str]:
    """The same as `grade`, as a process of its own to be killed."""
    argv = [sys.executable, "-I", str(TOY)]
    argv += [str(place / "class"), str(place / "out"), str(jobs)]
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def result_lines(run: subprocess.Popen[str], count: int) -> None:
    """Wait until the run has said that many results."""
    assert run.stdout is not None
    while count:
        line = run.stdout.readline()
        assert line, "the run ended early"
        count -= "of 100" in line


@pytest.mark.parametrize("after", (0, 3, 6))
def test_killed_and_resumed(after: int, place: Path) -> None:
    """SIGKILL when `after` results have been said, then the same again."""
    expected = place / "undisturbed"
    expected.mkdir()
    toy_grade(place / "class", expected / "out", 2, Console(file=io.StringIO()))
    (place / "log").unlink()
    with start(place) as run:
        result_lines(run, after)
        run.kill()
    graded = grade(place)
    assert graded.status == 0
    for name in ("gradebook.csv", "results/berta/02-toy.json", "index.html"):
        whole = (expected / "out" / name).read_bytes()
        assert (place / "out" / name).read_bytes() == whole
    # Nothing that was said is done again; two may have been at work.
    assert 6 <= judged(place) <= 6 + 2
    assert judged(place) - 6 <= 6 - after


def test_killed_many_times(place: Path) -> None:
    """Killed after each result; every run does at least one."""
    for _ in range(6):
        with start(place, jobs=1) as run:
            assert run.stdout is not None
            first = run.stdout.readline()
            if ": 0 to grade" not in first:
                result_lines(run, 1)
            run.kill()
    words = io.StringIO()
    graded = grade(place, words)
    assert graded.status == 0
    assert "0 to grade, 6 known" in words.getvalue()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_judge_outlives_the_run(how: signal.Signals, place: Path) -> None:
    said, gate = place / "said", place / "gate"
    os.mkfifo(said)
    os.mkfifo(gate)
    hand_in(place / "class", "anton", lab_02=f"wait {said} {gate}\npoints 90\n")
    with start(place, jobs=1) as run:
        pid = int(said.read_text())  # the judge is at work, and waits
        judge = os.pidfd_open(pid)
        run.send_signal(how)
        gone, _, _ = select.select([judge], [], [], PATIENCE)
        assert gone, "the judge is still there"
        os.close(judge)
        assert run.wait(PATIENCE) != 0
    note = place / "out/.work"
    left = Path(os.readlink(note)) if note.is_symlink() else None
    assert (left is not None) == (how != signal.SIGINT)
    (place / "class/anton/02/demo.c").write_text("points 80\n")
    assert grade(place).status == 0
    assert scores(place)["anton"] == ["80", "70"]
    # What the killed run had left under /tmp is gone, too.
    assert left is None or not left.exists()
    assert not note.is_symlink()


@pytest.mark.parametrize(
    "plan", ["crash", "silent", "garbage", "shortened", "dearer", "stranger", "boxless"]
)
def test_a_judge_that_cannot_be_believed(plan: str, place: Path) -> None:
    """No zero, no silence, no points: and it is tried again."""
    hand_in(place / "class", "berta", lab_02=f"log {place}/log\n{plan}\n")
    words = io.StringIO()
    graded = grade(place, words)
    assert graded.status == GRADER_FAULT
    assert scores(place)["berta"] == ["", "10"]
    assert scores(place)["anton"] == ["90", "70"]
    row = next(row for row in gradebook(place) if row["student"] == "berta")
    assert (row["total"], row["unchecked"]) == ("10", "100")
    assert row["flags"] == "02-toy: the grader's own fault, grade again"
    result = json.loads((place / "out/results/berta/02-toy.json").read_text())
    assert {check["cause"] for check in result["checks"]} == {"grader"}
    assert len(result["checks"]) == 10
    assert "cannot be believed" in result["checks"][0]["actual"]
    assert ("the toy judge" in result["checks"][0]["actual"]) == (plan == "crash")
    assert "\x1b" not in (place / "out/students/berta.html").read_text()
    before = judged(place)
    assert grade(place).status == GRADER_FAULT
    assert judged(place) == before + 1


def test_a_submission_that_cannot_be_read(place: Path) -> None:
    (place / "class/garbage.tar.gz").write_bytes(os.urandom(5000))
    words = io.StringIO()
    graded = grade(place, words)
    assert graded.status == NOT_ALL
    assert scores(place)["garbage"] == ["", ""]
    row = next(row for row in gradebook(place) if row["student"] == "garbage")
    assert row["flags"].startswith("garbage.tar.gz: is not a tar")
    assert scores(place)["anton"] == ["90", "70"]
    assert "garbage.tar.gz: is not a tar" in words.getvalue()
    page = (place / "out/students/garbage.html").read_text()
    assert "is not a tar" in page and "no score" in page


def test_archives_are_graded_like_folders(place: Path) -> None:
    with tarfile.open(place / "class/dora.tar.gz", "w:gz") as archive:
        archive.add(place / "class/anton", arcname="dora")
    assert grade(place).status == 0
    assert scores(place)["dora"] == ["90", "70"]


HOSTILE = (
    b"=HYPERLINK(1)",
    b"-rf",
    b"<script>alert(1)</script>",
    b"\x1b[31mred\nforged: 100 of 100",
    b"\xff\xfe",
    b"a,b\"c'd",
    b"n" * 255,
)


def test_hostile_names_stay_names(place: Path) -> None:
    for name in HOSTILE:
        hand_in(place / "class", os.fsdecode(name), lab_02="points 50\n")
    words = io.StringIO()
    assert grade(place, words).status == 0
    said = words.getvalue()
    assert not any(line.startswith("forged") for line in said.splitlines())
    written = [said, *(p.read_text() for p in (place / "out").rglob("*.html"))]
    for text in (*written, (place / "out/gradebook.csv").read_text()):
        assert not set(text) & {"\x1b", "\x07", "\udcff"}
    for text in written[1:]:
        assert "<script>" not in text
    rows = gradebook(place)
    assert len(rows) == 3 + len(HOSTILE)
    assert not any(row["student"].startswith(("=", "-", "+", "@")) for row in rows)
    assert sorted(row["02-toy"] for row in rows).count("50") == len(HOSTILE)
    for folder in ("results", "students"):
        names = os.listdir(place / "out" / folder)
        assert len(names) == len(rows)
        assert all(name.isascii() and name[0] not in ".-" for name in names)
        assert all(set(name).isdisjoint("<>/\"' \n,") for name in names)


def test_an_empty_class(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class/expected.toml").touch()
    words = io.StringIO()
    assert grade(tmp_path, words).status == 0
    assert gradebook(tmp_path) == []
    assert "Nobody has handed in" in (tmp_path / "out/index.html").read_text()
    assert "ignored, no submission: expected.toml" in words.getvalue()


def test_a_class_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ClassError, match="class: No such file"):
        grade(tmp_path)
    assert not (tmp_path / "out").exists()


def test_two_runs_at_once(place: Path) -> None:
    (place / "out").mkdir()
    with alone(place / "out"):
        with pytest.raises(ClassError, match="another run is at work"):
            grade(place)
    assert grade(place).status == 0


def test_a_damaged_store_stops_the_run(place: Path) -> None:
    (place / "out").mkdir()
    (place / "out/results.sqlite").write_bytes(b"precious" * 100)
    with pytest.raises(StoreError, match="results.sqlite: .*Move it away"):
        grade(place)
    assert (place / "out/results.sqlite").read_bytes() == b"precious" * 100
    assert not (place / "out/gradebook.csv").exists()
    assert judged(place) == 0


def test_notes_of_the_import_are_in_the_result(place: Path) -> None:
    (place / "class/anton/02/demo.h").write_text("not wanted")
    grade(place)
    result = json.loads((place / "out/results/anton/02-toy.json").read_text())
    assert result["notes"] == ["ignored, not on the lab's list: 02/demo.h"]
    assert "not on the lab&#39;s list" in (place / "out/students/anton.html").read_text()
