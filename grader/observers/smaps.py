# SPDX-License-Identifier: MIT
"""/proc/PID/smaps: what of each mapping is in memory, and with whom it is shared."""
from __future__ import annotations

import re
from dataclasses import dataclass

from grader.observers import Malformed, lines, read_proc
from grader.observers.maps import OVERLAP, Mapping, parse_line

TOOL = "smaps"
_FIELD = re.compile(r"([A-Za-z_]{1,40}): +([0-9]{1,20}) kB")
_OTHER = re.compile(r"(?:VmFlags|[A-Za-z_]{1,40}):(?: .*)?", re.DOTALL)
_FIELDS = {
    "Rss": "rss",
    "Pss": "pss",
    "Shared_Clean": "shared_clean",
    "Shared_Dirty": "shared_dirty",
    "Private_Clean": "private_clean",
    "Private_Dirty": "private_dirty",
    "Anonymous": "anonymous",
}


@dataclass(frozen=True)
class Area:
    """A mapping and its pages, all in bytes."""

    mapping: Mapping
    rss: int
    """In memory now."""
    pss: int
    """The same, each page divided by the number of mappings that share it."""
    shared_clean: int
    shared_dirty: int
    private_clean: int
    private_dirty: int
    anonymous: int
    """In memory without a file behind: new, or copied when written to."""


def _area(mapping: Mapping, sizes: dict[str, int], number: int, line: str) -> Area:
    missing = ", ".join(name for name in ("Size", *_FIELDS) if name not in sizes)
    if missing:
        raise Malformed(TOOL, f"{missing} missing below the mapping", number, line)
    if sizes["Size"] != mapping.size:
        raise Malformed(TOOL, "Size is not the size of the mapping", number, line)
    return Area(mapping, **{field: sizes[name] for name, field in _FIELDS.items()})


def parse(text: str) -> tuple[Area, ...]:
    """The areas of a /proc/PID/smaps, in order of address (format: proc(5)).

    Fields that are not known here are skipped: each kernel adds some. Malformed if a
    line is neither mapping nor field, if a field is missing or twice, if areas overlap.
    """
    areas: list[Area] = []
    head: tuple[Mapping, int, str] | None = None
    sizes: dict[str, int] = {}
    for number, line in enumerate(lines(text, TOOL), 1):
        field = _FIELD.fullmatch(line)
        if field and head:
            if field[1] in sizes:
                raise Malformed(TOOL, f"{field[1]} twice for one mapping", number, line)
            sizes[field[1]] = int(field[2]) * 1024
        elif head and _OTHER.fullmatch(line):
            continue
        else:
            mapping = parse_line(line, number, TOOL)
            if head:
                areas.append(_area(head[0], sizes, *head[1:]))
                if mapping.start < head[0].end:
                    raise Malformed(TOOL, OVERLAP, number, line)
            head, sizes = (mapping, number, line), {}
    assert head is not None  # lines() never returns none, and the first one set it
    return (*areas, _area(head[0], sizes, *head[1:]))


def read(pid: int) -> tuple[Area, ...]:
    """The areas of a process now; Gone if it has ended, PermissionError passes."""
    return parse(read_proc(pid, "smaps"))
