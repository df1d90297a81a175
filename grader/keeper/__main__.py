# SPDX-License-Identifier: MIT
"""The keeper: a small process that forks the supervisors.

A request is one message: JSON with the order and the numbers that the
program's descriptors get, and the descriptors. It ends with the judge.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True

from grader.keeper.supervisor import Order, Wires, supervise  # noqa: E402

MESSAGE_BYTES = 1 << 17
DESCRIPTORS = 16


def serve(requests: socket.socket) -> NoReturn:
    """Fork a supervisor for each request until the judge is gone."""
    # They are the judge's, whose end is the keeper's.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    # What the judge was started with, such as a pipe of make's.
    os.closerange(requests.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps them
    while True:
        message, descriptors, _, _ = socket.recv_fds(
            requests, MESSAGE_BYTES, DESCRIPTORS
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


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
