# SPDX-License-Identifier: MIT
"""The grader's data: lab.toml, student.toml, results, text for a terminal."""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.lab import Lab, LabError, all_labs, find_lab, load_lab
from grader.outcome import Cause, CheckResult, Outcome, Picture, Prediction, Result
from grader.outcome import from_json, to_json
from grader.text import printable
from grader.variant import BadCard, Student, read_student, variant_of

TOY = Path(__file__).resolve().parent / "toy" / "lab.toml"


def toy(folder: Path, old: str = "", new: str = "") -> Path:
    """A folder 90-toy with the toy's lab.toml, one text in it replaced."""
    lab = folder / "90-toy"
    lab.mkdir()
    text = TOY.read_text()
    assert old in text
    (lab / "lab.toml").write_text(text.replace(old, new, 1))
    return lab


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("number = 90", "number = 91", "number 91 in a folder 90-toy"),
        ("number = 90", 'number = "90"', "`number` must be of type int"),
        ("minutes = 1", "", "`minutes` is missing"),
        ("points = 60", "points = 61", "must add up to 100"),
        ("number = 2\n", "number = 3\n", "must be numbered 1, 2, 3"),
        (', "third hint"]', "]", "task 1 needs three hints"),
        ('"second hint"', '""', "non-empty strings"),
        ("default = 3", "default = 10", "the default must be one of choices"),
        ("choices = [", "choices = [[1], ", "the default must be one of choices"),
        ("title = ", "title = = ", "Invalid value"),
    ],
)
def test_lab_file_that_is_wrong(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    """The error names the file and what is wrong with it."""
    with pytest.raises(LabError) as caught:
        load_lab(toy(tmp_path, old, new))
    assert why in str(caught.value)
    assert "90-toy/lab.toml" in str(caught.value)


def test_lab_is_found_by_number_name_and_folder(tmp_path: Path) -> None:
    """All three name the same lab; another name lists what there is."""
    folder = toy(tmp_path)
    lab = load_lab(folder)
    for name in ("90", "090", "90-toy"):
        assert find_lab(name, tmp_path) == lab
    assert find_lab(str(folder), tmp_path / "elsewhere") == lab
    with pytest.raises(LabError, match="there are: 90-toy"):
        find_lab("toy", tmp_path)


def test_allow_list_stays_within_its_level(tmp_path: Path) -> None:
    """A star matches no slash, and nothing else is accepted."""
    lab = load_lab(toy(tmp_path))
    assert lab.accepts("toy.c")
    assert lab.accepts("observations/a.txt")
    for name in ("Makefile", "x/toy.c", "observations/a/b.txt", "observations/a.c",
                 "toy.c/", "../toy.c", "observations", ""):
        assert not lab.accepts(name)


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: str(lab.id))
def test_every_file_of_a_lab_is_handed_in_or_given(lab: Lab) -> None:
    """What the import is silent about is the lab's, and nothing else lies there."""
    names = [path.name for path in lab.folder.iterdir() if path.is_file()]
    assert [n for n in names if not (lab.accepts(n) or n in lab.given)] == []
    assert [name for name in lab.given if name not in names] == []


def test_variant_depends_on_id_and_parameter_alone() -> None:
    """One id, one variant; ids spread over the choices."""
    for lab in all_labs():
        for name, parameter in lab.parameters.items():
            assert variant_of(lab, Student())[name] == parameter.default
            one = variant_of(lab, Student("7", "A"))[name]
            assert one == variant_of(lab, Student("7", "B"))[name]
            drawn = {variant_of(lab, Student(str(n)))[name] for n in range(200)}
            assert drawn <= set(parameter.choices)
            assert len(drawn) > len(parameter.choices) // 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"id = 'x'\nname = ", "not TOML"),
        (b"\xff\xfe", "not TOML"),
        (b"id = [1]", "`id` must be a short text"),
        (b"id = true", "`id` must be a short text"),
        (b"id = 0x" + b"f" * 4000, "`id` must be a short text"),
        (b"id = -1" + b"0" * 200, "`id` must be a short text"),
        (b"id = " + b"9" * 4000, "`id` must be a short text"),
        (b"name = '" + b"x" * 201 + b"'", "`name` must be a short text"),
        (b"#" * 5000, "larger than 4096 bytes"),
        (b"a = " + b"[" * 3000, "not TOML"),
        (b"id = " + b"9" * 4090, "`id` must be a short text"),
        (b"id = 0x" + b"f" * 4080, "`id` must be a short text"),
    ],
)
def test_card_that_is_wrong(tmp_path: Path, content: bytes, why: str) -> None:
    """A broken card is an error that names the file."""
    path = tmp_path / "student.toml"
    path.write_bytes(content)
    with pytest.raises(BadCard, match=re.escape(why)) as caught:
        read_student(path)
    assert str(caught.value).startswith("student.toml: ")


def test_card_that_is_there_or_not(tmp_path: Path) -> None:
    """No card is the empty card; a number as id is taken as written."""
    path = tmp_path / "student.toml"
    assert read_student(path) == Student()
    path.write_text('id = 42\nname = " Somebody "\n')
    assert read_student(path) == Student("42", "Somebody")


checks = st.builds(
    CheckResult,
    id=st.text(),
    task=st.integers(1, 9),
    title=st.text(),
    points=st.integers(0, 100),
    outcome=st.sampled_from(Outcome),
    cause=st.none() | st.sampled_from(Cause),
    expected=st.text(),
    actual=st.text(st.characters()),
    input=st.text(),
    rerun=st.text(),
    hint=st.text(),
)
results = st.builds(
    Result,
    lab=st.text(),
    title=st.text(),
    student=st.fixed_dictionaries({"id": st.text(), "name": st.text()}),
    variant=st.dictionaries(st.text(), st.integers() | st.text()),
    box=st.text(),
    box_note=st.text(),
    environment=st.dictionaries(st.text(), st.text()),
    notes=st.lists(st.text()).map(tuple),
    predictions=st.lists(
        st.builds(Prediction, st.text(), st.text(), st.text())
    ).map(tuple),
    checks=st.lists(checks).map(tuple),
    pictures=st.lists(
        st.builds(Picture, st.text(), st.text(), st.text(), st.text(), st.text())
    ).map(tuple),
)


@given(results)
def test_result_survives_its_json(result: Result) -> None:
    """What is written is read back; sums follow from the checks."""
    text = to_json(result)
    assert from_json(text) == result
    table = json.loads(text)
    passed = [check for check in result.checks if check.outcome is Outcome.PASS]
    assert table["score"] == sum(check.points for check in passed)


@given(results, st.integers(1, 100))
def test_result_with_a_wrong_sum_is_refused(result: Result, more: int) -> None:
    """Points that the checks did not give are not accepted."""
    table = json.loads(to_json(result))
    table["score"] += more
    with pytest.raises(ValueError, match="sums do not agree"):
        from_json(json.dumps(table))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"score": 1}', "[" * 9999])
def test_not_a_result(text: str) -> None:
    """Anything else is an error, never a result."""
    with pytest.raises(ValueError):
        from_json(text)


def test_undecided_points_are_no_lost_points() -> None:
    """A fault of machine or grader is undecided; a build failure is not."""
    base = CheckResult("a", 1, "t", 10, Outcome.CANNOT_CHECK, Cause.GRADER)
    for cause in Cause:
        check = dataclasses.replace(base, cause=cause)
        assert check.earned == 0
        assert check.undecided == (cause not in (Cause.BUILD, Cause.DEPENDS))


@given(st.text(st.characters()))
def test_printable_text_has_no_control_character(text: str) -> None:
    """Nothing is left that a terminal would obey, and plain text is kept."""
    shown = printable(text)
    for character in shown:
        assert character == "\n" or unicodedata.category(character)[0] not in "CZ" or (
            character == " " or unicodedata.category(character) == "Zs"
        )
    assert printable(shown) == shown


def test_printable_spells_out() -> None:
    """Escapes, bidirectional overrides and broken bytes can be seen."""
    assert printable("a\x1b[2J\r\tb\n") == "a\\x1b[2J\\r\\tb\n"
    assert printable("\u202e\ud800é") == "\\u202e\\ud800é"
