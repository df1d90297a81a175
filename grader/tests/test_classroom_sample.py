# SPDX-License-Identifier: MIT
"""The sample class: what its cases say, how they are packed, what differs."""

from __future__ import annotations

import shutil
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from grader.cases import CaseError
from grader.classroom import sample, sample_build
from grader.classroom.entries import find_entries
from grader.classroom.gradebook import Cell, Row
from grader.classroom.sample import SAMPLE, SampleCase, differences, load_sample
from grader.classroom.sample_build import build_sample
from grader.judge.submission import import_submission
from grader.lab import LABS, Lab, all_labs, load_lab
from grader.tests.test_classroom_report import LAB as TOY
from grader.tests.test_classroom_report import RESULT
from grader.variant import Student

QUIET = Console(file=StringIO())
CASES = load_sample()
NAMES = [case.name for case in CASES]
HOSTILE = {"does-not-build", "hangs", "forks", "floods", "forges", "escapes"}


def test_the_class_has_what_it_should_show() -> None:
    assert set(NAMES) >= {"perfect", "another-style", "half-done"} | HOSTILE
    one_idea = [
        case
        for case in CASES
        if len(case.use) == 1 and min(case.expected.values()) < 100
    ]
    assert len(one_idea) >= 6
    labs = {case.use[0].split("/")[0] for case in one_idea}
    assert labs == {lab.id for lab in all_labs()}
    assert {case.pack for case in CASES} == set(sample.PACKS)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_case_refers_to_what_there_is(case: SampleCase) -> None:
    assert len(case.title) <= 70
    assert all(folder.is_dir() for folder in case.used)
    for lab, score in case.expected.items():
        assert (LABS / lab / "lab.toml").is_file() and 0 <= score <= 100
    for name in case.undone:
        assert (LABS / name).is_file()
    for path in case.folder.rglob("*"):
        lab, _, name = path.relative_to(case.folder).as_posix().partition("/")
        if path.is_file() and name:
            assert lab in case.expected and load_lab(LABS / lab).accepts(name)


def assembled(lab: Lab, wanted: Sequence[tuple[Student, Path]]) -> None:
    """In the place of assemble_solutions: fast, and the same on any machine."""
    for student, target in wanted:
        for name in lab.hand_in:
            path = target / name.replace("*", student.id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{lab.id} of {student.id}\n")


def build(case: SampleCase, work: Path, target: Path) -> None:
    """Assemble the case's labs, and make of them what is handed in."""
    (work / case.name).mkdir()
    for name in case.expected:
        sample.assemble(load_lab(LABS / name), [case], work)
    sample.build_case(case, work, target)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_packed_case_is_imported(
    case: SampleCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "assemble_solutions", assembled)
    for folder in ("work", "class", "staging"):
        (tmp_path / folder).mkdir()
    build(case, tmp_path / "work", tmp_path / "class" / case.entry)
    ((entry,), ignored) = find_entries(tmp_path / "class")
    assert (entry.key, ignored) == (case.name, ())
    before = sorted(tmp_path.rglob("*"))
    for name in case.expected:
        lab = load_lab(LABS / name)
        staging = tmp_path / "staging" / name
        taken = import_submission(entry.source, lab, staging, flat=False)
        assert taken.student == Student(case.name, case.title)
        assert {n for n in lab.hand_in if "*" not in n} <= set(taken.files)
        for path in (case.folder / name).rglob("*"):
            written = staging / path.relative_to(case.folder / name)
            assert path.is_dir() or written.read_bytes() == path.read_bytes()
        left_out = "its name leads out of the submission"
        assert any(left_out in note for note in taken.notes) == bool(case.extra)
        for path in staging.rglob("*"):
            assert path.is_dir() or sample.EXTRA not in path.read_bytes()
        shutil.rmtree(staging)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_escaping_names_are_in_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the case would show nothing."""
    monkeypatch.setattr(sample, "assemble_solutions", assembled)
    (case,) = [case for case in CASES if case.name == "escapes"]
    build(case, tmp_path, tmp_path / case.entry)
    with tarfile.open(tmp_path / case.entry) as archive:
        names = archive.getnames()
    assert set(case.extra) <= set(names)
    assert any(name.startswith("../") for name in case.extra)
    assert any(name.startswith("/") for name in case.extra)


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Assembling takes a moment, logs the cases and makes empty folders."""
    code = (
        "import sys; from pathlib import Path; lab, work, *cases = sys.argv[1:]\n"
        "assert 'it-fails' not in cases, 'this case fails'\n"
        f"log = open({str(tmp_path / 'log')!r}, 'a'); print(*cases, file=log)\n"
        "for case in cases: Path(work, case, lab).mkdir()\n"
    )
    monkeypatch.setattr(sample_build, "ASSEMBLER", (sys.executable, "-I", "-c", code))
    monkeypatch.setattr(sample_build, "stamp_of", lambda case: case.title)
    return tmp_path / "built"


def case(name: str, title: str = "A title", pack: str = "tar.gz") -> SampleCase:
    return SampleCase(name, title, pack, (), (), (), {TOY.id: 60}, Path(name))


def test_only_what_changed_is_built_again(built: Path) -> None:
    one, two = case("one"), case("two", pack="zip")
    log = built.parent / "log"
    build_sample((one, two), built, 2, QUIET)
    assert sorted(entry.key for entry in find_entries(built)[0]) == ["one", "two"]
    assert sorted(log.read_text().split()) == ["one", "two"]
    log.unlink()
    build_sample((one, replace(two, title="Another title")), built, 2, QUIET)
    assert log.read_text().split() == ["two"]
    log.unlink()
    # A killed build: the entry may be there, its stamp is not.
    (built / ".one").unlink()
    (built / "stale.tar").touch()
    build_sample((one,), built, 2, QUIET)
    assert log.read_text().split() == ["one"]
    assert [entry.key for entry in find_entries(built)[0]] == ["one"]


def test_a_case_that_cannot_be_built_is_named(built: Path) -> None:
    with pytest.raises(CaseError, match="02-toy: the sample class cannot(.|\n)*case fails"):
        build_sample((case("it-fails"),), built, 1, QUIET)
    assert find_entries(built) == ((), ())


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "'title' is missing"),
        ('title = "x"', "'expected' is missing"),
        ('title = "x"\nexpect = 1\n[expected]', "expect means nothing here"),
        ('title = "x"\npack = "rar"\n[expected]', "pack must be one of folder, tar"),
        ('title = "x"\nextra = ["../x"]\n[expected]', "pack must be one of"),
        ("title =", "Invalid"),
    ],
)
def test_a_wrong_case_is_named(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text(text)
    with pytest.raises(CaseError, match=words) as caught:
        sample.load_sample_case(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_a_used_case_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no case `02-static-dynamic/gone`"):
        assert replace(CASES[0], use=("02-static-dynamic/gone",)).used


def test_a_wrong_score_is_said_in_words() -> None:
    student = Student(**RESULT.student)
    right = Row("one", (Cell(TOY, student, "d", RESULT),))
    assert differences([case("one")], [right]) == []
    unscored = Row("three", (Cell(TOY, student, "", None, "is damaged"),))
    cases = [replace(case("one"), expected={}), case("two"), case("three")]
    assert differences(cases, [right, unscored]) == [
        "one: 02-toy has 60, and its case says 0",
        "    not passed: second",
        "two: was not graded",
        "three: 02-toy has None, and its case says 60",
    ]


def test_the_shipped_cases_are_all_loaded() -> None:
    assert len(CASES) == len(list(SAMPLE.glob("*/case.toml"))) >= 12
