# SPDX-License-Identifier: MIT
"""What tools and /proc say of a process or a program: one module a tool.

All facts are frozen dataclasses. `parse(text)` is pure; `read(pid)` and `read(path)`
look at the machine. All text is untrusted: students choose the names in it, and may
have edited a transcript.
"""
from __future__ import annotations

import re
from pathlib import Path

MOST_BYTES = 64 << 20
"""More than any honest transcript: 65530 mappings, the usual limit, take 8 MB."""

_NUMBER = re.compile(r"(-?)(?:0x([0-9a-f]{1,16})|0([0-7]{1,22})|([0-9]{1,20}))")


class Malformed(ValueError):
    """Text that is not as the tool writes it, or a file that is not what it claims.

    The message names the tool, the line's number and the whole line, made printable.
    """

    def __init__(self, tool: str, reason: str, number: int = 0, line: str = "") -> None:
        at = f", line {number}" if number else ""
        super().__init__(f"{tool}{at}: {reason}" + (f": {line!r}" if number else ""))
        self.tool = tool
        self.reason = reason
        self.number = number
        self.line = line


class Gone(Malformed):
    """The process ended, or lost its memory, before it could be observed."""


def decode(data: bytes) -> str:
    """A tool's bytes as text; what is not UTF-8 becomes lone surrogates (PEP 383)."""
    return data.decode("utf-8", "surrogateescape")


def lines(text: str, tool: str) -> list[str]:
    """The lines of a transcript; Malformed if there is none, or if it is huge.

    Only newlines end a line: str.splitlines() would also split at \\r, \\x1c, U+2028
    and others, which a name may hold.
    """
    if not text.strip():
        raise Malformed(tool, "empty")
    if len(text) > MOST_BYTES:
        raise Malformed(tool, f"{len(text)} characters, more than any honest one has")
    return text.removesuffix("\n").split("\n")


def integer(word: str) -> int | None:
    """A number as strace and ltrace print them: hexadecimal, octal or decimal.

    NULL and nil are 0; None if the word is no number.
    """
    if word in ("NULL", "nil"):
        return 0
    match = _NUMBER.fullmatch(word)
    if not match:
        return None
    sign, hexadecimal, octal, decimal = match.groups()
    base = 16 if hexadecimal else 8 if octal else 10
    size = int(hexadecimal or octal or decimal, base)
    return -size if sign else size


def read_proc(pid: int, name: str) -> str:
    """/proc/PID/NAME; Gone if the process has ended; PermissionError passes through."""
    try:
        with Path("/proc", str(pid), name).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (FileNotFoundError, ProcessLookupError) as error:
        raise Gone(name, f"process {pid} has ended") from error
    if not data:
        raise Gone(name, f"process {pid} has ended: it has no mappings left")
    return decode(data)
