# SPDX-License-Identifier: MIT
"""ltrace(1), 0.7.3 and 0.7.91: a program's library calls, and system calls with -S.

ltrace prints a program's symbols as they are, newlines included: only a log that was
filtered by exact names (`-e malloc+free`) can be believed.
"""
from __future__ import annotations

import re
from dataclasses import dataclass, replace

from grader.observers import Malformed, integer, lines

TOOL = "ltrace"
_PREFIX = re.compile(r"(?:\[pid +([0-9]{1,10})\] |([0-9]{1,10}) +)?")
_EXEC = "--- Called exec() ---"
_SIGNAL = re.compile(r"--- (\w+) \(.*\) ---")
_EXIT = re.compile(r"\+\+\+ exited \(status ([0-9]{1,3})\) \+\+\+")
_KILLED = re.compile(r"\+\+\+ killed by (\w+) \+\+\+")
_RESUMED = re.compile(r"<\.\.\. (\S+) resumed> ?(.*)", re.DOTALL)
_NAME = re.compile(r"(?:(.*?)->)?([\w.]+)(?:@(.*))?", re.DOTALL)
_OPEN = re.compile(r"(.*?) ?<(?:unfinished|no return) \.\.\.>", re.DOTALL)
_NUMERIC = re.compile(r"(.*)\) *= ([^\"()]*)", re.DOTALL)
_TEXTUAL = re.compile(r"(.*?)\) *= (\".*)", re.DOTALL)
_AFTER_STRING = re.compile(r"$|[ \]})]|, |\.\.\.")
_CUT = re.compile(r"\"|[\[{(]|[\]})]|, ")


@dataclass(frozen=True)
class Call:
    """One library call (or, with -S, system call), where the program started it."""

    pid: int | None
    """None in a log without numbers (no -f)."""
    caller: str
    """The file that called, in logs of `-e`; out of date after an exec."""
    name: str
    library: str
    """`SYS` for a system call; the file of an `-x` breakpoint; else empty."""
    args: tuple[str, ...]
    """As printed; where a string ends is a guess, as ltrace escapes no quote."""
    result: str
    """As printed: `0x55...`, `nil`, `<void>`; empty if the call never returned."""
    value: int | None
    """The result as a number, nil as 0; None if it is none."""
    inside: int | None
    """The index in `Trace.calls` of the call that this one was made in, if any."""
    line: int
    """Where in the log it starts, from 1."""


@dataclass(frozen=True)
class End:
    """How a process ended: one of status and signal is None."""

    pid: int | None
    status: int | None
    signal: str | None


@dataclass(frozen=True)
class Trace:
    """A whole log; the calls are in the order in which they started."""

    calls: tuple[Call, ...]
    signals: tuple[tuple[int | None, str], ...]
    ends: tuple[End, ...]
    execs: tuple[tuple[int | None, int], ...]
    """For each exec: the process, and how many calls the log has before it."""


def split(text: str) -> tuple[str, ...]:
    """The arguments in a list like `0x1, "a, b"..., { 1, 2 }`.

    A string ends at a quote after which a list can end or go on: the end of the text,
    a space or closing bracket, `, `, `...`.
    """
    args: list[str] = []
    depth = start = 0
    quoted = False
    for cut in _CUT.finditer(text):
        if cut[0] == '"':
            quoted = not quoted or not _AFTER_STRING.match(text, cut.end())
        elif quoted:
            continue
        elif cut[0] == ", ":
            if depth == 0:
                args.append(text[start : cut.start()].strip())
                start = cut.end()
        else:
            depth += 1 if cut[0] in "[{(" else -1
    last = text[start:].strip()
    return (*args, last) if args or last else ()


class _Log:
    """What has been read, and the calls that each process is in, innermost last."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.signals: list[tuple[int | None, str]] = []
        self.ends: list[End] = []
        self.execs: list[tuple[int | None, int]] = []
        self.open: dict[int | None, list[tuple[int, str]]] = {}

    def take(self, line: str, number: int) -> None:
        prefix = _PREFIX.match(line)
        assert prefix is not None  # all of it is optional
        pid = int(prefix[1] or prefix[2]) if prefix[0] else None
        body = line[prefix.end() :]
        if body == _EXEC:
            self.execs.append((pid, len(self.calls)))
            self.open.pop(pid, None)
        elif match := _SIGNAL.fullmatch(body):
            self.signals.append((pid, match[1]))
        elif match := _EXIT.fullmatch(body):
            self.ends.append(End(pid, int(match[1]), None))
        elif match := _KILLED.fullmatch(body):
            self.ends.append(End(pid, None, match[1]))
        elif match := _RESUMED.fullmatch(body):
            self._resume(pid, match[1], match[2], number, line)
        elif match := _OPEN.fullmatch(body):
            index, args = self._start(pid, match[1], number, line)
            self.calls[index] = replace(self.calls[index], args=split(args))
            self.open.setdefault(pid, []).append((index, args))
        else:
            self._finish(*self._start(pid, body, number, line), number, line)

    def _start(
        self, pid: int | None, text: str, number: int, line: str
    ) -> tuple[int, str]:
        """A call by its name alone: its index, and what follows the `(`."""
        head, bracket, rest = text.partition("(")
        match = _NAME.fullmatch(head)
        if not match or not bracket or '"' in head:
            raise Malformed(TOOL, "not a library call", number, line)
        caller, name, library = match.groups()
        outer = self.open.get(pid)
        inside = outer[-1][0] if outer else None
        self.calls.append(
            Call(pid, caller or "", name, library or "", (), "", None, inside, number)
        )
        return len(self.calls) - 1, rest

    def _finish(self, index: int, text: str, number: int, line: str) -> None:
        """Fill in what `args) = result` says."""
        match = _NUMERIC.fullmatch(text) or _TEXTUAL.fullmatch(text)
        if not match or not match[2]:
            raise Malformed(TOOL, "the call has no result", number, line)
        value = integer(match[2])
        self.calls[index] = replace(
            self.calls[index], args=split(match[1]), result=match[2], value=value
        )

    def _resume(
        self, pid: int | None, name: str, rest: str, number: int, line: str
    ) -> None:
        waiting = self.open.get(pid, [])
        while waiting:
            index, text = waiting.pop()
            if self.calls[index].name == name:
                return self._finish(index, text + rest, number, line)
        if name not in ("fork", "vfork", "clone"):  # its parent made the call
            raise Malformed(TOOL, "resumes a call that nobody left", number, line)


def parse(text: str) -> Trace:
    """The calls, signals, ends and execs in a log (ltrace(1), with or without -f, -S).

    Malformed if a line is none of these, such as one that was cut off.
    """
    log = _Log()
    for number, line in enumerate(lines(text, TOOL), 1):
        log.take(line, number)
    return Trace(
        tuple(log.calls), tuple(log.signals), tuple(log.ends), tuple(log.execs)
    )


def after_exec(trace: Trace) -> tuple[Call, ...]:
    """The calls since the first process's last exec: without launchers such as prlimit.

    All of them if there was no exec.
    """
    first = trace.calls[0].pid if trace.calls else None
    since = [count for pid, count in trace.execs if pid == first]
    return trace.calls[since[-1] :] if since else trace.calls
