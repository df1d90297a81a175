# SPDX-License-Identifier: MIT
"""Many judges at once: in time, with nothing inherited, and none left behind."""

from __future__ import annotations

import json
import os
import select
import signal
import stat
import sys
from pathlib import Path

import pytest

from grader.classroom.runner import Job, run_jobs

PATIENCE = 120.0


def job(place: Path, name: str, code: str, *arguments: str) -> Job:
    (place / name).mkdir()
    argv = (sys.executable, "-I", "-c", code, *arguments)
    return Job(name, argv, place / name)


def test_every_job_ends_once(tmp_path: Path) -> None:
    code = "import sys; sys.exit(int(sys.argv[1]))"
    jobs = [job(tmp_path, str(number), code, str(number)) for number in range(9)]
    ended = list(run_jobs(jobs, 3))
    assert sorted((e.job.name, e.status) for e in ended) == [
        (str(number), number) for number in range(9)
    ]
    assert not any(e.late for e in ended)
    assert list(run_jobs([], 3)) == []


def test_no_more_than_the_width_run_at_once(tmp_path: Path) -> None:
    """Each job counts those that are at work in files of their own."""
    code = (
        "import os, sys\n"
        "mine = f'{sys.argv[1]}/{os.getpid()}'\n"
        "open(mine, 'w').close()\n"
        "print(len(os.listdir(sys.argv[1])))\n"
        "os.unlink(mine)\n"
    )
    (tmp_path / "at-work").mkdir()
    jobs = [job(tmp_path, str(n), code, str(tmp_path / "at-work")) for n in range(8)]
    counts = [int((e.job.folder / "words").read_text()) for e in run_jobs(jobs, 2)]
    assert len(counts) == 8 and max(counts) <= 2


def test_a_job_that_hangs_is_killed_at_the_limit(tmp_path: Path) -> None:
    jobs = [job(tmp_path, "hangs", "import signal; signal.pause()")]
    jobs += [job(tmp_path, "ends", "")]
    ended = {e.job.name: e for e in run_jobs(jobs, 2, wall=1.0)}
    assert ended["hangs"].late and ended["hangs"].status == -signal.SIGKILL
    assert ended["hangs"].seconds < PATIENCE


def test_a_job_inherits_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nonexistent")
    monkeypatch.setenv("SECRET", "token")
    code = (
        "import json, os, sys\n"
        "print(json.dumps([dict(os.environ), os.listdir('/proc/self/fd'), os.getcwd(),\n"
        "    os.getsid(0) == os.getpid(), sys.stdin.read(), os.stat(\n"
        "    os.environ['TMPDIR']).st_mode]))\n"
    )
    (tmp_path / "open").touch()
    with (tmp_path / "open").open() as file:
        os.set_inheritable(file.fileno(), True)
        (ended,) = run_jobs([job(tmp_path, "looks", code)], 1)
    said = json.loads((ended.job.folder / "words").read_text())
    environment, descriptors, folder, leads, stdin, mode = said
    assert set(environment) <= {"PATH", "HOME", "LANG", "LC_CTYPE", "TMPDIR"}
    assert environment["TMPDIR"] == str(tmp_path / "looks" / "scratch")
    assert stat.S_IMODE(mode) == 0o1733
    assert len(descriptors) == 4  # 0, 1, 2 and the one that lists
    assert (folder, leads, stdin) == ("/", True, "")


def test_what_a_job_leaves_in_its_scratch_folder_goes(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "os.chdir(os.environ['TMPDIR'])\n"
        "for _ in range(1500):\n"
        "    os.mkdir('d'); os.chdir('d')\n"
    )
    (ended,) = run_jobs([job(tmp_path, "litters", code)], 1)
    assert ended.status == 0
    assert os.listdir(ended.job.folder) == ["words"]


def test_an_abandoned_run_kills_its_jobs(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "said")
    code = (
        "import os, signal, sys\n"
        "open(sys.argv[1], 'w').write(f'{os.getpid()}\\n')\n"
        "signal.pause()\n"
    )
    jobs = [job(tmp_path, "hangs", code, str(tmp_path / "said"))]
    jobs.append(job(tmp_path, "ends", ""))
    run = run_jobs(jobs, 2)
    assert next(run).job.name == "ends"
    judge = os.pidfd_open(int((tmp_path / "said").read_text()))
    run.close()  # type: ignore[attr-defined]
    gone, _, _ = select.select([judge], [], [], PATIENCE)
    os.close(judge)
    assert gone


def test_an_exception_from_a_tick_kills_the_jobs(tmp_path: Path) -> None:
    def tick() -> None:
        raise KeyboardInterrupt

    jobs = [job(tmp_path, "hangs", "import signal; signal.pause()")]
    with pytest.raises(KeyboardInterrupt):
        list(run_jobs(jobs, 1, tick))
    assert os.listdir(tmp_path / "hangs") == ["words"]
