# SPDX-License-Identifier: MIT
"""The box: the only way in which the grader runs what a student wrote.

One interface, `run` and `spawn`, at three levels (see levels.py). A boxed
program sees no network (at the level "namespaces"), no file of the host but
the system's and the workspace, writes to a scratch folder that goes with it,
has capped time, memory, processes, output and disk space, and leaves no
process behind.
"""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.box.levels import (
    DEVICES,
    SYSTEM,
    BoxError,
    BoxLate,
    Level,
    ToolMissing,
    become_ordinary,
    bubblewrap,
    choose_uid,
    take_back,
    what_is_open,
)
from grader.box.limits import Finished, Limits
from grader.box.process import BOX_STATUS, LAUNCHER, Ended, Plan, Process
from grader.keeper import landlock
from grader.keeper.supervisor import Order

__all__ = [
    "Box",
    "BoxError",
    "BoxLate",
    "Ended",
    "Finished",
    "Level",
    "Limits",
    "Process",
    "ToolMissing",
    "become_ordinary",
    "open_box",
]

# A submission whose programs hang is not waited for in every single run: after
# so many overruns, its programs have only these seconds each. A build, or a
# program under a tool for which a check asks for more time than the default,
# is none of these: what it needs depends on the machine.
OVERRUNS = 3
SHORT_WALL = 6.0
# Where the job has no user of its own: room for what that user runs besides, a
# few dozen judges; a fork bomb that scatters to so many is stopped in seconds.
SPARE_PROCESSES = 1024


@dataclass(frozen=True)
class Box:
    """Runs programs at one level; `note` says why it is not a stronger one.

    `readable` are the folders that a program may read beside the system's;
    evidence (a tracer's log) is kept in `evidence`, which it cannot reach.
    """

    level: Level
    note: str
    readable: tuple[Path, ...]
    evidence: Path
    _overruns: list[float] = field(default_factory=list)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        trace: Sequence[str] = (),
        limits: Limits = Limits(),
        writable: tuple[Path, ...] = (),
        cwd: Path | None = None,
    ) -> Finished:
        """Run to the end. `trace`: a tracer's argv, such as ["strace", "-f"].

        Raises BoxError if the program could not even be started; everything
        that the program itself does wrong is in the result.
        """
        with self.spawn(
            argv, env=env, trace=trace, limits=limits, writable=writable, cwd=cwd
        ) as process:
            process.write(stdin)
            return process.finish()

    def spawn(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        trace: Sequence[str] = (),
        limits: Limits = Limits(),
        writable: tuple[Path, ...] = (),
        cwd: Path | None = None,
    ) -> Process:
        """Start a program and keep it in hand; see Process.

        `writable` folders are the job's to write while it runs (a build).
        """
        plain = not writable and limits.wall <= Limits.wall
        if plain and len(self._overruns) >= OVERRUNS:
            limits = replace(limits, wall=min(limits.wall, SHORT_WALL))
        uid, lock = (None, None)
        if os.getuid() == 0:
            uid, lock = choose_uid()
        boxed = self.level is Level.NAMESPACES
        before = {folder: _files_of(folder) for folder in writable}
        home = Path("/tmp")  # inside, a file system of the box's own
        if not boxed:
            home = Path(tempfile.mkdtemp(prefix="home-", dir=self.evidence.parent))
            writable = (*writable, home)
        if uid is not None:
            for path in writable:
                os.chown(path, uid, uid)
        where = cwd or home
        processes = limits.processes
        if uid is None and not boxed:
            processes = _processes_at_most()
        inner = [*limits.prlimit(processes), *LAUNCHER]
        inner += [str(word) for word in argv]
        if boxed:
            wrap = bubblewrap(
                self.readable, writable, where, limits.file_size, BOX_STATUS
            )
            inner = wrap + inner
        variables = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
            **(env or {}),
        }

        order = Order(
            argv=tuple(inner),
            env=variables,
            cwd="/" if boxed else str(where),
            uid=uid,
            confined=not boxed,
            readable=tuple(map(str, (*SYSTEM, *self.readable))),
            writable=tuple(map(str, (*DEVICES, *writable))),
        )

        def release(passed: str | None) -> None:
            if passed == "wall time" and plain:
                self._overruns.append(limits.wall)
            if not boxed:
                _remove(home)
            if uid is not None and lock is not None:
                take_back(uid, tuple(path for path in writable if path != home))
                os.close(lock)
            if passed == "disk space":
                for folder, files in before.items():
                    _clear(folder, files)

        log = self.evidence / f"trace-{secrets.token_hex(8)}"
        return Process(Plan(order, limits, boxed, tuple(trace), log, writable, release))


def _remove(folder: Path) -> None:
    """Remove a folder that a program could write to."""
    try:
        folder.rmdir()
    except OSError:
        _remove_all([folder], folder)


def _remove_all(paths: Iterable[str | Path], folder: Path) -> None:
    """Remove what lies in a folder, or the folder; it may have shut folders."""
    if os.getuid() != 0:
        subprocess.run(["chmod", "-R", "u+rwX", "--", folder], check=False)
    # rm(1) follows no link and takes folders of any depth.
    names = b"\0".join(map(os.fsencode, paths))
    subprocess.run(["xargs", "-0", "-r", "rm", "-rf", "--"], input=names, check=False)


_Stamp = tuple[int, int, int]


def _stamp(entry: os.DirEntry[str]) -> _Stamp:
    """Another one for a file that was written to, or made anew.

    Its owner may forge the time, but has no more room for that.
    """
    status = entry.stat(follow_symlinks=False)
    return status.st_ino, status.st_size, status.st_mtime_ns


def _files_of(folder: Path) -> dict[str, _Stamp]:
    """The files directly in a folder, with their stamps."""
    with os.scandir(folder) as entries:
        return {
            entry.name: _stamp(entry)
            for entry in entries
            if entry.is_file(follow_symlinks=False)
        }


def _clear(folder: Path, kept: dict[str, _Stamp]) -> None:
    """Remove all that is in a folder but the files in `kept`, where unchanged."""
    with os.scandir(folder) as entries:
        new = [
            entry.path for entry in entries if kept.get(entry.name) != _stamp(entry)
        ]
    _remove_all(new, folder)


def _processes_at_most() -> int:
    """The kernel's cap where a job has no user of its own: a last resort.

    The kernel counts all that the user runs, also what other judges start
    later, so this is far above what a job may have. What the job itself has
    is counted while it runs.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    most = _processes_of(os.getuid()) + SPARE_PROCESSES
    return most if hard == resource.RLIM_INFINITY else min(most, hard)


def _processes_of(uid: int) -> int:
    """How many processes and threads the user has now."""
    count = 0
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{name}").st_uid == uid:
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count


def open_box(wanted: str, readable: tuple[Path, ...], evidence: Path) -> Box:
    """The box at the wanted level, or for "auto" at the strongest one here.

    `evidence` is a folder of the judge's whose parent the boxed programs may
    pass through (mode 0711). Raises BoxError if the level cannot be had, and
    BoxLate if that cannot be told on a machine so busy.
    """
    if wanted != "auto" and wanted not in list(Level):
        raise BoxError(f"no box level `{wanted}`: auto, namespaces, uid or limits")
    reasons: list[str] = []
    for level in Level:
        if wanted not in ("auto", level):
            continue
        note = "; ".join([*reasons, *what_is_open(level, landlock.abi())])
        box = Box(level, note, readable, evidence)
        try:
            _probe(box)
            return box
        except BoxLate:
            raise  # an overloaded machine is no reason for a weaker level
        except BoxError as error:
            reasons.append(f"no {level.value}: {error}")
    raise BoxError("; ".join(reasons))


def _probe(box: Box) -> None:
    """Try the level with a program that is known to end well."""
    root = os.getuid() == 0
    if box.level is Level.UID and not root:
        raise BoxError("only root can become another user")
    if box.level is Level.LIMITS and root:
        raise BoxError("root shares nothing with a student: run as another user")
    for tool in ("prlimit", "rm", "chown"):
        if shutil.which(tool, path="/usr/bin:/bin") is None:
            raise BoxError(f"{tool} is not installed")
    done = box.run(["/bin/sh", "-c", "exit 0"])
    if (done.how, done.status) != ("exited", 0):
        words = done.stderr.decode(errors="replace").strip()
        raise BoxError(f"a probe {done.describe()}: {words}")
