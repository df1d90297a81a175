# SPDX-License-Identifier: MIT
"""A driver in the box: built, started, sent commands, and named when it fails."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import TracebackType

from grader.api.linkage import expect_apart
from grader.api.memory import Eye, Memory
from grader.box import Box, Ended, Finished, Limits, Process
from grader.judge.api import cannot_check
from grader.judge.bench import Bench
from grader.observers import Gone
from grader.outcome import Cause

SOURCES = Path(__file__).resolve().parent.parent / "drivers"
CORE = ("driver.c", "heap.c")
CALLS = "_calls.c"  # ends the name of a file that includes code of the student's
_WRAPPED = (
    "malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign"
)
OWN_HEAP = tuple(f"-Wl,--wrap={name}" for name in _WRAPPED)
# What ThreadSanitizer has a function for; see atomics.c.
_ATOMIC = ("load", "store", "exchange", "fetch_add", "fetch_sub") + (
    "compare_exchange_strong", "compare_exchange_weak"
)
THREADS_WATCHED = "-fsanitize=thread"
OWN_ATOMICS = ("-Wl,--wrap=__tsan_atomic_thread_fence",) + tuple(
    f"-Wl,--wrap=__tsan_atomic32_{name}" for name in _ATOMIC
)
PLAIN_HEAP = "-DPLAIN_HEAP"  # a flag: leaves the heap to a tool that watches it
# A command takes microseconds, and some that use threads a part of a second.
PATIENCE = 4.0  # seconds
SLICES = 4  # looks at a driver that does not answer
LIMITS = Limits(wall=120.0, cpu=60, memory=512 << 20)
# Under a tool that watches every access all is slower, its own start most of all.
SLOWER = 10
WATCHED = Limits(wall=600.0, cpu=600, memory=1 << 30, address_space=None)
STDERR_SHOWN = 600
EXIT_CLOSED = 3  # of driver.h
CLOSED = (
    "the descriptor for the answers was closed; no function of yours has to do "
    "with descriptors"
)
# What valgrind says before anything happens.
_PREAMBLE = re.compile(rb"\A==\d+== Memcheck,.*?\n==\d+== *\n", re.DOTALL)
_ANSWER = re.compile(rb"([0-9]{1,19}) ([0-9a-f]{1,16})")


class Kind(str, Enum):
    """What can go wrong with a driver, beside a wrong state of its memory."""

    CRASH = "crash"
    HANG = "hang"
    EXIT = "early exit"
    LIMIT = "limit"
    CLOSED = "closed descriptor"
    FORGED = "forged answer"
    MISPLACED = "output in the wrong place"
    UNREADABLE = "unreadable memory"


class Trouble(Exception):
    """The driver no longer obeys, or was made to answer what is not true."""

    def __init__(self, kind: Kind, words: str) -> None:
        super().__init__(words)
        self.kind = kind
        self.words = words


def build(
    bench: Bench,
    commands: Sequence[str],
    sources: Sequence[str],
    flags: Sequence[str] = (),
) -> Path:
    """Link a lab's files of grader/drivers/ with the student's sources.

    With a sanitizer or PLAIN_HEAP among the flags the heap is not the driver's.
    If it does not link: cannot check (build), with the compiler's words. If the
    student's objects use the driver's names: a failure, see linkage.py.
    """
    folder = bench.root / "probes" / "drivers"
    if not folder.exists():
        shutil.copytree(SOURCES, folder)
        for path in (folder, *folder.iterdir()):
            path.chmod(0o755)
    watched = any(flag.startswith(("-fsanitize", PLAIN_HEAP)) for flag in flags)
    ways = (PLAIN_HEAP,) if watched else OWN_HEAP
    name = re.sub("[^a-z]+", "-", " ".join((commands[0], *flags)))
    files = [*CORE, *commands]
    if THREADS_WATCHED in flags:
        files.append("atomics.c")
        ways += OWN_ATOMICS
    ours = [str(folder / file) for file in files]
    flags = ["-no-pie", "-pthread", *ways, f"-I{folder}", f"-I{bench.folder}", *flags]
    objects = bench.objects([*ours, *sources], flags)
    # Their headers' code is compiled with a file of ours.
    theirs = [path.endswith(CALLS) for path in ours] + [True] * len(sources)
    expect_apart(
        [path for path, their in zip(objects, theirs) if not their],
        [path for path, their in zip(objects, theirs) if their],
    )
    return bench.link(objects, f"driver-{name}", flags)


@dataclass
class Session:
    """One driver, started again when it is gone; a context manager."""

    box: Box
    program: Path
    env: dict[str, str] = field(default_factory=dict)
    # Under a tool that watches it, stderr is where that reports.
    reports: bool = False
    patience: float = PATIENCE
    argv: tuple[str, ...] = ()
    _process: Process | None = None
    _eye: Eye | None = None
    _steps: int = 0

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._drop()

    @property
    def pid(self) -> int:
        """The driver's number in the judge's own /proc."""
        return self._start().pid

    def obey(self, command: str) -> Memory:
        """Have one command carried out, and look; Trouble if it is not."""
        try:
            return self._obey(command)
        except Ended as ended:
            self._drop()
            raise _end(ended.finished) from None
        except Gone as gone:
            self._drop()
            raise Trouble(Kind.UNREADABLE, gone.reason) from None
        except Trouble:
            self._drop()
            raise

    def finish(self) -> Finished:
        """No more commands: how it ends, and what it wrote to stderr."""
        finished = self._start().finish()
        self._drop()
        return finished

    def _obey(self, command: str) -> Memory:
        process = self._start()
        process.write(command.encode() + b"\n")
        self._steps += 1
        line = self._answer(process)
        if line is None and process.closed:
            raise Trouble(Kind.CLOSED, CLOSED)
        if line is None:
            raise Trouble(
                Kind.HANG,
                "it does not return: an endless loop, or a lock that nobody gives "
                "back?",
            )
        memory = self._look(process)
        match = _ANSWER.fullmatch(line)
        if match is None:
            raise Trouble(
                Kind.MISPLACED,
                f"something was written among the answers to the judge: {_shown(line)}",
            )
        said = int(match[1]), int(match[2], 16)
        if said != (memory.steps, memory.result) or memory.steps != self._steps:
            raise Trouble(
                Kind.FORGED,
                f"the answer `{_shown(line)}` is not what memory says: command "
                f"{memory.steps} with result {memory.result:x}, of {self._steps}",
            )
        if process.words and not self.reports:
            raise Trouble(
                Kind.MISPLACED,
                "something was printed, and the functions of this library print "
                f"nothing: {_shown(process.words)}",
            )
        return memory

    def _answer(self, process: Process) -> bytes | None:
        """The next line, or None if there will be none.

        What counts is not the clock, which runs on while others have the cores:
        it hangs if it has used `patience` seconds of a core, SLOWER times that
        where it is watched, or if at SLICES looks in a row, over `patience`
        seconds, no thread of it could run.
        """
        most = self.patience * (SLOWER if self.reports else 1)
        spent = -1.0  # looked at only if it does not answer at once
        asleep = 0
        while asleep < SLICES:
            line = process.read_line(self.patience / SLICES)
            if line is not None or process.closed:
                return line
            now = _core_seconds(process.pid)
            spent = now if spent < 0 else spent
            if now - spent > most:
                return None
            asleep = 0 if _can_run(process.pid) else asleep + 1
        return None

    def _start(self) -> Process:
        if self._process is None:
            argv = [*self.argv, str(self.program)]
            limits = WATCHED if self.reports else LIMITS
            self._process = self.box.spawn(argv, env=self.env, limits=limits)
            self._steps = 0
        return self._process

    def _look(self, process: Process) -> Memory:
        """Look; only after an answer, because exec gives a process new memory."""
        if self._eye is None:
            try:
                self._eye = Eye(process.pid, self.program)
            except PermissionError as error:
                self._drop()
                cannot_check(
                    Cause.PERMISSION,
                    f"the judge may not read the memory of its own program: {error}",
                )
            except FileNotFoundError:
                raise Ended(process.finish()) from None
        return self._eye.look()

    def _drop(self) -> None:
        if self._eye is not None:
            self._eye.close()
        if self._process is not None:
            self._process.__exit__(None, None, None)
        self._process = self._eye = None


def _core_seconds(pid: int) -> float:
    """What all threads of a process have used of a core; see proc_pid_stat(5)."""
    try:
        stat = Path("/proc", str(pid), "stat").read_bytes()
    except OSError:
        return 0.0
    words = stat[stat.rindex(b")") + 2 :].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _can_run(pid: int) -> bool:
    """Whether any thread runs, or waits for nothing but a core or a disk."""
    for stat in Path("/proc", str(pid), "task").glob("*/stat"):
        try:
            words = stat.read_bytes()
        except OSError:
            continue
        if words[words.rindex(b")") + 2 : words.rindex(b")") + 3] in (b"R", b"D"):
            return True
    return False


def _end(finished: Finished) -> Trouble:
    words = f"the program {finished.describe()}"
    if said := _PREAMBLE.sub(b"", finished.stderr):
        words += f"; it had printed: {_shown(said)}"
    if finished.how == "signal":
        return Trouble(Kind.CRASH, words)
    if (finished.how, finished.status) == ("exited", EXIT_CLOSED):
        return Trouble(Kind.CLOSED, CLOSED)
    if finished.how == "exited":
        return Trouble(
            Kind.EXIT, f"{words}, where it had to return; that decides nothing"
        )
    return Trouble(Kind.HANG if finished.how == "wall time" else Kind.LIMIT, words)


def _shown(data: bytes) -> str:
    text = data[:STDERR_SHOWN].decode("utf-8", "backslashreplace").strip()
    return text + ("..." if len(data) > STDERR_SHOWN else "")
