# SPDX-License-Identifier: MIT
"""strace or ltrace on a boxed program, from outside the box.

The tracer is a process of the judge, in the judge's own pid namespace and,
as root, of another user: the program can neither see it nor write its log.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

from grader.box.levels import BoxError, BoxLate, ToolMissing

ATTACH_SECONDS = 120.0
LOOK_SECONDS = 0.001
LOG_BYTES = 64 << 20

# The launcher's exec of the program, as strace or as ltrace writes it.
_EXEC = re.compile(
    r"^(?:\d+ +)?(?:execve\(.*\) += 0|--- Called exec\(\) ---)$", re.MULTILINE
)


class Tracer:
    """A tracer attached to a program that has not started yet."""

    def __init__(self, argv: list[str], pid: int, log: Path) -> None:
        """Attach; BoxError with the tracer's words if it cannot."""
        program = shutil.which(argv[0], path="/usr/bin:/bin")
        if program is None:
            raise ToolMissing(f"{argv[0]} is not installed: ./setup installs it")
        self.log = log
        deadline = time.monotonic() + ATTACH_SECONDS
        # Once it sleeps in its read, nothing but the tracer can make it switch.
        while not (held := _status(pid))["State"].startswith("S"):
            if time.monotonic() > deadline:
                raise BoxLate("a held program does not wait: the machine is overloaded")
            time.sleep(LOOK_SECONDS)
        before = held["voluntary_ctxt_switches"]
        self._process = subprocess.Popen(
            [program, *argv[1:], "-o", str(log), "-p", str(pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"},
        )
        while True:
            now = _status(pid)
            # Attached, and stopped at least once: from here on it sees all.
            if now["TracerPid"] != "0" and now["voluntary_ctxt_switches"] != before:
                return
            if time.monotonic() > deadline:
                self.kill()
                raise BoxLate(
                    f"{argv[0]} has not attached in {ATTACH_SECONDS:.0f} s: the "
                    "machine is overloaded, try again"
                )
            if self._process.poll() is not None:
                words = self._process.communicate()[1].decode(errors="replace")
                raise BoxError(f"{argv[0]} cannot attach: {words.strip()}")
            time.sleep(LOOK_SECONDS)

    def too_long(self) -> bool:
        """Whether the log has grown past its cap."""
        try:
            return self.log.stat().st_size > LOG_BYTES
        except FileNotFoundError:
            return False

    def end(self) -> tuple[str, bool]:
        """The log, and whether the tracer saw the program to its end.

        Call it when the program is gone: then the tracer ends by itself. One
        that was ended by a signal let the program run on unseen.
        """
        try:
            self._process.communicate(timeout=ATTACH_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        with self.log.open("rb") as file:
            text = file.read(LOG_BYTES).decode("utf-8", "surrogateescape")
        start = _EXEC.search(text)
        whole = start is not None and self._process.returncode == 0
        return text[start.start() :] if start else "", whole

    def kill(self) -> None:
        """End the tracer itself."""
        self._process.kill()
        self._process.communicate()


def _status(pid: int) -> dict[str, str]:
    """The fields of proc_pid_status(5); BoxError if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        raise BoxError("the program ended before it was started") from None
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in pairs}
