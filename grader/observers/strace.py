# SPDX-License-Identifier: MIT
"""strace(1): the system calls of a program; `syscalls` answers questions about them.

Made for `strace -f -o FILE`; -y is understood too, times and stacks are not.
"""
from __future__ import annotations

import re
from dataclasses import dataclass, replace

from grader.observers import Malformed, decode, integer, lines

TOOL = "strace"
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_PREFIX = re.compile(r"(?:\[pid +([0-9]{1,10})\] |([0-9]{1,10}) +)?")
_NOISE = re.compile(
    r"strace: Process [0-9]+ (?:at|de)tached"
    r"|\[ Process PID=[0-9]+ runs in [\w -]+ mode\. \]"
)
_SIGNAL = re.compile(r"--- (\S+)(?: (.*))? ---", re.DOTALL)
_END = re.compile(
    r"\+\+\+ (?:exited with ([0-9]{1,3})|killed by (\w+)(?: \(core dumped\))?) \+\+\+"
)
_SUPERSEDED = re.compile(r"\+\+\+ superseded by execve in pid ([0-9]{1,10}) \+\+\+")
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(?: <unfinished \.\.\.>)?(.*)", re.DOTALL)
_CALL = re.compile(r"(\w+)\((.*)", re.DOTALL)
_OPEN = re.compile(r"(.*?) ?<(?:unfinished|detached) \.\.\.>", re.DOTALL)
# -y: 3</a, b>, 4<TCP:[x->y]>; -yy: 5</dev/pts/0<char 136:0>>
_DESCRIBED = r"(?<=\w)<(?!<)(?:[^<>]*->[^<>]*\]|[^<>]*)(?:<[^<>]*>)?>"
_TOKEN = re.compile(
    rf"{_STRING}|/\*.*?\*/|{_DESCRIBED}|/\*|[][(){{}},\"]", re.DOTALL
)
_RESULT = re.compile(
    r" *= (\?|-?[0-9]{1,20}|0x[0-9a-f]{1,16})(?:<.*>)?"
    r"(?: (E[A-Z0-9_]+)| \((errno [0-9]+)\))?(?: .*)?",
    re.DOTALL,
)
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_ESCAPE = re.compile(rb"\\(?:x([0-9a-f]{2})|([0-7]{1,3})|(.))", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}


@dataclass(frozen=True)
class Call:
    """One system call, where the program started it."""

    pid: int | None
    """The thread that called, as strace numbers it; None in a log without numbers."""
    name: str
    args: tuple[str, ...]
    """As printed: strings with their quotes and escapes, structures and flags whole."""
    result: str
    """As printed after `= `: `?` if unknown, empty if the call never returned."""
    value: int | None
    """The result as a number: -1 for an error, None if there is none."""
    error: str | None
    """ENOENT and so on."""
    line: int
    """Where in the log it starts, from 1."""


@dataclass(frozen=True)
class Signal:
    """A signal that reached the program, or a stop."""

    pid: int | None
    name: str
    detail: str
    line: int


@dataclass(frozen=True)
class End:
    """How a thread ended: one of status and signal is None."""

    pid: int | None
    status: int | None
    signal: str | None
    line: int


@dataclass(frozen=True)
class Trace:
    """A whole log; the calls are in the order in which they started."""

    calls: tuple[Call, ...]
    signals: tuple[Signal, ...]
    ends: tuple[End, ...]


def split(text: str) -> tuple[tuple[str, ...], str] | None:
    """The arguments up to the `)` that ends them, and what follows; else None."""
    args: list[str] = []
    closers: list[str] = []
    start = 0
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in _CLOSER:
            closers.append(_CLOSER[word])
        elif word == "," and not closers:
            args.append(text[start : token.start()].strip())
            start = token.end()
        elif word == ")" and not closers:
            last = text[start : token.start()].strip()
            return (*args, last) if args or last else (), text[token.end() :]
        elif word in (")", "]", "}"):
            if not closers or closers.pop() != word:
                return None
        elif word in ('"', "/*"):
            return None
    return None


def _call(pid: int | None, text: str, number: int, line: str) -> Call:
    """A call from its whole text, `name(args) = result`."""
    match = _CALL.fullmatch(text)
    parts = split(match[2]) if match else None
    result = _RESULT.fullmatch(parts[1]) if parts else None
    if not (match and parts and result):
        raise Malformed(TOOL, "not a system call", number, line)
    shown = parts[1].partition("= ")[2]
    value = None if result[1] == "?" else integer(result[1])
    return Call(pid, match[1], parts[0], shown, value, result[2] or result[3], number)


class _Log:
    """What has been read so far; a call that another line resumes keeps its place."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.signals: list[Signal] = []
        self.ends: list[End] = []
        self.open: dict[int | None, tuple[int, str]] = {}
        """By thread: the index of the call that it is in, and its text so far."""

    def take(self, line: str, number: int) -> None:
        prefix = _PREFIX.match(line)
        assert prefix is not None  # all of it is optional
        pid = int(prefix[1] or prefix[2]) if prefix[0] else None
        body = line[prefix.end() :]
        if match := _SIGNAL.fullmatch(body):
            self.signals.append(Signal(pid, match[1], match[2] or "", number))
        elif match := _END.fullmatch(body):
            self.open.pop(pid, None)
            status = int(match[1]) if match[1] else None
            self.ends.append(End(pid, status, match[2], number))
        elif match := _SUPERSEDED.fullmatch(body):
            if int(match[1]) in self.open:
                self.open[pid] = self.open.pop(int(match[1]))
        elif match := _RESUMED.fullmatch(body):
            self._resume(pid, match[1], match[2], number, line)
        elif match := _OPEN.fullmatch(body):
            self._leave(pid, match[1], number, line)
        elif not _NOISE.fullmatch(body):
            self.calls.append(_call(pid, body, number, line))

    def _leave(self, pid: int | None, text: str, number: int, line: str) -> None:
        match = _CALL.fullmatch(text)
        if not match or pid in self.open:
            raise Malformed(TOOL, "not the start of a system call", number, line)
        self.open[pid] = len(self.calls), text
        parts = split(match[2].rstrip().removesuffix(",") + ")")
        args = parts[0] if parts else ()
        self.calls.append(Call(pid, match[1], args, "", None, None, number))

    def _resume(
        self, pid: int | None, name: str, rest: str, number: int, line: str
    ) -> None:
        if pid is None and self.open:  # without -o, numbers end with one thread left
            names = {self.calls[at].name: p for p, (at, _) in self.open.items()}
            pid = names.get(name)
        index, text = self.open.pop(pid, (0, ""))
        if not text or self.calls[index].name != name:
            raise Malformed(TOOL, "resumes a call that nobody left", number, line)
        whole = _call(pid, text + rest, number, line)
        self.calls[index] = replace(whole, line=self.calls[index].line)


def parse(text: str) -> Trace:
    """The calls, signals and ends in a log (format: strace(1), with or without -f).

    Malformed if a line is none of these, such as one that was cut off.
    """
    log = _Log()
    for number, line in enumerate(lines(text, TOOL), 1):
        log.take(line, number)
    return Trace(tuple(log.calls), tuple(log.signals), tuple(log.ends))


def string(arg: str) -> str | None:
    """The text of a quoted argument, its escapes undone; else None.

    None too if strace shortened it (`"..."...`), which it never does to paths.
    """
    if not re.fullmatch(_STRING, arg, re.DOTALL):
        return None

    def byte(match: re.Match[bytes]) -> bytes:
        if match[3]:
            return _LETTERS.get(match[3], match[3])
        return bytes([int(match[1], 16) if match[1] else int(match[2], 8) & 0xFF])

    return decode(_ESCAPE.sub(byte, arg[1:-1].encode("utf-8", "surrogateescape")))
