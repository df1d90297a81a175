# SPDX-License-Identifier: MIT
"""An address space as memview has measured it, in letters for a room.

    memview --json BEFORE AFTER... | python3 space.py ROWS

The rows that the regular expression ROWS finds, high addresses on top, a file's
mappings in one row. Each of memview's steps is a step of the picture, compared
with the one before; the same file twice is one step. The outline is the size
(longer is four times larger), what is filled is in RAM, as in memview's own
pictures, which are for reading close by.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import Any

from svg import WIDTH, box, cover, line, picture, words

ROW, BAR, BAR_LEFT = 46, 270, 500
FILE_AREAS = ("text", "rodata", "relro", "data", "bss")
COLOURS = {"heap": "a5", "mapping": "a6", "library": "a7", "stack": "a8"}


@dataclass
class Row:
    """One mapping, or all of one file."""

    name: str
    area: str
    start: int
    end: int
    size: int
    resident: int
    mappings: int


def rows_of(step: dict[str, Any], wanted: str) -> list[Row]:
    """The rows of one step, highest first."""
    found: dict[str, Row] = {}
    for it in step["mappings"]:
        program = it["area"] in FILE_AREAS
        name = it["name"].rpartition("/")[2]
        if not name:
            name = "program's bss" if program else "anonymous"
        start, end = int(it["start"], 16), int(it["end"], 16)
        key = name if it["name"] else it["start"]
        row = found.setdefault(
            key, Row(name, "text" if program else it["area"], start, end, 0, 0, 0)
        )
        row.end = end
        row.size += it["size"]
        row.resident += it["resident"]
        row.mappings += 1
    shown = [row for row in found.values() if re.search(wanted, f"{row.area} {row.name}")]
    return sorted(shown, key=lambda row: -row.start)


def short(size: int) -> str:
    """A size in at most five letters."""
    for unit, word in ((1 << 30, "G"), (1 << 20, "M")):
        if size >= unit:
            return f"{size / unit:.1f}{word}"
    return f"{size >> 10}K"


def change(row: Row, before: list[Row] | None) -> str:
    """What has happened to the row, in memview's words."""
    if before is None:
        return ""
    for old in before:
        # A mapping without a name is the same one if it is where it was.
        same = row.name != "anonymous" or old.start < row.end and row.start < old.end
        if old.name == row.name and same:
            grown = row.size - old.size
            if grown:
                return f"{'GREW +' if grown > 0 else 'SHRANK -'}{short(abs(grown))}"
            more = row.resident - old.resident
            if more:
                return f"RAM {'+' if more > 0 else '-'}{short(abs(more))}"
            return ""
    return "NEW"


def bar(row: Row, y: int) -> str:
    """Outline: the size; filled: what of it is in RAM."""
    size, steps = row.size, 0
    while size > 4096 and steps < 9:
        size, steps = (size + 3) // 4, steps + 1
    length = BAR // 6 + steps * (BAR - BAR // 6) // 9
    filled = length * row.resident // row.size
    inside = box(BAR_LEFT, y + 10, max(filled, 2), 26, COLOURS.get(row.area, "a0"))
    return (inside if row.resident else "") + box(BAR_LEFT, y + 10, length, 26)


def drawn(row: Row, y: int, before: list[Row] | None) -> list[str]:
    said = change(row, before)
    times = f" ×{row.mappings}" if row.mappings > 1 else ""
    frame = [box(2, y + 2, WIDTH - 4, ROW - 6, "frame")] if said else []
    return [
        *frame,
        words(16, y + 32, row.name[:22] + times),
        words(484, y + 32, short(row.size), "end"),
        bar(row, y),
        words(860, y + 32, short(row.resident), "end"),
        words(890, y + 32, said, "strong"),
    ]


def group(step: dict[str, Any], rows: list[Row], before: list[Row] | None) -> list[str]:
    """All that one step shows."""
    y = 92
    parts = [
        words(16, 30, step["title"], "strong"),
        words(16, 76, "high addresses on top", "soft"),
        words(484, 76, "size", "end soft"),
        words(860, 76, "in RAM", "end soft"),
    ]
    for above, row in zip([None, *rows], rows):
        if above and row.end < above.start:
            parts.append(line([(0, y), (WIDTH, y)], "gap"))
        parts += drawn(row, y, before)
        y += ROW
    return parts


def main(wanted: str) -> None:
    steps = json.load(sys.stdin)["steps"]
    if all(step["mappings"] == steps[0]["mappings"] for step in steps):
        del steps[1:]
    shown = [rows_of(step, wanted) for step in steps]
    height = 100 + ROW * max(map(len, shown))
    groups = []
    for at, step in enumerate(steps):
        before = shown[at - 1] if at else None
        over = [cover(0, 0, WIDTH, height)] if at else []
        groups.append(over + group(step, shown[at], before))
    titles = [step["title"] for step in steps]
    totals = [step["totals"] for step in steps]
    said = "; ".join(
        f"{title}: {total['mappings']} mappings, {short(total['size'])}, "
        f"{short(total['resident'])} in RAM"
        for title, total in zip(titles, totals)
    )
    print(picture("Address space: " + ", ".join(titles), said, height, groups))


if __name__ == "__main__":
    main(sys.argv[1])
