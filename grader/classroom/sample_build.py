# SPDX-License-Identifier: MIT
"""Build the sample class into a folder: what is there and current, stays.

Run as a program, it assembles one lab of several cases, whose folders are
named: python3 -I sample_build.py LAB WORK CASE...
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.dont_write_bytecode = True

from rich.console import Console  # noqa: E402

from grader.cases import CaseError  # noqa: E402
from grader.classroom.gradebook import write_whole  # noqa: E402
from grader.classroom.runner import Job, run_jobs  # noqa: E402
from grader.classroom.sample import (  # noqa: E402
    SampleCase,
    assemble,
    build_case,
    load_sample_case,
    stamp_of,
)
from grader.classroom.terminal import Meter  # noqa: E402
from grader.classroom.workplace import alone, work_folder  # noqa: E402
from grader.lab import SOLUTIONS, find_lab  # noqa: E402

ASSEMBLER = (sys.executable, "-I", str(Path(__file__).resolve()))


def build_sample(
    cases: Sequence[SampleCase], folder: Path, jobs: int, console: Console
) -> None:
    """Have `folder` hold exactly these cases' entries, `jobs` at a time.

    Raises CaseError if they cannot be built. May be killed at any moment: an
    entry without its stamp is built again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder), work_folder(folder) as work:
        stamps = {case.name: stamp_of(case) for case in cases}
        for path in folder.iterdir():
            if path.name not in {case.entry for case in cases} | {".lock", ".work"}:
                if path.name[0] != "." or path.name[1:] not in stamps:
                    _remove(path)
        todo = [case for case in cases if not _is_built(case, folder, stamps)]
        for case in todo:
            (work / case.name).mkdir()
        _assemble(todo, work, jobs, console)
        for case in todo:
            built = work / "entries" / case.entry
            built.parent.mkdir(exist_ok=True)
            build_case(case, work, built)
            shutil.move(built, folder / case.entry)
            write_whole(folder / f".{case.name}", stamps[case.name])


def _assemble(
    cases: Sequence[SampleCase], work: Path, jobs: int, console: Console
) -> None:
    """Make work/CASE/LAB for every case; one job a lab."""
    labs = sorted({lab for case in cases for lab in case.expected})
    todo = []
    for lab in labs:
        (place := work / f"job-{lab}").mkdir()
        folders = [str(case.folder) for case in cases if lab in case.expected]
        todo.append(Job(lab, (*ASSEMBLER, lab, str(work), *folders), place))
    with Meter(console, len(todo), "building the sample class") as meter:
        for ended in run_jobs(todo, jobs, meter.tick):
            if ended.status != 0:
                words = (ended.job.folder / "words").read_text(errors="replace")
                raise CaseError(
                    f"{SOLUTIONS / ended.job.name}: the sample class cannot be "
                    f"built: exit status {ended.status}\n{words}"
                )
            meter.done(ended.job.name, "built", ended.seconds)


def _is_built(case: SampleCase, folder: Path, stamps: dict[str, str]) -> bool:
    """Whether the entry is there and current; what is old is removed."""
    stamp, entry = folder / f".{case.name}", folder / case.entry
    if stamp.is_file() and stamp.read_text() == stamps[case.name]:
        return True
    for path in (stamp, entry):
        if path.exists():
            _remove(path)
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == "__main__":
    _, name, work_name, *folders = sys.argv
    assemble(
        find_lab(name),
        [load_sample_case(Path(folder)) for folder in folders],
        Path(work_name),
    )
