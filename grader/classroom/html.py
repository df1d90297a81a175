# SPDX-License-Identifier: MIT
"""The report: one page for the class, one a student; no script, no network.

Every page stands alone. Whatever a template prints goes through `_finalize`
and then through Jinja2's escaping: no student's text is ever markup, nor a
control character.
"""

from __future__ import annotations

import base64
import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from grader.classroom.gradebook import Row, undecided, write_whole
from grader.lab import Lab
from grader.outcome import Cause, CheckResult, Outcome, Picture, Result
from grader.text import printable

# Stands in every page, so that an old one is known for what it is.
GENERATOR = '<meta name="generator" content="process-memory-labs">'
TEMPLATES = Path(__file__).resolve().parent / "templates"

_WORDS = {
    Cause.BUILD: "cannot check: it does not build",
    Cause.DEPENDS: "cannot check: another check has to pass first",
    Cause.TOOL: "cannot check: a tool is missing here",
    Cause.PERMISSION: "cannot check: not permitted on this machine",
    Cause.GRADER: "cannot check: the grader's own fault",
}


@dataclass(frozen=True)
class Rate:
    """How a class did in one check."""

    task: int
    title: str
    passed: int
    failed: int
    other: int

    @property
    def percent(self) -> int:
        """Of all results of the check, those that passed."""
        return round(100 * self.passed / (self.passed + self.failed + self.other))


@dataclass(frozen=True)
class Shown:
    """A check as its page shows it.

    `kind` is a style, `words` the outcome in words; `repeated` says that an
    earlier check of the lab has the same text already.
    """

    check: CheckResult
    kind: str
    words: str
    repeated: bool

    @property
    def actual(self) -> tuple[str, str, str]:
        """The actual value: what is as expected, where it differs, the rest.

        The part that differs ends with its line, and is empty where the two
        have nothing in common.
        """
        expected, actual = self.check.expected, self.check.actual
        pairs = enumerate(zip(expected, actual))
        shorter = min(len(expected), len(actual))
        start = next((n for n, (one, other) in pairs if one != other), shorter)
        if start == 0:
            return "", "", actual
        end = actual.find("\n", start)
        end = len(actual) if end < 0 else end
        return actual[:start], actual[start:end], actual[end:]


def shown(result: Result) -> list[Shown]:
    """The checks of a result, in words."""
    said: set[str] = set()
    found = []
    for check in result.checks:
        if check.cause is None:
            kind = words = check.outcome.value
        else:
            kind, words = "cannot", _WORDS[check.cause]
        repeated = check.cause is not None and check.actual in said
        said.add(check.actual)
        found.append(Shown(check, kind, words, repeated))
    return found


@dataclass(frozen=True)
class Seen:
    """The pictures of one transcript, as a page shows them."""

    source: str
    steps: str
    pictures: tuple[Picture, ...]


def seen(result: Result) -> list[Seen]:
    """The pictures of a result, by transcript."""
    found = []
    for source, group in itertools.groupby(result.pictures, lambda one: one.source):
        pictures = tuple(group)
        labels = [pictures[0].before, *(picture.after for picture in pictures)]
        found.append(Seen(source, " | ".join(filter(None, labels)), pictures))
    return found


def image(svg: str) -> Markup:
    """A picture as the address of an image.

    Within an image nothing is run and nothing is loaded, whatever is drawn;
    its style and its names are its own.
    """
    data = base64.b64encode(svg.encode("utf-8", "replace")).decode("ascii")
    return Markup("data:image/svg+xml;base64," + data)


def rates(rows: Sequence[Row], number: int) -> list[Rate]:
    """How the class did in each check of its lab `number`, counted from 0."""
    results = [row.cells[number].result for row in rows]
    columns = zip(*(result.checks for result in results if result is not None))
    found = []
    for column in columns:
        outcomes = [check.outcome for check in column]
        found.append(
            Rate(
                task=column[0].task,
                title=column[0].title,
                passed=outcomes.count(Outcome.PASS),
                failed=outcomes.count(Outcome.FAIL),
                other=outcomes.count(Outcome.CANNOT_CHECK),
            )
        )
    return found


def write_report(
    rows: Sequence[Row], labs: Sequence[Lab], ignored: Sequence[str], folder: Path
) -> list[Path]:
    """Write folder/index.html and folder/students/STUDENT.html.

    Returns the paths of the students' pages.
    """
    environment = _environment()
    results = [cell.result for row in rows for cell in row.cells if cell.result]
    machine = results[0].environment if results else {}
    boxes = sorted({(r.box, r.box_note) for r in results if r.box})
    everywhere: dict[str, object] = {
        "labs": labs,
        "rows": rows,
        "machine": machine,
        "boxes": boxes,
        "generator": Markup(GENERATOR),
    }
    page = environment.get_template("class.html")
    tables = [(lab, rates(rows, number)) for number, lab in enumerate(labs)]
    waiting = undecided(rows)
    text = page.render(tables=tables, ignored=ignored, waiting=waiting, **everywhere)
    write_whole(folder / "index.html", text)
    page = environment.get_template("student.html")
    written = []
    for number, row in enumerate(rows):
        text = page.render(
            row=row,
            before=rows[number - 1] if number else None,
            after=rows[number + 1] if number + 1 < len(rows) else None,
            shown=shown,
            seen=seen,
            image=image,
            **everywhere,
        )
        target = folder / "students" / f"{row.slug}.html"
        write_whole(target, text)
        written.append(target)
    return written


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: object) -> object:
    """What is printed for a value; markup is what the templates made."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value
