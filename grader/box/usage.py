# SPDX-License-Identifier: MIT
"""What a boxed program and all that it started use, looked at from outside.

A look costs little and is bounded: it ends where a limit is passed.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.box.limits import Limits
from grader.keeper.supervisor import descendants_of

HELPERS = 2  # processes of bubblewrap's own, where it is
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BLOCK = 512  # bytes; the unit of st_blocks in stat(2)


def cap_passed(
    supervisor: int, limits: Limits, folders: Iterable[Path]
) -> str | None:
    """Which cap the supervisor's descendants have passed, if any.

    `folders` are those that they may write to.
    """
    most = limits.processes + HELPERS
    pids = descendants_of(supervisor, most)
    tasks = pages = 0
    for pid in pids:
        its_tasks, its_pages = _tasks_and_pages(pid)
        tasks += its_tasks
        pages += its_pages
    if max(tasks, len(pids)) > most:
        return "processes"
    if pages * _PAGE > limits.memory:
        return "memory"
    if full(folders, limits, pids):
        return "disk space"
    return None


def full(folders: Iterable[Path], limits: Limits, pids: Iterable[int] = ()) -> bool:
    """Whether more is written than may be, below the folders or in files
    without a name that the processes hold open.

    So is a folder that its owner shut, or nested deeper than a path can say:
    nobody knows what is in it.
    """
    seen: set[tuple[int, int]] = set()
    blocks = 0
    try:
        for status in itertools.chain(_below(folders), _nameless(pids)):
            file = status.st_dev, status.st_ino
            if file not in seen:
                seen.add(file)
                blocks += status.st_blocks
            if blocks * _BLOCK > limits.disk or len(seen) > limits.files:
                return True
    except OSError:
        return True
    return False


def _tasks_and_pages(pid: int) -> tuple[int, int]:
    """A process's threads and resident pages; see proc_pid_stat(5)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0, 0
    # The name of the command may hold spaces and parentheses.
    words = text[text.rindex(b")") + 2 :].split()
    return int(words[17]), int(words[21])


def _below(folders: Iterable[Path]) -> Iterator[os.stat_result]:
    """All files and folders below; no link is followed.

    What goes while it is looked at is left out.
    """
    todo = list(map(str, folders))
    while todo:
        try:
            entries = os.scandir(todo.pop())
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                try:
                    yield entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)


def _nameless(pids: Iterable[int]) -> Iterator[os.stat_result]:
    """The files that processes hold open and that no folder has any more."""
    for pid in pids:
        try:
            numbers = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue
        for number in numbers:
            try:
                status = os.stat(f"/proc/{pid}/fd/{number}")
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                yield status
