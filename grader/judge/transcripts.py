# SPDX-License-Identifier: MIT
"""What the transcripts of all labs have in common: how they are made and read.

A transcript's body is `$ COMMAND` and what the command said, in turns.

The makers tell whose fault it is if nothing can be observed. A tool that
fails on a program of the judge's as well is no use here: cannot check. One
that fails on the student's program alone says something about that program.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from grader.box import Finished, Process
from grader.judge.api import cannot_check, fail
from grader.judge.bench import Bench
from grader.judge.evidence import FOLDER, Question
from grader.lab import Value
from grader.observers import Malformed, decode, read_proc
from grader.outcome import Cause

LOG_CHARACTERS = 16 << 20  # some 200,000 calls
TOOL_SECONDS = 60.0  # for pmap or ps on a machine under full load
NOTHING = "nothing.c"  # the judge's own program that every tool can look at

_COMMAND = re.compile(r"^\$ ", re.M)
_Parsed = TypeVar("_Parsed")


# Reading


def said(text: str, command: str, *, begins: bool = False) -> str:
    """What the one command of a transcript said; Malformed if it is not one.

    `begins`: any command that begins so.
    """
    found = [
        output
        for line, output in _turns(text)
        if line == command or (begins and line.startswith(command))
    ]
    if len(found) != 1:
        words = f"`$ {command.strip()}` is in it {len(found)} times, not once"
        raise Malformed("transcript", words)
    return found[0]


@functools.lru_cache(maxsize=1)
def _turns(text: str) -> tuple[tuple[str, str], ...]:
    """Every command of a body, with its output."""
    turns = (turn.partition("\n") for turn in _COMMAND.split(text)[1:])
    return tuple((line, output) for line, _, output in turns)


def question(
    source: str,
    read: Callable[[str], _Parsed],
    key: str,
    value: Callable[[_Parsed], Value],
    where: str,
    *,
    unit: str = "",
    stable: bool = True,
) -> Question:
    """A question whose truth is a value of what one transcript says."""

    def truth(text: str, variant: Mapping[str, Value]) -> Value:
        return value(read(text))

    place = f"{where} ({FOLDER}/{source})"
    return Question(key, source, truth, place, unit=unit, stable=stable)


# Making


def tool(
    bench: Bench,
    command: Sequence[str],
    *subject: str,
    ends: Container[int] = (0,),
) -> str:
    """What a tool said of products of the build, boxed, in the lab's folder.

    `subject` are the products and, for valgrind, the program's arguments;
    `ends` the exit statuses with which the tool has said all.
    """
    _need(command[0])
    argv = [*command, *subject]
    done = bench.box.run(argv, cwd=bench.folder)
    if not _has_spoken(done, ends):
        probe = str(bench.probe(NOTHING))
        reference = bench.box.run([*command, probe])
        if not _has_spoken(reference, ends):
            _useless(command[0], f"{reference.describe()}: {_words(reference)}")
        fail(
            expected=f"what {command[0]} says of {subject[0]}",
            actual=f"it {done.describe()}: {decode(done.stderr or done.stdout)}",
            input=subject[0],
            rerun=" ".join(argv),
        )
    return f"$ {' '.join(argv)}\n{_words(done)}"


def traced(bench: Bench, tracer: Sequence[str], argv: Sequence[str]) -> str:
    """A tracer's log of a program, boxed, in the lab's folder."""
    done = watch(bench, tracer, argv, cwd=bench.folder)
    return f"$ {' '.join((*tracer, *argv))}\n{done.trace}"


def watch(
    bench: Bench,
    tracer: Sequence[str],
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Finished:
    """Run a program under a tracer that sees it to its end, however it ends."""
    done = bench.box.run(argv, env=env, trace=tracer, cwd=cwd)
    if not done.trace_whole:  # an overloaded machine is told apart by once more
        done = bench.box.run(argv, env=env, trace=tracer, cwd=cwd)
    whole = done.trace_whole
    if not whole:
        reference = bench.box.run([bench.probe(NOTHING)], trace=tracer)
        if not reference.trace_whole:
            _useless(tracer[0], "does not see it to its end")
    if not whole or len(done.trace) > LOG_CHARACTERS:
        trouble = "calls without end" if whole else "a log without end"
        fail(
            expected=f"a log of {tracer[0]}, from the program's start to its end",
            actual=f"{trouble}; the program {done.describe()}",
            input=bench.shown(" ".join(map(str, argv))),
            rerun=bench.shown(" ".join(map(str, (*tracer, *argv)))),
        )
    return done


def look(bench: Bench, process: Process, name: str) -> str:
    """/proc/PID/NAME of a waiting process; fail if it alone cannot be looked at."""
    try:
        return read_proc(process.pid, name)
    except PermissionError:
        with bench.box.spawn(["cat"]) as reference:
            try:
                read_proc(reference.pid, name)
            except PermissionError as error:
                cannot_check(Cause.PERMISSION, f"/proc/PID/{name}: {error.strerror}")
    fail(
        expected=f"at its prompt, the program's /proc/PID/{name} can be read",
        actual="it has forbidden that, as prctl(PR_SET_DUMPABLE) does",
    )


def of_process(command: Sequence[str], pid: int) -> str:
    """What a tool that is given its number says of a process, such as pmap.

    Empty if it says nothing of this one: then it has ended.
    """
    _need(command[0])
    words = _outside([*command, str(pid)])
    if not words and not _outside([*command, str(os.getpid())]):
        _useless(command[0], "says nothing")
    return words


def _outside(argv: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            timeout=TOOL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return decode(done.stdout) if done.returncode == 0 else ""


def _need(name: str) -> None:
    if shutil.which(name, path="/usr/bin:/bin") is None:
        cannot_check(Cause.TOOL, f"{name} is not installed: ./setup installs it")


def _useless(name: str, trouble: str) -> NoReturn:
    cannot_check(Cause.TOOL, f"{name} on a program of the judge's own: {trouble}")


def _has_spoken(done: Finished, ends: Container[int]) -> bool:
    return done.how == "exited" and done.status in ends and bool(_words(done))


def _words(done: Finished) -> str:
    return decode(done.stdout + done.stderr)
