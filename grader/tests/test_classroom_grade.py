# SPDX-License-Identifier: MIT
"""A class is graded once, whole, and however often the run is killed."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from rich.console import Console

from grader.classroom import grade as grade_module
from grader.classroom import judging
from grader.classroom.entries import ClassError
from grader.classroom.grade import NOT_ALL, UNCHECKED, Graded
from grader.classroom.store import StoreError
from grader.classroom.workplace import alone
from grader.judge.submission import Submission, import_submission
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
    assert graded.status == UNCHECKED
    assert scores(place)["berta"] == ["", "10"]
    assert scores(place)["anton"] == ["90", "70"]
    row = next(row for row in gradebook(place) if row["student"] == "berta")
    assert (row["total"], row["02-toy unchecked"]) == ("", "100")
    assert row["04-toy unchecked"] == "0"
    assert row["flags"] == "02-toy: the grader's own fault, grade again"
    result = json.loads((place / "out/results/berta/02-toy.json").read_text())
    assert {check["cause"] for check in result["checks"]} == {"grader"}
    assert len(result["checks"]) == 10
    assert "cannot be believed" in result["checks"][0]["actual"]
    assert ("the toy judge" in result["checks"][0]["actual"]) == (plan == "crash")
    assert "\x1b" not in (place / "out/students/berta.html").read_text()
    before = judged(place)
    assert grade(place).status == UNCHECKED
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


@pytest.mark.parametrize("names, words", [((), "empty"), (("a.csv", "b\n.md"), r"b\\n.md")])
def test_a_class_without_a_submission(
    names: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    """It is rather the wrong folder: no gradebook is made empty for it."""
    (tmp_path / "class").mkdir()
    for name in names:
        (tmp_path / "class" / name).touch()
    with pytest.raises(ClassError, match=f"class: .*{words}, no submission; CLASS is"):
        grade(tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_class_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ClassError, match="class: No such file"):
        grade(tmp_path)
    assert not (tmp_path / "out").exists()


def test_two_runs_at_once(place: Path) -> None:
    """The second one, in a process of its own, changes nothing."""
    (place / "out").mkdir()
    argv = [sys.executable, "-I", str(TOY), str(place / "class"), str(place / "out")]
    with alone(place / "out"):
        done = subprocess.run([*argv, "2"], capture_output=True, text=True)
        assert done.returncode != 0
        assert "another run is at work" in done.stderr
        assert os.listdir(place / "out") == [".lock"]
    assert grade(place).status == 0


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refused(folder: Path, out: Path) -> None:
    ask = judging.Ask(folder, out, (), 1, "uid")
    grade_module.grade(ask, Console(file=io.StringIO()))


@pytest.mark.parametrize("out", ("class", "class/grades", "linked/grades"))
def test_the_grades_are_no_student(out: str, place: Path) -> None:
    (place / "linked").symlink_to("class")
    before = tree(place)
    with pytest.raises(ClassError, match="taken for a student; choose an OUT="):
        refused(place / "class", place / out)
    assert tree(place) == before


@pytest.mark.parametrize("name", ("students", "results/course"))
def test_the_students_are_no_grades(name: str, place: Path) -> None:
    (place / name).parent.mkdir(exist_ok=True)
    (place / "class").rename(place / name)
    before = tree(place)
    with pytest.raises(ClassError, match=f"{name}: lies where .*; choose another OUT="):
        refused(place / name, place)
    assert tree(place) == before


def test_a_fault_of_the_import_is_one_student_s(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong there: no zero, and the others are graded."""

    def wrong(source: Path, *rest: Any, **options: Any) -> Submission:
        if source.name == "berta":
            raise ValueError("nobody has thought of \x1b[31mthis")
        return import_submission(source, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(judging, "import_submission", wrong)
        graded = grade(place)
    assert graded.status == UNCHECKED
    assert scores(place)["anton"] == ["90", "70"]
    (row,) = [row for row in gradebook(place) if row["student"] == "berta"]
    assert (row["02-toy"], row["04-toy"], row["total"]) == ("", "", "")
    assert row["02-toy unchecked"] == row["04-toy unchecked"] == "100"
    assert "02-toy: the grader's own fault, grade again" in row["flags"]
    assert "nothing was handed in" not in row["flags"]
    page = (place / "out/students/berta.html").read_text()
    assert "nobody has thought of \\x1b[31mthis" in page
    assert grade(place).status == 0
    assert scores(place)["berta"] == ["60", "10"]


@pytest.mark.parametrize("cause", ("tool", "permission", "build", "depends"))
def test_what_this_machine_is_in_the_way_of_is_tried_again(
    cause: str, place: Path
) -> None:
    """A verdict on the student is none of it."""
    hand_in(place / "class", "anton", lab_02=f"points 90\ncannot {cause}\n")
    hand_in(place / "class", "berta", lab_02=f"log {place}/log\ncannot {cause}\n")
    verdict = cause in ("build", "depends")
    said = io.StringIO()
    assert grade(place, said).status == (0 if verdict else UNCHECKED)
    assert ("20 points are unchecked" in said.getvalue()) == (not verdict)
    page = (place / "out/index.html").read_text()
    assert ("20 points are unchecked" in page) == (not verdict)
    before = judged(place)
    grade(place)
    assert judged(place) == before + (not verdict)


def test_a_full_disk_is_named_and_loses_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    for module, name in ((judging, "import_submission"), (grade_module, "to_csv")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, mock.Mock(side_effect=full))
            with pytest.raises(ClassError, match="out or /.*: No space left.*: mend that"):
                grade(place)
    assert judged(place) == 6
    assert grade(place).status == 0
    assert judged(place) == 6


@pytest.mark.parametrize("name", ("out", "out/.lock", "out/gradebook.csv", "out/results"))
def test_what_cannot_be_written_is_named(name: str, place: Path) -> None:
    """A file in the place of a folder, a folder in the place of a file."""
    if name in ("out", "out/results"):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).touch()
    else:
        (place / name).mkdir(parents=True)
    with pytest.raises(ClassError, match=f"{name}.*; what is graded is kept: "):
        grade(place)


def test_a_damaged_store_stops_the_run(place: Path) -> None:
    (place / "out").mkdir()
    (place / "out/results.sqlite").write_bytes(b"precious" * 100)
    with pytest.raises(StoreError, match="results.sqlite: .*Move it away"):
        grade(place)
    assert (place / "out/results.sqlite").read_bytes() == b"precious" * 100
    assert not (place / "out/gradebook.csv").exists()
    assert judged(place) == 0


def test_what_only_an_earlier_run_had_is_removed(place: Path) -> None:
    """A student has left; another one hands in what cannot be read."""
    grade(place)
    before = tree(place / "out")
    shutil.rmtree(place / "class/anton")
    shutil.rmtree(place / "class/berta")
    (place / "class/berta.zip").write_bytes(b"no archive")
    words = io.StringIO()
    grade(place, words)
    gone = {"students/anton.html", "results/anton", "results/berta"}
    gone |= {f"results/{name}/{lab}.json" for name in ("anton", "berta") for lab in LABS}
    assert before - tree(place / "out") == gone
    assert "removed  5 files" in words.getvalue()


def test_what_is_not_the_grader_s_is_not_removed(place: Path) -> None:
    """By its name, its kind or its content."""
    grade(place)
    out = place / "out"
    page = (out / "students/anton.html").read_text()
    result = (out / "results/anton/02-toy.json").read_text()
    others = {
        "students/mine.html": "<html>notes</html>",
        "students/mine.txt": page,
        "students/folder.html/x.html": page,
        "results/anton/08-toy.json": result.replace("02-toy", "08-toy"),
        "results/left/02-toy.json": "{}",
        "results/left/04-toy.json": result,
        "results/left/notes.txt": result,
        "results/02-toy.json": result,
        "elsewhere/02-toy.json": result,
        "elsewhere/left.html": page,
    }
    for name, text in others.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(text)
    (out / "results/linked").symlink_to(out / "elsewhere")
    (out / "students/linked.html").symlink_to(out / "elsewhere/left.html")
    os.mkfifo(out / "students/fifo.html")
    before = tree(out)
    grade(place)
    assert tree(out) == before


def test_notes_of_the_import_are_in_the_result(place: Path) -> None:
    (place / "class/anton/02/demo.h").write_text("not wanted")
    grade(place)
    result = json.loads((place / "out/results/anton/02-toy.json").read_text())
    assert result["notes"] == ["ignored, not on the lab's list: 02/demo.h"]
    assert "not on the lab&#39;s list" in (place / "out/students/anton.html").read_text()
