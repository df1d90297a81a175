# SPDX-License-Identifier: MIT
"""Many judges at once, each a process of its own; none outlives the runner.

A judge that hangs is killed at an outer limit, and when the runner dies, by
whatever signal, the kernel kills the judges (PR_SET_PDEATHSIG). What a judge
had in its box goes with the judge: see grader/keeper/supervisor.py.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

WALL = 900.0  # seconds for one lab of one student; a judge needs a tenth of it
TICK = 0.2  # seconds between two looks at the clock, and of the progress bar

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Job:
    """One judge to run: its command line, and a folder of its own.

    The judge finds $TMPDIR in `folder`; its own last words are in
    `folder`/words, on one stream.
    """

    name: str
    argv: tuple[str, ...]
    folder: Path


@dataclass(frozen=True)
class Ended:
    """A judge that has ended; status is -9 if it was killed at the limit."""

    job: Job
    status: int
    seconds: float
    late: bool


@dataclass
class _Running:
    job: Job
    process: subprocess.Popen[bytes]
    pidfd: int
    started: float
    late: bool = False


def run_jobs(
    jobs: Sequence[Job],
    width: int,
    tick: Callable[[], None] = lambda: None,
    wall: float = WALL,
) -> Iterator[Ended]:
    """Run all jobs, `width` at a time; yields each as it ends.

    `tick` is called a few times a second. When the iterator is closed or an
    exception passes through it, the judges that still run are killed.
    """
    waiting = list(reversed(jobs))
    running: list[_Running] = []
    selector = selectors.DefaultSelector()
    try:
        while waiting or running:
            while waiting and len(running) < width:
                running.append(one := _start(waiting.pop()))
                selector.register(one.pidfd, selectors.EVENT_READ, one)
            ready = [key.data for key, _ in selector.select(TICK)]
            for one in ready:
                selector.unregister(one.pidfd)
                running.remove(one)
                seconds = time.monotonic() - one.started
                yield Ended(one.job, _reap(one), seconds, one.late)
            for one in running:
                if time.monotonic() - one.started > wall:
                    one.late = True
                    one.process.kill()
            tick()
    finally:
        for one in running:
            one.process.kill()
        for one in running:
            _reap(one)
        selector.close()


def _start(job: Job) -> _Running:
    runner = os.getpid()

    def die_with_the_runner() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != runner:
            os._exit(1)  # it died before the line above

    scratch = job.folder / "scratch"
    scratch.mkdir()
    # At the box level "limits" a judge gives up root before it comes here.
    scratch.chmod(0o1733)
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
    }
    with (job.folder / "words").open("wb") as words:
        process = subprocess.Popen(
            job.argv,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            cwd="/",
            env={**environment, "TMPDIR": str(scratch)},
            start_new_session=True,  # Ctrl-C is the runner's alone
            preexec_fn=die_with_the_runner,
        )
    return _Running(job, process, os.pidfd_open(process.pid), time.monotonic())


def _reap(one: _Running) -> int:
    status = one.process.wait()
    os.close(one.pidfd)
    scratch = one.job.folder / "scratch"
    try:
        scratch.rmdir()
    except OSError:
        # What a killed judge left: rm(1) follows no link and takes any depth.
        subprocess.run(["rm", "-rf", "--", scratch], check=False)
    return status
