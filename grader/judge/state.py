# SPDX-License-Identifier: MIT
"""How far a student is: the last `make check` of each lab, kept in build/."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.lab import Lab
from grader.outcome import Outcome, Result, from_json, to_json


def _file(lab: Lab) -> Path:
    return lab.folder / "build" / "check.json"


def remember(lab: Lab, result: Result, whole: bool) -> None:
    """Keep the programs that show failures and, of a whole run, the result.

    The programs of checks that were not judged stay as they are.
    """
    path = _file(lab)
    path.parent.mkdir(exist_ok=True)
    if whole:
        temporary = path.with_suffix(".new")
        temporary.write_text(to_json(result), encoding="ascii")
        temporary.replace(path)
    for check in result.checks:
        kept = path.with_name(f"failure-{check.id}.c")
        if check.program:
            kept.write_text(check.program, encoding="utf-8")
        else:
            kept.unlink(missing_ok=True)


def last_result(lab: Lab) -> Result | None:
    """The last result, or None; one that cannot be read counts as none."""
    try:
        return from_json(_file(lab).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def overview(labs: Iterable[Lab]) -> str:
    """The labs, their state and the next thing to do, at most 80 columns."""
    lines = []
    then = ""
    for lab in labs:
        result = last_result(lab)
        if result is None:
            state = "not checked yet"
        else:
            state = f"{result.score:3d} of {result.max} points"
            if _changed_since(lab):
                state += ", changed since"
        lines.append(f"  {lab.id:<22} {lab.minutes:3d} min  {state}")
        then = then or _next(lab, result)
    lines.append("")
    lines.append(f"Next: {then}" if then else "All labs have all their points.")
    lines.append("All verbs: make help")
    return "\n".join(lines)


def _changed_since(lab: Lab) -> bool:
    checked = _file(lab).stat().st_mtime_ns
    return any(
        (lab.folder / name).stat().st_mtime_ns > checked
        for name in lab.handed_in(lab.folder)
    )


def _next(lab: Lab, result: Result | None) -> str:
    place = f"labs/{lab.id}"
    if result is None:
        return f"cd {place}, read README.md, type make"
    for check in result.checks:
        if check.outcome is not Outcome.PASS:
            return f"cd {place}, step {check.task} of README.md; make check"
    return ""
