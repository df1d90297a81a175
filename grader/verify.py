# SPDX-License-Identifier: MIT
"""Every check of a lab is passed by right programs and failed by a wrong one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, run
from sys import executable

from rich.console import Console

from grader.cases import Case, assemble_skeleton, assemble_solution, kept_cases
from grader.cases import overlay
from grader.judge.catalogue import catalogue
from grader.lab import ROOT, Lab
from grader.outcome import Outcome, Result, from_json
from grader.variant import Student


@dataclass(frozen=True)
class Verified:
    """One case: which checks it should not pass, and which it did not."""

    case: str
    should_fail: frozenset[str]
    did_fail: frozenset[str]
    trouble: str = ""

    @property
    def right(self) -> bool:
        """Whether the judge said what the case says it must."""
        return not self.trouble and self.should_fail == self.did_fail


def verify(lab: Lab, console: Console) -> bool:
    """Judge the solution, the skeleton and all kept cases; print the table."""
    checks = catalogue(lab)
    results = judge_all(lab)
    console.print(f"{lab.id}: each check, and the programs that fail it")
    caught = True
    for check in checks:
        names = [r.case for r in results if check.id in r.did_fail and r.right]
        wrong = [name for name in names if name not in ("skeleton", "solution")]
        caught = caught and bool(wrong)
        console.print(f"  {check.task}  {check.id}", soft_wrap=True)
        for name in wrong or ["NO WRONG PROGRAM FAILS THIS CHECK"]:
            console.print(f"       {name}", soft_wrap=True)
    for result in results:
        if result.right:
            continue
        console.print(f"  {result.case}: {result.trouble}", soft_wrap=True)
        for id in sorted(result.should_fail - result.did_fail):
            console.print(f"       passes {id}, and should not", soft_wrap=True)
        for id in sorted(result.did_fail - result.should_fail):
            console.print(f"       does not pass {id}, and should", soft_wrap=True)
    right = sum(result.right for result in results)
    console.print(
        f"{lab.id}: {len(checks)} checks, {right} of {len(results)} cases as expected"
    )
    return caught and right == len(results)


def judge_all(lab: Lab, whole: bool = True) -> list[Verified]:
    """The solution, the skeleton and every kept case of a lab, in parallel.

    Unless `whole`, no skeleton, and of the wrong programs only so many that
    each check is failed by one, each in the steps only in which it should
    fail: for a test that is run often.
    """
    task_of = {check.id: check.task for check in catalogue(lab)}
    with tempfile.TemporaryDirectory(prefix="process-memory-verify-") as name:
        base = Path(name, "solution")
        assemble_solution(lab, base / lab.id, Student())
        skeleton = Path(name, "skeleton")
        assemble_skeleton(lab, skeleton / lab.id)
        entries = [_Entry("solution", frozenset(), base)]
        if whole:
            entries.append(_Entry("skeleton", frozenset(task_of), skeleton))
        for case in kept_cases(lab) if whole else _few(kept_cases(lab)):
            entry = Path(name, case.name)
            if case.observe:
                assemble_solution(lab, entry / lab.id, Student(), case)
            else:
                first = base if case.base == "solutions" else skeleton
                shutil.copytree(first, entry)
                overlay(case, entry / lab.id)
            steps = () if whole else sorted({task_of[id] for id in case.fails})
            fails = frozenset(case.fails)
            entries.append(_Entry(_label(case), fails, entry, tuple(steps)))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(lambda entry: _judge(lab, entry), entries))


def _few(cases: Sequence[Case]) -> list[Case]:
    """The right programs, and few wrong ones that fail all that any fails."""
    few = [case for case in cases if not case.fails]
    missing = {id for case in cases for id in case.fails}
    while missing:
        best = max(cases, key=lambda case: len(missing.intersection(case.fails)))
        few.append(best)
        missing.difference_update(best.fails)
    return few


@dataclass(frozen=True)
class _Entry:
    """What to judge; `steps`: only these, empty: all."""

    name: str
    should_fail: frozenset[str]
    folder: Path
    steps: tuple[int, ...] = ()


def _label(case: Case) -> str:
    return f"{case.name}: {case.title}"


def _judge(lab: Lab, entry: _Entry) -> Verified:
    target = entry.folder.parent / f"{entry.folder.name}.json"
    main = ROOT / "grader" / "__main__.py"
    done = run(
        [executable, "-I", str(main), "check", "--lab", lab.id, "--quiet"]
        + ["--step", ",".join(map(str, entry.steps))]
        + ["--submission", str(entry.folder), "--json", str(target)],
        stdout=PIPE,
        stderr=PIPE,
        text=True,
        errors="replace",
    )
    try:
        result = from_json(target.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        trouble = f"{error} {done.stderr}"
        return Verified(entry.name, entry.should_fail, frozenset(), trouble)
    did_fail = frozenset(
        check.id for check in result.checks if check.outcome is not Outcome.PASS
    )
    return Verified(entry.name, entry.should_fail, did_fail, _undecided(result))


def _undecided(result: Result) -> str:
    return "; ".join(
        f"{check.id}: {check.actual}" for check in result.checks if check.undecided
    )
