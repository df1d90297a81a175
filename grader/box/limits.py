# SPDX-License-Identifier: MIT
"""What a boxed program may use, and how it ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Caps on one boxed program and all that it starts.

    Seconds and bytes. `wall` is for a machine under full load: an honest
    program takes a hundredth of it. `address_space` is per process and None
    for programs under a sanitizer, which reserve terabytes. Sums that are
    looked at while the program runs: `memory`, what is resident of the whole
    tree; `processes`, with their threads; `disk`, what is allocated below all
    folders of the host's that it may write to, as `files` in number. `disk`
    is four of the largest files; the largest build of a solution has
    5 MiB, the longest 78 files.
    """

    wall: float = 30.0
    cpu: int = 10
    memory: int = 1024 * MIB
    address_space: int | None = 4096 * MIB
    processes: int = 64
    file_size: int = 64 * MIB
    disk: int = 256 * MIB
    files: int = 4096
    output: int = 4 * MIB
    open_files: int = 256

    def prlimit(self, processes: int) -> list[str]:
        """The util-linux prlimit(1) command line that sets these caps."""
        argv = [
            "prlimit",
            f"--cpu={self.cpu}:{self.cpu + 1}",
            f"--nproc={processes}",
            f"--fsize={self.file_size}",
            f"--nofile={self.open_files}",
            "--core=0",
            "--msgqueue=0",
        ]
        if self.address_space is not None:
            argv.append(f"--as={self.address_space}")
        return argv


@dataclass(frozen=True)
class Finished:
    """The end of a boxed program, as the box saw it.

    `how` is "exited" (status: the exit status), "signal" (status: its
    number), or the cap that ended it: "wall time", "output", "memory",
    "processes", "disk space". When this object exists, nothing that the
    program started is left. `trace` is the tracer's log from the program's
    exec on; `trace_whole` says whether the tracer saw it to its end.
    """

    how: str
    status: int
    stdout: bytes
    stderr: bytes
    trace: str
    trace_whole: bool
    seconds: float

    def describe(self) -> str:
        """The end in words, for a report."""
        if self.how == "exited":
            return f"ended with exit status {self.status}"
        if self.how == "signal":
            return f"was ended by {_signal(self.status)}"
        words = {
            "wall time": "was still running at its time limit",
            "output": "printed more than its output limit",
            "memory": "used more than its memory limit",
            "processes": "ran more processes and threads than its limit",
            "disk space": "used more disk space, or made more files, than its limit",
        }
        return f"{words[self.how]} and was stopped"


def _signal(number: int) -> str:
    """A signal as people know it; see signal(7)."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    words = {
        "SIGABRT": "abort",
        "SIGBUS": "bus error",
        "SIGFPE": "arithmetic error",
        "SIGILL": "illegal instruction",
        "SIGSEGV": "segmentation fault",
        "SIGXCPU": "processor time used up; an endless loop?",
        "SIGXFSZ": "a file larger than its limit",
    }
    return f"signal {number} ({', '.join([name, *filter(None, [words.get(name)])])})"
