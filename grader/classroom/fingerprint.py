# SPDX-License-Identifier: MIT
"""What a result depends on: two equal keys have equal results.

The key is a SHA-256 over the submission's digest and the student's card, the
lab's pristine files and support, the judge's code, the machine and the tools.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.judge.environment import environment
from grader.judge.submission import Submission
from grader.lab import ROOT, Lab

# Of grader/, what no verdict depends on.
_APART = ("classroom", "right", "sample-class", "tests", "wrong")
_PRODUCTS = ("build", "observations", "__pycache__")
_TOOLS = ("bwrap", "cc", "ld", "make", "prlimit")
_PTRACE = Path("/proc/sys/kernel/yama/ptrace_scope")


def files_digest(folders: Iterable[Path]) -> str:
    """Of the names and contents of all files below these folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in _files(folder):
            name = path.relative_to(folder.parent).as_posix()
            data = path.read_bytes()
            digest.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
            digest.update(data)
    return digest.hexdigest()


def lab_fingerprint(lab: Lab, level: str) -> str:
    """All that the results of a lab depend on here, but the submission."""
    machine = {
        "environment": environment(),
        "level": level,
        "root": os.geteuid() == 0,
        "ptrace": _PTRACE.read_text() if _PTRACE.exists() else "",
        "tools": [_tool(name) for name in sorted({*_TOOLS, *lab.tools})],
    }
    files = files_digest((lab.folder, ROOT / "support", ROOT / "grader"))
    words = files + json.dumps(machine, sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


def result_key(lab_print: str, submission: Submission) -> str:
    """The key of one submission's result."""
    student = submission.student
    parts = (lab_print, submission.digest, student.id, student.name)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """The files of a folder that a verdict depends on, sorted."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in _PRODUCTS or path.is_symlink():
            continue
        if path.is_dir():
            if path.parent != ROOT / "grader" or path.name not in _APART:
                yield from _files(path)
        elif path.is_file():
            yield path


def _tool(name: str) -> list[str | int]:
    """A tool as it is installed; its name alone if it is not."""
    found = shutil.which(name)
    if found is None:
        return [name]
    status = os.stat(found)
    return [name, os.path.realpath(found), status.st_size, status.st_mtime_ns]
