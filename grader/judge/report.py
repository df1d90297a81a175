# SPDX-License-Identifier: MIT
"""A result on the terminal: title, verdict, reason; 80 columns; no script."""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.text import Text

from grader.outcome import Cause, CheckResult, Outcome, Result
from grader.text import printable

WIDTH = 80
INDENT = 16
LAB_POINTS = 100

_STYLE = {
    Outcome.PASS: "bold green",
    Outcome.FAIL: "bold red",
    Outcome.CANNOT_CHECK: "bold yellow",
}
_WORD = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "FAIL",
    Outcome.CANNOT_CHECK: "????",
}
_WHY = {
    Cause.BUILD: "cannot check until it builds",
    Cause.DEPENDS: "cannot check yet",
    Cause.TOOL: "cannot check: a tool is missing here",
    Cause.PERMISSION: "cannot check: not permitted on this machine",
    Cause.GRADER: "cannot check: the grader's own fault, please report it",
}


def show(result: Result, console: Console) -> None:
    """Print a result; long values are shown whole, on lines of their own."""
    said: set[str] = set()
    task = 0
    for check in result.checks:
        if check.task != task:
            task = check.task
            console.print()
        _show_check(check, console, said)
    console.print()
    for prediction in result.predictions:
        _line(console, "predicted", f"{prediction.key}: {prediction.predicted}")
        _line(console, "measured", prediction.measured)
    for note in result.notes:
        _line(console, "note", note)
    if result.predictions or result.notes:
        console.print()
    if result.box_note or result.box == "limits":
        _line(console, "box", f"{result.box} only: {result.box_note or 'as asked'}")
    name = result.lab
    if result.max < LAB_POINTS:  # only some steps were asked for
        steps = sorted({check.task for check in result.checks})
        name += f", step {', '.join(map(str, steps))}"
    words = Text(f"{name}: {result.score} of {result.max} points", "bold")
    if result.unchecked:
        words.append(f", {result.unchecked} could not be checked here")
    console.print(words, highlight=False)


def _show_check(check: CheckResult, console: Console, said: set[str]) -> None:
    head = Text(f"  {_WORD[check.outcome]}", _STYLE[check.outcome])
    title = textwrap.wrap(f"{check.task}. {check.title}", WIDTH - 20)
    points = f"{check.earned:3d}/{check.points:<3d}"
    head.append(f" {points} ", "default")
    head.append(("\n" + " " * 15).join(title), "default")
    console.print(head, highlight=False, soft_wrap=True)
    if check.cause is not None:
        _line(console, "", _WHY[check.cause])
        # The compiler's words are the same for every check: once is enough.
        if check.actual not in said:
            said.add(check.actual)
            _line(console, "", check.actual)
        return
    if check.outcome is Outcome.PASS:
        return
    _line(console, "expected", check.expected)
    _line(console, "actual", check.actual)
    _line(console, "input", check.input)
    _line(console, "rerun", check.rerun, whole=True)
    if check.hint not in said:
        said.add(check.hint)
        _line(console, "hint", check.hint)


def _line(console: Console, name: str, text: str, whole: bool = False) -> None:
    """A value beside its name; `whole`: to be pasted, so no line is broken."""
    if not text:
        return
    lines = []
    for line in printable(text.rstrip("\n")).split("\n"):
        lines += [line] if whole else textwrap.wrap(
            line, WIDTH - INDENT, break_long_words=False, break_on_hyphens=False
        ) or [""]
    for number, line in enumerate(lines):
        label = name if number == 0 else ""
        console.print(
            Text(f"     {label:<11}", "dim").append(line, "not dim"),
            highlight=False,
            soft_wrap=True,
        )
