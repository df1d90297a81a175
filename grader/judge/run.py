# SPDX-License-Identifier: MIT
"""Judge one submission of one lab: import, build, check, result."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.judge.catalogue import module_path
from grader.judge.environment import environment
from grader.judge.plugin import JudgePlugin
from grader.judge.submission import Submission, import_submission
from grader.lab import Lab
from grader.outcome import Result
from grader.variant import variant_of

# Nothing of pytest's surroundings may have a say: no configuration file, no
# conftest, no plugin that happens to be installed, no cache.
_PYTEST = (
    "-c",
    os.devnull,
    "--noconftest",
    "--capture=no",
    "-p",
    "no:terminal",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:faulthandler",
)


class _Ends:
    """Keeps what pytest swallows: the wish that it ends."""

    def __init__(self) -> None:
        self.wish: BaseException | None = None

    def pytest_keyboard_interrupt(
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """Not only from the keyboard: pytest itself stops in this way, too."""
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.wish = excinfo.value


@contextlib.contextmanager
def staged(source: Path, lab: Lab) -> Iterator[tuple[Path, Submission]]:
    """The accepted files of a submission in a folder of ours, for a while."""
    with tempfile.TemporaryDirectory(prefix="process-memory-in-") as name:
        staging = Path(name, "files")
        yield staging, import_submission(source, lab, staging)


def judge(
    lab: Lab,
    source: Path,
    level: str = "auto",
    steps: frozenset[int] = frozenset(),
    memview: Path | None = None,
) -> Result:
    """Judge the submission in `source` (a folder or an archive).

    `steps`: only the checks of these tasks; empty: all, which makes a grade.
    `memview`: the viewer, built, that draws the result's pictures; None: none.

    Raises BadSubmission if it cannot be imported, LabError if the lab and
    its checks do not fit together, RuntimeError if pytest itself fails,
    KeyboardInterrupt if it is interrupted.
    """
    with staged(source, lab) as (staging, submission):
        plugin = JudgePlugin(lab, staging, submission, level, steps, memview)
        os.environ.pop("PYTEST_ADDOPTS", None)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        path = module_path(lab)
        words, ends = io.StringIO(), _Ends()
        with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
            status = pytest.main(
                [*_PYTEST, f"--rootdir={path.parent}", str(path)],
                plugins=[plugin, ends],
            )
    if ends.wish is not None:
        raise ends.wish
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"pytest ended with {status}: {words.getvalue()}")
    student = submission.student
    checks = plugin.results()
    return Result(
        lab=lab.id,
        title=lab.title,
        student={"id": student.id, "name": student.name},
        variant=variant_of(lab, student),
        box=plugin.box_level,
        box_note=plugin.box_note,
        environment=environment(),
        notes=(*submission.notes, *plugin.notes),
        predictions=plugin.predictions,
        checks=checks,
        max=sum(check.points for check in checks),
        pictures=plugin.pictures,
    )
