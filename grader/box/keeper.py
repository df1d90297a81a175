# SPDX-License-Identifier: MIT
"""The judge's end of the keeper; see grader/keeper."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import json
import os
import signal
import socket
import sys
from pathlib import Path

from grader.keeper.supervisor import Order, Wires

_PROGRAM = Path(__file__).resolve().parent.parent / "keeper"

_socket: socket.socket | None = None


def start(order: Order, wires: Wires) -> None:
    """Have a supervisor started; it has copies of the descriptors."""
    table = {"order": dataclasses.asdict(order), "program": list(wires.program)}
    descriptors = [wires.control, wires.report, *wires.program.values()]
    socket.send_fds(_keeper(), [json.dumps(table).encode()], descriptors)


def begin() -> None:
    """Start the keeper, which takes a moment, before it is needed."""
    _keeper()


def _keeper() -> socket.socket:
    """The socket of this process's keeper, which ends with this process."""
    global _socket
    if _socket is None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        argv = [sys.executable, "-I", "-S", str(_PROGRAM), "3"]
        # Of the judge's descriptors it has 0 to 2 only: a pipe that stayed
        # open there would never end.
        pid = os.posix_spawn(
            sys.executable,
            argv,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 3)],
        )
        theirs.close()
        _socket = ours
        atexit.register(_end, pid)
    return _socket


def _end(pid: int) -> None:
    """End the keeper and reap it; it may be stopped, so it is not asked to.

    A supervisor that is still at work sweeps on and ends by itself.
    """
    if _socket is not None:
        _socket.close()
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
