# SPDX-License-Identifier: MIT
"""The process between the judge and a boxed program: it leaves no survivor.

The keeper forks it. It becomes the reaper of all that the program starts
(PR_SET_CHILD_SUBREAPER), starts the program, and when the program has ended,
when the judge says so or when the judge itself is gone, kills and reaps until
it has no child left. It reports to the judge in JSON lines.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from grader.keeper import landlock

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_PTRACER = 0x59616D61
_ANY = ctypes.c_ulong(-1)

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Order:
    """What to start.

    `uid`: become this user and group first; None: stay. `confined`: write
    below `writable` and read below it and `readable` only, where the kernel
    has Landlock.
    """

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    uid: int | None
    confined: bool
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wires:
    """The descriptors of one supervisor.

    `program`: number in the program -> number here. End of file on `control`
    says that the judge is gone or wants an end.
    """

    program: dict[int, int]
    control: int
    report: int


def supervise(order: Order, wires: Wires) -> NoReturn:
    """Run the order and end; called in a fresh fork, never returns."""
    status = 125
    try:
        for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _close_all_but(wires)
        child = os.fork()
        if child == 0:
            _become_program(order, wires.program)
        for number in wires.program.values():
            os.close(number)
        _say(wires.report, supervisor=os.getpid(), started=child)
        ended = _wait(child, wires.control)
        sweep(order.uid)
        _say(wires.report, status=ended)
        status = 0
    finally:
        os._exit(status)


def _close_all_but(wires: Wires) -> None:
    keep = sorted({wires.control, wires.report, *wires.program.values()})
    low = 0
    for number in keep:
        os.closerange(low, number)
        low = number + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))


def _become_program(order: Order, descriptors: dict[int, int]) -> NoReturn:
    try:
        os.setsid()
        for number in range(1, signal.NSIG):
            if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
                signal.signal(number, signal.SIG_DFL)
        # Two steps, so that no number is overwritten before it is copied.
        high = max(descriptors) + 1
        copies = {
            target: fcntl.fcntl(source, fcntl.F_DUPFD, high)
            for target, source in descriptors.items()
        }
        os.closerange(0, high)
        for target, copy in copies.items():
            os.dup2(copy, target, inheritable=True)
        os.closerange(high, os.sysconf("SC_OPEN_MAX"))
        if order.uid is not None:
            os.setgroups([])
            os.setresgid(order.uid, order.uid, order.uid)
            os.setresuid(order.uid, order.uid, order.uid)
        # After the change of user, which clears it.
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Where Yama is, only a parent may trace: the judge's strace is none.
        _libc.prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)
        os.umask(0o022)
        os.chdir(order.cwd)
        if order.confined:
            landlock.restrict(
                map(Path, order.readable), map(Path, order.writable)
            )
        os.execvpe(order.argv[0], order.argv, order.env)
    except BaseException as error:
        os.write(2, f"box: cannot start {order.argv[0]}: {error}\n".encode())
    finally:
        os._exit(126)


def _say(report: int, **words: int | None) -> None:
    with contextlib.suppress(BrokenPipeError):  # the judge is gone
        os.write(report, (json.dumps(words) + "\n").encode())


def _wait(child: int, control: int) -> int | None:
    """The wait status of `child`, or None if the judge ended it first.

    Its process group, which a plain fork bomb never leaves, dies in one stroke.
    """
    pidfd = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(control, select.POLLIN)
        ready = {number for number, _ in poll.poll()}
        # Before it is reaped: until then its number is nobody else's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        if pidfd in ready:
            return os.waitpid(child, 0)[1]
        return None
    finally:
        os.close(pidfd)


def sweep(uid: int | None) -> None:
    """Kill and reap all descendants of this process.

    As root with a user of its own for the job, one kill(-1) by that user
    takes a fork bomb in one stroke. Otherwise each round stops all of them
    before it kills any: who is stopped forks no more, and makes no room for
    another one below the limit on processes.
    """
    # What lost its parent became a child of ours: no child, no survivor.
    with contextlib.suppress(ChildProcessError):
        while True:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            if uid is not None and os.getuid() == 0:
                _kill_all_of(uid)
            stopped: set[int] = set()
            while _stop_more(stopped):
                pass
            _send(signal.SIGKILL, stopped)
            # A killed child may take a moment to become a zombie.
            os.waitpid(-1, 0)


def _stop_more(stopped: set[int]) -> bool:
    """Stop the descendants of this process that are not; whether there were any.

    Each is stopped before its children are looked up: it has no more then.
    """
    before = len(stopped)
    todo = collections.deque([os.getpid()])
    seen: set[int] = set()
    while todo:
        children = set(children_of(todo.popleft())) - seen
        _send(signal.SIGSTOP, children - stopped)
        stopped |= children
        seen |= children
        todo += children
    return len(stopped) > before


def descendants_of(pid: int, enough: int | None = None) -> set[int]:
    """The pids of a process's children, of theirs, and so on.

    Looks no further when there are more than `enough`.
    """
    found: set[int] = set()
    todo = [pid]
    while todo and (enough is None or len(found) <= enough):
        children = set(children_of(todo.pop())) - found
        found |= children
        todo += children
    return found


def _send(number: signal.Signals, pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _kill_all_of(uid: int) -> None:
    killer = os.fork()
    if killer == 0:
        try:
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(killer, 0)


def children_of(parent: int) -> list[int]:
    """The pids of a process's children, without zombies' guarantees.

    From proc_pid_task(5), which not every kernel is built with, or else from
    the parent that each process's proc_pid_stat(5) names.
    """
    found = []
    try:
        for task in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{task}/children", "rb") as file:
                found += [int(pid) for pid in file.read().split()]
        return found
    except FileNotFoundError:
        if not os.path.exists(f"/proc/{parent}"):
            return []
    except ProcessLookupError:
        return []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                stat = file.read()
        except OSError:
            continue
        # The name of the command may hold spaces and parentheses.
        if int(stat[stat.rindex(b")") + 2 :].split()[1]) == parent:
            found.append(int(name))
    return found
