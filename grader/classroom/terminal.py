# SPDX-License-Identifier: MIT
"""What a run over a class says on the terminal; 80 columns where it can."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from types import TracebackType

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from grader.classroom.gradebook import Row, one_line, undecided
from grader.lab import Lab

WIDTH = 80


class Meter:
    """A bar on a terminal; elsewhere, one plain line for each that is done."""

    def __init__(self, console: Console, total: int, what: str = "grading") -> None:
        self._console = console
        self._total = total
        self._done = 0
        self._bar: Progress | None = None
        if console.is_terminal and total:
            # No thread of its own: the runner forks.
            self._bar = Progress(
                TextColumn(what),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.description}"),
                console=console,
                auto_refresh=False,
                transient=True,
            )
            self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Meter:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def done(self, name: str, words: str, seconds: float) -> None:
        """One more is done."""
        self._done += 1
        if self._bar is not None:
            self._bar.update(self._task, advance=1, description=escape(one_line(name)))
            return
        count = f"{self._done:{len(str(self._total))}}/{self._total}"
        say(self._console, f"  {count}  {one_line(name)}: {words} ({seconds:.1f} s)")

    def tick(self) -> None:
        """Draw again."""
        if self._bar is not None:
            self._bar.refresh()


def say(console: Console, text: str) -> None:
    """One line, whole and as it is."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def table(rows: Sequence[Row], labs: Sequence[Lab]) -> str:
    """Students x labs, then what to look at; plain text."""
    heads = [f"{lab.number:02d}" for lab in labs]
    room = WIDTH - 7 - 6 * len(labs)
    wide = min(max((cell_len(row.name) for row in rows), default=0), room)
    wide = max(wide, len("student"))
    lines = [set_cell_size("student", wide)]
    lines[0] += "".join(f"{head:>6}" for head in heads) + "  total"
    for row in rows:
        name = row.name
        if cell_len(name) > wide:
            name = set_cell_size(name, wide - 3) + "..."
        line = set_cell_size(name, wide)
        for cell in row.cells:
            score = "-" if cell.score is None else str(cell.score)
            if cell.score is not None and cell.result and cell.result.unchecked:
                score += "?"
            line += f"{score:>6}"
        total = "-" if row.total is None else str(row.total)
        if row.total is not None and row.final is None:
            total += "?"
        lines.append(line + f"{total:>7}")
    if any(row.final is None and row.total is not None for row in rows):
        lines.append("?  not final; -  no score")
    elif any(cell.score is None for row in rows for cell in row.cells):
        lines.append("-  no score")
    if words := undecided(rows):
        lines += ["", *textwrap.wrap(words, WIDTH)]
    odd: dict[str, list[str]] = {}
    for row in rows:
        for flag in row.flags:
            odd.setdefault(flag, []).append(row.name)
    if odd:
        lines += ["", "To look at:"]
    for flag, names in odd.items():
        if len(names) == 1:
            lines.append(f"  {names[0]}: {flag}")
        else:
            lines += _wrapped(f"{flag}: {', '.join(names)}")
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
