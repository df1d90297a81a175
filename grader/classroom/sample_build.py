# SPDX-License-Identifier: MIT
"""Build the sample class into a folder: what is there and current, stays.

Run as a program, it builds one case: python3 -I sample_build.py CASE WORK TARGET
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.dont_write_bytecode = True

    from grader.box import prepare

    prepare()  # while this process is small

from rich.console import Console  # noqa: E402

from grader.cases import CaseError  # noqa: E402
from grader.classroom.gradebook import write_whole  # noqa: E402
from grader.classroom.runner import Job, run_jobs  # noqa: E402
from grader.classroom.sample import (  # noqa: E402
    SampleCase,
    build_case,
    load_sample_case,
    stamp_of,
)
from grader.classroom.terminal import Meter  # noqa: E402
from grader.classroom.workplace import alone, work_folder  # noqa: E402

BUILDER = (sys.executable, "-I", str(Path(__file__).resolve()))


def build_sample(
    cases: Sequence[SampleCase], folder: Path, jobs: int, console: Console
) -> None:
    """Have `folder` hold exactly these cases' entries, `jobs` at a time.

    Raises CaseError if a case cannot be built. May be killed at any moment:
    an entry without its stamp is built again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder), work_folder(folder) as work:
        stamps = {case.name: stamp_of(case) for case in cases}
        for path in folder.iterdir():
            if path.name not in {case.entry for case in cases} | {".lock", ".work"}:
                if path.name[0] != "." or path.name[1:] not in stamps:
                    _remove(path)
        todo = [case for case in cases if not _is_built(case, folder, stamps)]
        jobs_of = []
        for case in todo:
            (place := work / case.name).mkdir()
            (place / "tree").mkdir()
            paths = (case.folder, place / "tree", place / case.entry)
            jobs_of.append(Job(case.name, (*BUILDER, *map(str, paths)), place))
        by_name = {case.name: case for case in todo}
        with Meter(console, len(todo), "building the sample class") as meter:
            for ended in run_jobs(jobs_of, jobs, meter.tick):
                case, place = by_name[ended.job.name], ended.job.folder
                if ended.status != 0:
                    words = (place / "words").read_text(errors="replace")
                    raise CaseError(
                        f"{case.folder}: cannot be built: exit status "
                        f"{ended.status}\n{words}"
                    )
                shutil.move(place / case.entry, folder / case.entry)
                write_whole(folder / f".{case.name}", stamps[case.name])
                meter.done(case.name, "built", ended.seconds)


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
    _, name, work_name, target = sys.argv
    build_case(load_sample_case(Path(name)), Path(work_name), Path(target))
