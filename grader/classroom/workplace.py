# SPDX-License-Identifier: MIT
"""Where a run works: alone in its output folder, and in a folder for a while."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.classroom.entries import ClassError

_PREFIX = "process-memory-class-"


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold the output folder's lock: two runs would do all the work twice.

    ClassError if another run holds it.
    """
    lock = os.open(out / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            # Not flock(2): a child that a killed run has just forked would have
            # that lock, too, until its exec.
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # see fcntl(2), F_SETLK
            raise ClassError(
                f"{out}: another run is at work there; wait for it to end, "
                "or choose another OUT=folder"
            ) from None
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def work_folder(out: Path) -> Iterator[Path]:
    """A new folder below $TMPDIR that other users may pass through.

    It is removed in the end. OUT/.work points to it, so that what a killed run
    left is removed by the next one.
    """
    note = out / ".work"
    if note.is_symlink():
        _remove(Path(os.readlink(note)))
        note.unlink()
    work = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        note.symlink_to(work)
        work.chmod(0o711)
        yield work
    finally:
        _remove(work)
        note.unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    """Remove a folder that a run of ours made; nothing else."""
    try:
        status = folder.lstat()
    except OSError:
        return
    ours = folder.name.startswith(_PREFIX) and status.st_uid == os.geteuid()
    if ours and stat.S_ISDIR(status.st_mode):
        # rm(1) follows no link and takes folders of any depth.
        subprocess.run(["rm", "-rf", "--", str(folder)], check=False)
