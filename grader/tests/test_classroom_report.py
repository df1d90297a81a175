# SPDX-License-Identifier: MIT
"""Gradebook and pages: whole, in words, and no student's text does anything."""

from __future__ import annotations

import base64
import csv
import io
import re
import tempfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from grader.classroom.gradebook import Cell, Row, flagged, to_csv, write_json
from grader.classroom.html import shown, write_report
from grader.classroom.terminal import say, table
from grader.judge.layout import ELSEWHERE
from grader.lab import Lab, Task
from grader.outcome import (
    Cause,
    CheckResult,
    Outcome,
    Picture,
    Prediction,
    Result,
    from_json,
)
from grader.text import printable
from grader.variant import Student

TASKS = (Task(1, "First step", 60, ("a",) * 3), Task(2, "Second step", 40, ("b",) * 3))
LAB = Lab("02-toy", 2, "A toy", 9, ("x",), ("x.c",), (), (), TASKS, {}, Path("/nonexistent"))
MACHINE = {
    "os": "An OS",
    "kernel": "9.9",
    "machine": "arch",
    "libc": "a libc",
    "cc": "a compiler",
    "page_size": "4096",
}
FAILED = CheckResult(
    id="second",
    task=2,
    title="The second holds",
    points=40,
    outcome=Outcome.FAIL,
    expected="a line: 64",
    actual="a line: 65\n",
    input="stdin: 3",
    rerun="make check",
    hint="look there",
)
PASSED = CheckResult("first", 1, "The first holds", 60, Outcome.PASS)
RESULT = Result(
    lab=LAB.id,
    title=LAB.title,
    student={"id": "7", "name": "Case Seven"},
    variant={"kib": 64},
    box="uid",
    box_note="no namespaces: not permitted",
    environment=MACHINE,
    notes=("ignored, a FIFO: x",),
    predictions=(Prediction("calls", "17", "4"),),
    checks=(PASSED, FAILED),
)


def row(key: str = "case-seven", result: Result | None = RESULT, digest: str = "d") -> Row:
    trouble = "" if result else "case-seven.zip: is damaged"
    student = Student(**result.student) if result else Student()
    return Row(key, (Cell(LAB, student, digest, result, trouble),))


def cannot(cause: Cause) -> Result:
    check = replace(FAILED, outcome=Outcome.CANNOT_CHECK, cause=cause, actual="why so")
    return replace(RESULT, checks=(PASSED, check))


class Page(HTMLParser):
    """A page as a browser reads it: its text, elements and attributes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = ""
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.images: list[str] = []
        self.ids: set[str | None] = set()
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name == "src":
                self.images.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name == "id":
                self.ids.add(value)
            if name == "style":
                assert re.fullmatch(r"width: \d+%", value or "")
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag in ("td", "th"):
            self.text += " "

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


TAGS = set(
    "html head meta title style body header footer section nav article div p a b h1 h2 "
    "h3 h4 ul li table thead tbody tr th td small span code dl dt dd pre mark details summary img".split()
)


def pages(*rows: Row) -> dict[str, Page]:
    with tempfile.TemporaryDirectory() as name:
        write_report(flagged(rows, {}), (LAB,), ("grades.csv",), Path(name))
        found = {
            path.relative_to(name).as_posix(): Page(path)
            for path in Path(name).rglob("*.html")
        }
    for path, page in found.items():
        assert page.tags <= TAGS
        for source in page.images:  # nothing is loaded, and nothing runs
            assert re.fullmatch(r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+", source)
        for link in page.links:  # every link leads to a page of the report
            if link.startswith("#"):
                assert link[1:] in page.ids
                continue
            assert (Path(path).parent / link).as_posix().replace(
                "students/../", ""
            ) in found
    return found


def words(page: Page) -> str:
    return " ".join(page.text.split())


# What is shown


def test_a_failure_says_everything() -> None:
    text = words(pages(row())["students/case-seven.html"])
    for part in (
        "02-toy: A toy",
        "60 of 100",
        "Variant: kib = 64",
        "ignored, a FIFO: x",
        "calls 17 4",
        "Step 1: First step pass The first holds 60 of 60",
        "Step 2: Second step fail The second holds 0 of 40",
        "expected a line: 64 actual a line: 65 input stdin: 3",
        "run again make check hint look there",
        "Box: uid – no namespaces: not permitted",
        "An OS, kernel 9.9",
    ):
        assert part in text


def test_the_class_page_has_scores_and_pass_rates() -> None:
    perfect = replace(RESULT, checks=(PASSED, replace(FAILED, outcome=Outcome.PASS)))
    found = pages(row(), row("other", perfect, "e"), row("broken", None, ""))
    text = words(found["index.html"])
    assert "3 students, 1 lab." in text
    assert "broken no score no score case-seven.zip: is damaged" in text
    assert "case-seven Case Seven, 7 60 60" in text
    assert "1 The first holds 2 0 0 100 %" in text
    assert "2 The second holds 1 1 0 50 %" in text
    assert "Ignored in the class's folder: grades.csv." in text
    assert sorted(found["index.html"].links) == [
        f"students/{name}.html" for name in ("broken", "case-seven", "other")
    ]


def test_what_cannot_be_checked_is_in_words_and_no_zero() -> None:
    for cause, said, unchecked in (
        (Cause.BUILD, "it does not build", 0),
        (Cause.DEPENDS, "another check has to pass first", 0),
        (Cause.TOOL, "a tool is missing", 40),
        (Cause.PERMISSION, "not permitted on this machine", 40),
        (Cause.GRADER, "the grader's own fault", 40),
    ):
        found = pages(row(result=cannot(cause)))
        text = words(found["students/case-seven.html"])
        assert "cannot check" in text and said in text and "why why so" in text
        assert ("40 points could not be checked" in text) == bool(unchecked)
        assert ("40 not checked" in words(found["index.html"])) == bool(unchecked)
        (line,) = csv.DictReader(io.StringIO(to_csv([row(result=cannot(cause))], [LAB])))
        score = "" if unchecked else "60"
        assert (line["02-toy"], line["total"]) == (score, score)
        assert line["02-toy unchecked"] == str(unchecked)


def test_a_picture_is_an_image_with_its_steps_in_words() -> None:
    svg = "<svg><script>alert('\N{GREEK SMALL LETTER ALPHA}')</script></svg>"
    seen = (
        Picture("observations/a.txt", "before", "allocated", svg),
        Picture("observations/a.txt", "allocated", "freed", "<svg/>"),
        Picture("observations/b.txt", "", "at its prompt", "<svg/>"),
        Picture("observations/c.txt", trouble="<b>it</b> was not handed in"),
    )
    found = pages(row(result=replace(RESULT, pictures=seen)))
    page = found["students/case-seven.html"]
    assert page.tags >= {"img", "details"} and "script" not in page.tags
    first, *_ = [base64.b64decode(one.partition(",")[2]) for one in page.images]
    assert first.decode() == svg and len(page.images) == 3
    text = words(page)
    assert "observations/a.txt before | allocated | freed" in text
    assert "observations/b.txt at its prompt" in text
    assert "observations/c.txt no picture: <b>it</b> was not handed in" in text
    assert not pages(row())["students/case-seven.html"].images


def test_the_same_reason_is_said_once() -> None:
    check = replace(FAILED, outcome=Outcome.CANNOT_CHECK, cause=Cause.BUILD)
    both = tuple(replace(check, id=id, actual="the compiler's words") for id in "ab")
    page = pages(row(result=replace(RESULT, checks=both)))["students/case-seven.html"]
    assert page.text.count("the compiler's words") == 1
    assert page.text.count("For the reason above.") == 1


def test_a_long_value_is_kept_whole() -> None:
    long = "".join(f"line {number}\n" for number in range(20_000)) + "x" * 50_000
    check = replace(FAILED, actual=long)
    page = pages(row(result=replace(RESULT, checks=(PASSED, check))))
    assert long in page["students/case-seven.html"].text


def test_the_first_difference_is_marked() -> None:
    for expected, actual, parts in (
        ("a line: 64", "a line: 65", ("a line: 6", "5", "")),
        ("static\npie", "static\nno\nmore", ("static\n", "no", "\nmore")),
        ("64", "64 KiB", ("64", " KiB", "")),
        ("a word", "nothing", ("", "", "nothing")),
        ("64", "", ("", "", "")),
    ):
        check = replace(FAILED, expected=expected, actual=actual)
        (item,) = shown(replace(RESULT, checks=(check,)))
        assert item.actual == parts


def test_the_table_fits_the_terminal() -> None:
    rows = flagged([row(), row("n" * 200), row("\u5b57" * 60), row("broken", None)], {})
    lines = table(rows, [LAB]).splitlines()
    console = Console(file=io.StringIO(), width=80)
    assert all(console.measure(line).maximum <= 80 for line in lines[:5])
    assert lines[1].split() == ["broken", "-", "-"]
    assert lines[2].split() == ["case-seven", "60", "60"]


def test_the_json_is_the_result() -> None:
    with tempfile.TemporaryDirectory() as name:
        write_json([row()], Path(name))
        text = Path(name, "case-seven", "02-toy.json").read_text()
    assert from_json(text) == RESULT


# Flags


def test_equal_skeletons_are_no_coincidence() -> None:
    rows = [row("a", replace(RESULT, student={"id": "1", "name": ""})), row("b")]
    assert [r.flags for r in flagged(rows, {"02-toy": "d"})] == [(), ()]
    assert [r.flags for r in flagged(rows, {})] == [
        ("02-toy: the same files as b",),
        ("02-toy: the same files as a",),
    ]


# What is not done

NASTY = st.text(max_size=60) | st.sampled_from(
    [
        "</pre><script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}{% include 'x' %}",
        "=1+1",
        "\t=1",
        "\x1b[2J\x1b]0;x\x07",
        "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
        "]]><!--",
        "&lt;b&gt;",
        "\ud800",
    ]
)


@settings(deadline=None, database=None, max_examples=60)
@given(NASTY, NASTY, st.text("<>&\"'a/", max_size=40))
def test_no_text_of_a_student_is_markup(one: str, other: str, third: str) -> None:
    check = replace(FAILED, actual=one, expected=other, input=third, hint=one)
    result = replace(
        RESULT,
        student={"id": other, "name": third},
        notes=(one, third),
        predictions=(Prediction(third, one, other),),
        checks=(PASSED, check),
        pictures=(Picture(one, other, third, one), Picture(third, trouble=other)),
        box_note=other,
    )
    entry = row(third.replace("/", "_") or "x", result)
    found = pages(entry)  # asserts the elements
    text = found[f"students/{entry.slug}.html"].text
    for part in (one, other, third):
        # A browser drops the first line break of a pre, and trims nothing else.
        assert printable(part).strip("\n") in text


@settings(deadline=None, database=None)
@given(NASTY, NASTY)
def test_no_cell_is_a_formula(one: str, other: str) -> None:
    result = replace(RESULT, student={"id": one, "name": other})
    text = to_csv([row(other.replace("/", "_") or "x", result)], [LAB])
    text.encode()
    (_, cells) = csv.reader(io.StringIO(text, newline=""))
    assert len(cells) == 7
    for cell in cells:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not set(cell) & set("\n\r\t\x1b\x07")


@given(st.text(min_size=1, max_size=300))
def test_a_file_s_name_is_plain(key: str) -> None:
    slug = Row(key, ()).slug
    assert re.fullmatch(r"[a-z0-9_][a-z0-9._-]{0,92}", slug)
    assert slug == key or slug != Row(key + "x", ()).slug


@given(st.text(min_size=1, max_size=90) | st.sampled_from(("Jos\u00e9", "ANTON", "a-")))
def test_no_other_student_has_the_file(key: str) -> None:
    """Not who takes the file's name, nor one that differs in its case."""
    slug = Row(key, ()).slug
    assert slug == key or Row(slug, ()).slug != slug
    for other in {key.upper(), key.lower(), key.swapcase()} - {key}:
        assert Row(other, ()).slug.lower() != slug.lower()


def test_a_lab_that_was_not_handed_in_is_one_line() -> None:
    why = "nothing was handed in for this lab"
    checks = tuple(
        replace(check, outcome=Outcome.CANNOT_CHECK, cause=Cause.BUILD, actual=why)
        for check in RESULT.checks
    )
    nothing = replace(RESULT, checks=checks, notes=())
    page = pages(row(result=nothing, digest=""))["students/case-seven.html"]
    assert words(page).count("handed in") == 2  # the flag, and the lab
    assert "0 of 100" in words(page) and "Step" not in words(page)
    lost = replace(nothing, notes=(f"{ELSEWHERE}: a/b/x.c",))
    (found,) = flagged([row(result=lost, digest="")], {})
    assert found.flags == (f"02-toy: {ELSEWHERE}: a/b/x.c",)


def test_what_is_not_final_is_marked() -> None:
    waiting = row("waits", cannot(Cause.TOOL))
    rows = flagged([waiting, row("done")], {})
    lines = table(rows, [LAB]).splitlines()
    assert lines[1].split() == ["done", "60", "60"]
    assert lines[2].split() == ["waits", "60?", "60?"]
    found = pages(waiting, row("done"))
    assert "Not final. 40 points are unchecked" in words(found["index.html"])
    assert "total: 60, not final" in words(found["students/waits.html"])
    assert "ot final" not in words(found["students/done.html"])


def test_what_is_said_stays_on_its_line() -> None:
    console = Console(file=io.StringIO(), width=80)
    say(console, "[bold]no markup[/bold] " + "x" * 100)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "[bold]no markup[/bold] " + "x" * 100 + "\n"
