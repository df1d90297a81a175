# SPDX-License-Identifier: MIT
"""pmap(1), plain and with -x: the mappings as a student sees them, in KiB."""
from __future__ import annotations

import re
from dataclasses import dataclass

from grader.observers import Malformed, lines
from grader.observers.maps import OVERLAP

TOOL = "pmap"
_FIRST = re.compile(r"([0-9]{1,10}): +(.*)", re.DOTALL)
_KIB = r" +([0-9]{1,17})"
_END = r" ([-rwxspR]{3,6}) +(.*)"
_PLAIN = re.compile(rf"([0-9a-f]{{8,16}}){_KIB}K{_END}", re.DOTALL)
_EXTENDED = re.compile(rf"([0-9a-f]{{8,16}}){_KIB * 3}{_END}", re.DOTALL)
_TOTAL = re.compile(r"[^0-9]* ([0-9]{1,17})K")
_EXTENDED_TOTAL = re.compile(rf"[^0-9]* ([0-9]{{1,17}}){_KIB * 2} *")


@dataclass(frozen=True)
class Row:
    """One mapping; resident and dirty are None without -x."""

    address: int
    kib: int
    mode: str
    """`rw---`: read, write, execute, shared, and no swap reserved."""
    name: str
    """The last part of a path, `[ anon ]` (the heap too) or `[ stack ]`."""
    resident_kib: int | None = None
    dirty_kib: int | None = None

    @property
    def end(self) -> int:
        """The first address after the mapping."""
        return self.address + self.kib * 1024

    @property
    def is_anonymous(self) -> bool:
        return self.name == "[ anon ]"


@dataclass(frozen=True)
class Pmap:
    """What pmap printed about one process."""

    pid: int
    command: str
    rows: tuple[Row, ...]
    total_kib: int
    """As printed in the last line."""

    def at(self, address: int) -> Row | None:
        """The row whose mapping holds an address, or None."""
        return next((r for r in self.rows if r.address <= address < r.end), None)


def _row(line: str) -> Row | None:
    if match := _PLAIN.fullmatch(line):
        return Row(int(match[1], 16), int(match[2]), match[3], match[4])
    if match := _EXTENDED.fullmatch(line):
        kib, resident, dirty = (int(match[group]) for group in (2, 3, 4))
        return Row(int(match[1], 16), kib, match[5], match[6], resident, dirty)
    return None


def parse(text: str) -> Pmap:
    """The rows of `pmap PID` or `pmap -x PID`, by address (format: pmap(1), procps).

    The words of headings and of the total depend on the language and are not looked at.
    Malformed if the process line, the rows or the total are missing, cut off or out of
    order, or if another process follows.
    """
    body = lines(text, TOOL)
    first = _FIRST.fullmatch(body[0])
    if not first:
        raise Malformed(TOOL, "not `PID: COMMAND`", 1, body[0])
    rows: list[Row] = []
    for number, line in enumerate(body[1:-1], 2):
        row = _row(line)
        if row is None:
            if (number == 2 and not re.search("[0-9]", line)) or not line.strip("- "):
                continue
            raise Malformed(TOOL, "not a row", number, line)
        if rows and row.address < rows[-1].end:
            raise Malformed(TOOL, OVERLAP, number, line)
        rows.append(row)
    if not rows:
        raise Malformed(TOOL, "no rows: the process had ended, or was another user's")
    form = _TOTAL if rows[0].resident_kib is None else _EXTENDED_TOTAL
    total = form.fullmatch(body[-1])
    if not total:
        raise Malformed(TOOL, "the total is missing", len(body), body[-1])
    return Pmap(int(first[1]), first[2], tuple(rows), int(total[1]))
