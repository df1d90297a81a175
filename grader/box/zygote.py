# SPDX-License-Identifier: MIT
"""A small process that forks the supervisors, so that the judge need not.

A fork copies the page tables of the whole process, and afterwards both sides
fault on each page that they touch. The judge is large; the zygote is forked
while it is still small.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import sys
from typing import NoReturn

from grader.box.supervisor import Order, Wires, supervise

_MESSAGE_BYTES = 1 << 17
_DESCRIPTORS = 16

_socket: socket.socket | None = None


def prepare() -> None:
    """Fork the zygote, if there is none; it ends with this process."""
    global _socket
    if _socket is not None:
        return
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork() == 0:
        try:
            # A pipe of the judge's that stayed open here would never end.
            number = os.dup2(theirs.fileno(), 3, inheritable=False)
            os.closerange(4, os.sysconf("SC_OPEN_MAX"))
            _serve(socket.socket(fileno=number))
        finally:
            os._exit(1)
    theirs.close()
    _socket = ours


def start(order: Order, wires: Wires) -> None:
    """Have a supervisor started; it has copies of the descriptors."""
    prepare()
    assert _socket is not None
    table = {"order": dataclasses.asdict(order), "program": list(wires.program)}
    descriptors = [wires.control, wires.report, *wires.program.values()]
    socket.send_fds(_socket, [json.dumps(table).encode()], descriptors)


def _serve(requests: socket.socket) -> NoReturn:
    """Fork a supervisor for each request until the judge is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps them
    while True:
        message, descriptors, _, _ = socket.recv_fds(
            requests, _MESSAGE_BYTES, _DESCRIPTORS
        )
        if not message:
            os._exit(0)
        if os.fork() == 0:
            table = json.loads(message)
            control, report, *program = descriptors
            numbers = dict(zip(table["program"], program))
            supervise(Order(**table["order"]), Wires(numbers, control, report))
        for number in descriptors:
            os.close(number)
