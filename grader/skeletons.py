# SPDX-License-Identifier: MIT
"""Writes the labs' programs: skeletons, cut out of the solutions by `markers`.

All of solutions/NN-name but answers.sh and Markdown has its file in
labs/NN-name, where only the handout, the Makefile and the .toml files are
written by hand.
"""

from __future__ import annotations

import stat
from pathlib import Path

from grader.markers import Region, SkeletonError, Source, cut, regions

__all__ = ["Region", "SkeletonError", "check", "cut", "generate", "regions"]

BY_HAND = ("Makefile", "lab.toml", "answers.toml")
CAPTURED = ".svg"  # the pictures of make captures
_MADE = ("build", "observations", "__pycache__")
_LABS = "[0-9][0-9]-*/"


def _programs(folder: Path) -> list[Path]:
    """A folder's files but answers.sh, Markdown, hidden ones and products."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix != ".md"
        and path.name != "answers.sh"
        and not path.name.endswith("~")
        and not any(
            part in _MADE or part.startswith(".")
            for part in path.relative_to(folder).parts
        )
    ]


def _cut_all(solutions: Path, labs: Path) -> dict[Path, tuple[str, int]]:
    """What labs is to hold: each file's text and permissions."""
    cut_files: dict[Path, tuple[str, int]] = {}
    for solution in sorted(solutions.glob(_LABS)):
        owners: dict[str, Path] = {}
        for path in _programs(solution):
            try:
                source = Source(path.read_bytes().decode(), path)
            except UnicodeDecodeError:
                raise SkeletonError(f"{path}:1: not UTF-8; convert it") from None
            for region in source.regions:
                owner = owners.setdefault(region.name, path)
                if owner != path:
                    words = f"region {region.name} is in {owner.name} too; rename one"
                    raise source.wrong(region.first, words)
            target = labs / solution.name / path.relative_to(solution)
            mode = stat.S_IMODE(path.stat().st_mode)
            cut_files[target] = "\n".join(source.skeleton), mode
    return cut_files


def _is(path: Path, text: str, mode: int) -> bool:
    """Whether a file is as it should be: its text, and whether it can be run."""
    if not path.is_file() or path.read_bytes() != text.encode():
        return False
    return path.stat().st_mode & stat.S_IXUSR == mode & stat.S_IXUSR


def _stale(cut_files: dict[Path, tuple[str, int]], labs: Path) -> list[str]:
    return [
        f"{path}: no solution has it; remove it"
        for lab in sorted(labs.glob(_LABS))
        for path in _programs(lab)
        if path not in cut_files
        and path.relative_to(lab).as_posix() not in BY_HAND
        and path.suffix != CAPTURED
    ]


def generate(solutions: Path, labs: Path) -> list[Path]:
    """Write the skeletons that are not as they should be; returns those.

    SkeletonError if a source is wrong, with nothing written; or, with all
    written, if labs hold files that no solution has any more.
    """
    cut_files = _cut_all(solutions, labs)
    written = []
    for path, (text, mode) in cut_files.items():
        if not _is(path, text, mode):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            path.chmod(mode)
            written.append(path)
    if stale := _stale(cut_files, labs):
        raise SkeletonError("\n".join(stale))
    return written


def check(solutions: Path, labs: Path) -> list[str]:
    """What differs from what `generate` would leave, a line each; SkeletonError."""
    cut_files = _cut_all(solutions, labs)
    return [
        f"{path}: not what its solution makes of it; run make skeletons"
        for path, (text, mode) in cut_files.items()
        if not _is(path, text, mode)
    ] + _stale(cut_files, labs)
