# SPDX-License-Identifier: MIT
"""The verb `grade`, with the sample class where no class is named."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from rich.console import Console

from grader.classroom.entries import ClassError
from grader.classroom.grade import NOT_ALL, UNCHECKED, grade
from grader.classroom.judging import Ask
from grader.classroom.sample import differences, load_sample
from grader.classroom.sample_build import build_sample
from grader.classroom.terminal import say
from grader.lab import ROOT, all_labs, find_lab

BUILT = ROOT / "build" / "sample-class"


def run(options: argparse.Namespace, console: Console) -> int:
    """Grade; returns the exit status.

    0: all was graded. 1: a submission could not be read, or a case of the
    sample class has another score than it should. 3: points are unchecked,
    because a tool is missing, something is not permitted here or the grader
    itself is at fault; the next run tries these again.
    """
    labs = all_labs()
    if options.labs:
        chosen = {find_lab(name).number for name in options.labs.split(",")}
        labs = tuple(lab for lab in labs if lab.number in chosen)
    jobs = options.jobs
    if jobs is None:
        jobs = len(os.sched_getaffinity(0))
    elif jobs < 1:
        raise ClassError("JOBS: at least one judge has to work")
    folder = Path(options.folder) if options.folder else BUILT
    cases = () if options.folder else load_sample()
    try:
        if cases:
            build_sample(cases, folder, jobs, console)
        graded = grade(Ask(folder, Path(options.out), labs, jobs, options.box), console)
    except KeyboardInterrupt:
        say(console, "stopped; what is graded is kept, the same command goes on")
        raise
    wrong = differences(cases, graded.rows)
    for line in wrong:
        say(console, line)
    if cases and not wrong:
        say(console, f"all {len(cases)} cases have the scores that they should have")
    return NOT_ALL if wrong and graded.status != UNCHECKED else graded.status
