# SPDX-License-Identifier: MIT
"""What a transcript shows of a program's mappings, moment by moment."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LOOK = re.compile(
    r"^\$ cat /proc/PID/maps(?:   # ([^\n]*))?\n(.*?)(?=^\$ |\Z)", re.M | re.S
)


@dataclass(frozen=True)
class Moment:
    """A pause, by its label, and the text of /proc/PID/maps there."""

    label: str
    maps: str


def at_pauses(text: str) -> tuple[Moment, ...]:
    """Each `$ cat /proc/PID/maps   # LABEL` of a transcript, and what it said.

    Without a label: "at its prompt".
    """
    return tuple(
        Moment(look[1] or "at its prompt", look[2]) for look in _LOOK.finditer(text)
    )
