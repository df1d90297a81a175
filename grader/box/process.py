# SPDX-License-Identifier: MIT
"""A program in the box: start, prompts, limits, end. It is trusted in nothing."""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from grader.box.levels import BoxError, BoxLate
from grader.box.limits import Finished, Limits
from grader.box import keeper, usage
from grader.box.tracer import Tracer
from grader.keeper.supervisor import Order, Wires, children_of

# The end of a line, as support/pause.h prints it: behind words of the program's
# that have no end of line it is as much a prompt.
PROMPT = re.compile(rb"\[\d{1,10}\] ([^\n]*): press Enter")
PROMPT_BYTES = 1 << 12

# The launcher's descriptors; the program gets none of them.
BOX_STATUS, READY, GO = 7, 8, 9
_CLOSE = f"{BOX_STATUS}>&- {READY}>&- {GO}<&-"
LAUNCHER = (
    "/bin/sh",
    "-c",
    f'echo >&{READY}; read -r _ <&{GO}; exec "$@" {_CLOSE}',
    "launcher",
)

START_SECONDS = 120.0  # for the box itself, on a machine under full load
LOOK_SECONDS = 0.05  # between two looks at what is used and at the tracer's log
END_SECONDS = 5.0  # between the end of a program's output and its own
CHUNK = 1 << 16


class Ended(Exception):
    """The program ended, or was ended, before the prompt that was awaited."""

    def __init__(self, finished: Finished) -> None:
        super().__init__(finished.describe())
        self.finished = finished


@dataclass(frozen=True)
class Plan:
    """How to start: made by the box, used once."""

    order: Order
    limits: Limits
    bubblewrap: bool
    tracer: tuple[str, ...]  # empty: none
    log: Path
    shared: tuple[Path, ...]  # the host's folders that it may write to
    release: Callable[[str | None], None]  # the box takes back; the cap passed


class Process:
    """A program that was held before its exec until all eyes were on it.

    `pid` is its number in the judge's own /proc. Use it as a context manager:
    on the way out nothing of the program is left.
    """

    def __init__(self, plan: Plan) -> None:
        self.pid = 0
        self._plan = plan
        self._text = {"stdout": bytearray(), "stderr": bytearray()}
        self._seen = 0  # bytes of stdout before the next line to look at
        self._cut: str | None = None  # the cap that ended it
        self._finished: Finished | None = None
        self._tracer: Tracer | None = None
        self._supervisor = 0
        self._ended = False
        self._next_look = 0.0
        self._fds: dict[str, int] = {}
        self._selector = selectors.DefaultSelector()
        self._deadline = time.monotonic() + START_SECONDS
        try:
            self._fork()
            self._wait_until_held()
            if plan.tracer:
                self._tracer = Tracer(list(plan.tracer), self.pid, plan.log)
        except BaseException:
            self._end()
            raise
        self._started = time.monotonic()
        self._deadline = self._started + plan.limits.wall
        self._next_look = self._started
        os.write(self._fds["go"], b"\n")
        self._close("go")

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    # Starting

    def _fork(self) -> None:
        """Have the supervisor started, which starts the launcher."""
        theirs = {}
        for name, number, ours in (
            ("stdin", 0, 1),
            ("stdout", 1, 0),
            ("stderr", 2, 0),
            ("box", BOX_STATUS, 0),
            ("ready", READY, 0),
            ("go", GO, 1),
            ("control", -1, 1),
            ("report", -2, 0),
        ):
            ends = os.pipe()
            self._fds[name] = ends[ours]
            theirs[number] = ends[1 - ours]
        control, report = theirs.pop(-1), theirs.pop(-2)
        try:
            keeper.start(self._plan.order, Wires(theirs, control, report))
        finally:
            for number in (*theirs.values(), control, report):
                os.close(number)
        for name in ("stdout", "stderr", "report", "box", "ready"):
            os.set_blocking(self._fds[name], False)
            self._selector.register(self._fds[name], selectors.EVENT_READ, name)
            self._text.setdefault(name, bytearray())
        os.set_blocking(self._fds["stdin"], False)

    def _wait_until_held(self) -> None:
        """Wait for the launcher's word that it waits for ours; find its pid."""
        said = self._text
        self._pump(lambda: bool(said["ready"]) or "ready" not in self._fds)
        if not said["ready"]:
            if self._cut == "wall time":
                raise BoxLate(
                    f"the box has not started a program in {START_SECONDS:.0f} s: "
                    "the machine is overloaded, try again"
                )
            self._pump(lambda: False)
            reason = said["stderr"].decode(errors="replace").strip()
            raise BoxError(f"the box does not start: {reason or 'no reason given'}")
        # Both were written before the launcher's word.
        self._pump(lambda: b"\n" in said["report"])
        words = json.loads(said["report"].split(b"\n")[0])
        self.pid, self._supervisor = words["started"], words["supervisor"]
        if self._plan.bubblewrap:
            self._pump(lambda: b"\n" in said["box"])
            init = json.loads(said["box"].split(b"\n")[0])["child-pid"]
            (self.pid,) = children_of(init)

    # While it runs

    def wait_prompt(self) -> str:
        """The label of the next prompt; Ended if there is none any more."""
        labels: list[str] = []

        def found() -> bool:
            out = self._text["stdout"]
            while (end := out.find(b"\n", self._seen)) >= 0:
                start = max(self._seen, end - PROMPT_BYTES)
                self._seen = end + 1
                match = None
                if out.endswith(b": press Enter", start, end):
                    match = PROMPT.search(out, start, end)
                if match:
                    labels.append(match[1].decode(errors="backslashreplace"))
                    return True
            return False

        self._pump(found)
        if not labels:
            raise Ended(self.finish())
        return labels[0]

    def read_line(self, seconds: float) -> bytes | None:
        """The next line of stdout without its end; Ended if it has ended.

        None if there is none within `seconds`, or if stdout was closed; see
        `closed`. Not to be mixed with `wait_prompt`.
        """
        limit = time.monotonic() + seconds
        out = self._text["stdout"]

        def found() -> bool:
            return out.find(b"\n", self._seen) >= 0

        self._pump(
            lambda: found() or self.closed or time.monotonic() >= limit
        )
        if not found():
            if self.closed:  # most often because it ends: let it
                limit = time.monotonic() + END_SECONDS
                self._pump(lambda: time.monotonic() >= limit)
            if "report" not in self._fds or self._cut is not None:
                raise Ended(self.finish())
            return None
        start, self._seen = self._seen, out.find(b"\n", self._seen) + 1
        return bytes(out[start : self._seen - 1])

    @property
    def closed(self) -> bool:
        """Whether the program has closed its stdout."""
        return "stdout" not in self._fds

    @property
    def words(self) -> bytes:
        """What it has written to stderr so far."""
        return bytes(self._text["stderr"])

    def press_enter(self) -> None:
        """Answer a prompt."""
        self.write(b"\n")

    def write(self, data: bytes) -> None:
        """Give it input; what it does not take before it ends is dropped."""
        rest = memoryview(data)

        def sent() -> bool:
            nonlocal rest
            try:
                rest = rest[os.write(self._fds["stdin"], rest) :]
            except BlockingIOError:
                return False
            except (BrokenPipeError, KeyError):
                return True
            return not rest

        self._pump(sent)

    def finish(self) -> Finished:
        """Close its input, let it end within its limits, sweep, and tell."""
        if self._finished is None:
            self._close("stdin")
            self._pump(lambda: False)
            seconds = time.monotonic() - self._started
            self._stop()
            trace, whole = self._tracer.end() if self._tracer else ("", True)
            self._tracer = None
            self._finished = self._verdict(seconds, trace, whole)
            self._end()
        return self._finished

    def _pump(self, enough: Callable[[], bool]) -> None:
        """Move bytes until `enough`, its end, its deadline or another cap."""
        while not enough() and self._cut is None and "report" in self._fds:
            now = time.monotonic()
            if now >= self._deadline:
                self._cut = "wall time"
                return
            events = self._selector.select(min(LOOK_SECONDS, self._deadline - now))
            for key, _ in events:
                self._read(key.data)
            if self._tracer is not None and self._tracer.too_long():
                self._cut = "output"
            if self.pid and now >= self._next_look:
                self._cut = self._cut or usage.cap_passed(
                    self._supervisor, self._plan.limits, self._plan.shared
                )
                self._next_look = time.monotonic() + LOOK_SECONDS

    def _read(self, name: str) -> None:
        text = self._text[name]
        room = self._plan.limits.output + 1 - len(text)
        try:
            data = os.read(self._fds[name], min(CHUNK, room))
        except BlockingIOError:
            return
        text += data
        if not data:
            self._close(name)
        elif len(text) > self._plan.limits.output:
            self._cut = "output"
            self._close(name)

    # Ending

    def _close(self, name: str) -> None:
        number = self._fds.pop(name, None)
        if number is not None:
            if number in self._selector.get_map():
                self._selector.unregister(number)
            os.close(number)

    def _stop(self) -> None:
        """Have the supervisor kill what is left, and read all last words."""
        self._close("control")
        while "report" in self._fds:  # open until nothing is left to kill
            self._selector.select()
            self._read("report")
        for name in ("stdout", "stderr"):
            while name in self._fds and self._cut != "output":
                before = len(self._text[name])
                self._read(name)
                if name in self._fds and len(self._text[name]) == before:
                    break
        # It may have ended between two looks.
        if self._cut is None and usage.full(self._plan.shared, self._plan.limits):
            self._cut = "disk space"

    def _verdict(self, seconds: float, trace: str, whole: bool) -> Finished:
        how, status = self._cut or "wall time", 0
        for line in self._text["report"].splitlines():
            words = json.loads(line)
            if words.get("status") is not None and self._cut is None:
                status = os.waitstatus_to_exitcode(words["status"])
                # bwrap says 128 + n for a program that signal n ended.
                if self._plan.bubblewrap and 128 < status < 128 + signal.NSIG:
                    status = 128 - status
                how = "exited" if status >= 0 else "signal"
        return Finished(
            how=how,
            status=abs(status),
            stdout=bytes(self._text["stdout"]),
            stderr=bytes(self._text["stderr"]),
            trace=trace,
            trace_whole=whole,
            seconds=seconds,
        )

    def _end(self) -> None:
        """Leave nothing behind, whatever happened before; once."""
        if self._ended:
            return
        self._ended = True
        self._stop()
        if self._tracer is not None:
            self._tracer.kill()
            self._tracer = None
        for name in list(self._fds):
            self._close(name)
        self._selector.close()
        self._plan.release(self._cut)
