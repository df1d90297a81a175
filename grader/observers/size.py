# SPDX-License-Identifier: MIT
"""size(1) in Berkeley format: how many bytes of text, data and bss a program has."""
from __future__ import annotations

import re
from dataclasses import dataclass

from grader.observers import Malformed, lines

TOOL = "size"
_COLUMNS = r"([0-9]{1,19})\s+" * 4
_ROW = re.compile(rf"\s*{_COLUMNS}([0-9a-f]{{1,16}})\s(.*)", re.DOTALL)


@dataclass(frozen=True)
class Size:
    """One program, in bytes."""

    text: int
    """Code and constants: all that is loaded and cannot be written."""
    data: int
    bss: int
    """Zero at the start, so not in the file."""
    name: str
    """The program as it was named on the command line."""

    @property
    def total(self) -> int:
        return self.text + self.data + self.bss


def parse(text: str) -> tuple[Size, ...]:
    """The programs that `size FILE...` lists, in its order (format: size(1), binutils).

    Malformed if a row is not one, or if its sums (the columns dec and hex) are wrong.
    """
    found: list[Size] = []
    for number, line in enumerate(lines(text, TOOL), 1):
        row = _ROW.fullmatch(line)
        if not row:
            if number == 1 and not re.match(r"\s*[0-9]", line):
                continue
            raise Malformed(TOOL, "not a row", number, line)
        size = Size(int(row[1]), int(row[2]), int(row[3]), row[6])
        if not size.total == int(row[4]) == int(row[5], 16):
            raise Malformed(TOOL, "the columns do not add up", number, line)
        found.append(size)
    if not found:
        raise Malformed(TOOL, "no rows")
    return tuple(found)


def of(sizes: tuple[Size, ...], name: str) -> Size:
    """A program's row, by the last part of its path; Malformed unless there is one."""
    rows = [size for size in sizes if size.name.rpartition("/")[2] == name]
    if len(rows) != 1:
        raise Malformed(TOOL, f"{len(rows)} rows for {name!r}, expected 1")
    return rows[0]
