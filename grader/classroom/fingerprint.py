# SPDX-License-Identifier: MIT
"""What a verdict depends on here: two equal keys have equal verdicts.

The key is a SHA-256 over the submission's digest and the student's card, the
lab's pristine files and support, the judge's code, and what that runs on: the
machine, Python and its packages, the compiler with what it links, the tools.
What a result quotes of its own run (an address, a process's number) may differ.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.judge.environment import environment
from grader.judge.submission import Submission
from grader.lab import ROOT, Lab

# Of grader/, what no verdict depends on.
_APART = ("classroom", "right", "sample-class", "tests", "wrong")
_PRODUCTS = ("build", "observations", "__pycache__")
_TOOLS = ("as", "bwrap", "cc", "gcc", "ld", "make", "prlimit", "strip")
_LIBRARIES = ("libc.a", "libc.so.6", "libasan.so", "libtsan.so", "libubsan.so")
_PACKAGES = ("hypothesis", "pluggy", "pyelftools", "pytest")
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
        "python": sys.version,
        "packages": [_version(name) for name in _PACKAGES],
        "tools": [
            _installed(name, shutil.which(name))
            for name in sorted({*_TOOLS, *lab.tools})
        ],
        "libraries": [
            _installed(name, _linked(name, shutil.which("cc"))) for name in _LIBRARIES
        ],
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


def _installed(name: str, path: str | None) -> list[str | int]:
    """A tool or library as it is installed; its name alone if it is not."""
    if path is None:
        return [name]
    status = os.stat(path)
    return [name, os.path.realpath(path), status.st_size, status.st_mtime_ns]


@functools.cache
def _linked(name: str, cc: str | None) -> str | None:
    """The library of this name that a compiler links; see gcc(1)."""
    if cc is None:
        return None
    argv = [cc, f"-print-file-name={name}"]
    done = subprocess.run(argv, capture_output=True, text=True)
    path = done.stdout.strip()
    return path if os.path.isfile(path) else None


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
