# SPDX-License-Identifier: MIT
"""The three levels of the box, and which of them this machine allows.

namespaces  bubblewrap: own pids, mounts, network, IPC; a minimal root
uid         a user of its own for each job, Landlock where there is one
limits      the judge's own user, Landlock where there is one: said loudly

As root, every level first gives up root: the first two by a user of their
own; the third is refused, because there the judge would have to share root.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
from enum import Enum
from pathlib import Path

from grader.errors import InputError
from grader.keeper import landlock

UID_FIRST = 61184  # systemd's range for users that exist only while they run
UID_COUNT = 256

_ROOT_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d")
SYSTEM = tuple(
    Path("/", name) for name in ("usr", *_ROOT_LINKS, "etc", "proc", "sys")
)
DEVICES = tuple(
    Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom")
)


class BoxError(InputError):
    """The box cannot be had; the text says why and what to do."""


class BoxLate(BoxError):
    """The box was not ready in time: the machine is overloaded."""


class ToolMissing(BoxError):
    """A tool that the box or a tracer needs is not installed."""


class Level(str, Enum):
    """How strongly a program is kept apart, the strongest first."""

    NAMESPACES = "namespaces"
    UID = "uid"
    LIMITS = "limits"


# What Landlock shuts from which ABI on, and what it never does; landlock(7).
_NEVER = 1 << 30
_DOORS = (
    # ABI, at the level uid, at the level limits
    (1, "what everybody may write", "the user's files and processes"),
    (3, "", "truncating the user's files"),
    (4, "TCP", "TCP"),
    (6, "abstract sockets", "signals, abstract sockets"),
    (_NEVER, "", "the modes of the user's files"),
    (_NEVER, "everybody's Unix sockets", "Unix sockets (session bus, ssh-agent, tmux)"),
    (_NEVER, "UDP, System V IPC", "UDP, System V IPC"),
)


def what_is_open(level: Level, abi: int) -> list[str]:
    """What a level does not keep apart where the kernel has this Landlock ABI.

    There the rights decide that the program's user has.
    """
    if level is Level.NAMESPACES:
        return []
    own = level is Level.LIMITS
    rows = (
        at_limits if own else at_uid for shut, at_uid, at_limits in _DOORS if abi < shut
    )
    words = f"open: {', '.join(filter(None, rows))}"
    return ["programs run as the judge's own user", words] if own else [words]


def choose_uid() -> tuple[int, int]:
    """A user number that no other job holds, and a descriptor that holds it.

    Root only. Raises BoxError if all are taken.
    """
    for uid in range(UID_FIRST, UID_FIRST + UID_COUNT):
        # An abstract address is held by one socket at a time, is seen from
        # every root folder of the machine, and goes with its process.
        holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            holder.bind(f"\0process-memory-labs-uid-{uid}")
            return uid, holder.detach()
        except OSError as error:
            holder.close()
            if error.errno != errno.EADDRINUSE:
                raise
    raise BoxError(f"{UID_COUNT} jobs run at once: wait until some have ended")


def become_ordinary() -> None:
    """As root, become a user of no rights for good, before the level "limits".

    There a student's program runs as the judge's own user.
    """
    if os.getuid() == 0:
        uid, _ = choose_uid()
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def take_back(uid: int, folders: tuple[Path, ...]) -> None:
    """What a job's own user leaves: the folders become root's, the rest goes.

    Landlock keeps the user from writing elsewhere; without it, the places
    that everybody may write to are searched. Root only.
    """
    for folder in folders:
        _quietly("chown", "-R", "-P", "-h", "0:0", "--", str(folder))
    if not landlock.abi():
        for place in ("/tmp", "/var/tmp", "/dev/shm", "/run/lock"):
            _quietly("find", place, "-xdev", "-user", str(uid), "-delete")
    for kind, option in (("shm", "-m"), ("msg", "-q"), ("sem", "-s")):
        for identifier in _system_v(kind, uid):
            _quietly("ipcrm", option, identifier)


def _system_v(kind: str, uid: int) -> list[str]:
    """The System V objects of a user, from sysvipc(7)."""
    try:
        lines = Path("/proc/sysvipc", kind).read_text().splitlines()
    except OSError:
        return []
    names = lines[0].split()
    rows = [dict(zip(names, line.split())) for line in lines[1:]]
    key = {"shm": "shmid", "msg": "msqid", "sem": "semid"}[kind]
    return [row[key] for row in rows if row["uid"] == str(uid)]


def _quietly(*argv: str) -> None:
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def bubblewrap(
    readable: tuple[Path, ...],
    writable: tuple[Path, ...],
    cwd: Path,
    scratch_bytes: int,
    status_fd: int,
) -> list[str]:
    """The bwrap(1) command line of a minimal root, up to the program.

    Readable and writable folders appear at the paths that they have outside,
    so that a tracer outside finds the same files.
    """
    program = shutil.which("bwrap", path="/usr/bin:/bin")
    if program is None:
        raise ToolMissing("bwrap is not installed: ./setup installs bubblewrap")
    argv = [program, "--unshare-all", "--unshare-user", "--disable-userns"]
    argv += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    argv += ["--ro-bind", "/usr", "/usr"]
    for name in _ROOT_LINKS:
        path = Path("/", name)
        if path.is_symlink():
            argv += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            argv += ["--ro-bind", str(path), str(path)]
    for name in _ETC:
        argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    argv += ["--proc", "/proc", "--dev", "/dev"]
    argv += ["--size", str(1 << 20), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    argv += ["--size", str(scratch_bytes), "--tmpfs", "/tmp"]
    for path in readable:
        argv += ["--ro-bind", str(path), str(path)]
    for path in writable:
        argv += ["--bind", str(path), str(path)]
    argv += ["--chdir", str(cwd), "--json-status-fd", str(status_fd), "--"]
    return argv
