# SPDX-License-Identifier: MIT
"""The grader's verbs; the Makefiles call them, `make help` explains them.

Exit status: 0 all is well; 1 something is not (a check failed, a file
differs); 2 bad usage or bad input; 3 the grader itself was in the way, or
for `grade` this machine: points are unchecked; 128 and a signal's number: it
was asked to end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import InputError, Stopped
from grader.lab import LABS, ROOT, SOLUTIONS, LabError, all_labs, find_lab
from grader.text import printable

if TYPE_CHECKING:
    from rich.console import Console

OK, NOT_ALL, BAD_INPUT, GRADER_FAULT = 0, 1, 2, 3


def _console() -> Console:
    """For a person: as wide as the terminal, 80 columns elsewhere."""
    from rich.console import Console

    wide = sys.stdout.isatty()
    width = shutil.get_terminal_size((80, 24)).columns if wide else 80
    return Console(width=width, highlight=False)


def _check(options: argparse.Namespace) -> int:
    from grader.judge.target import target

    if not options.json:
        return _check_into(lambda _: None, options)
    gives_up = options.box == "limits" and os.getuid() == 0
    with target(Path(options.json), renamed=not gives_up) as write:
        return _check_into(write, options)


def _check_into(write: Callable[[str], None], options: argparse.Namespace) -> int:
    from grader.box import become_ordinary, keeper

    if options.box == "limits":
        become_ordinary()
        if not os.access(LABS, os.R_OK | os.X_OK):
            raise InputError(
                f"{ROOT}: at the level limits root becomes an ordinary user, who may "
                "not read this folder; move it to where everybody may"
            )
    keeper.begin()
    from grader.cases import entry_of
    from grader.judge.report import show
    from grader.judge.run import judge
    from grader.judge.state import remember
    from grader.outcome import to_json

    lab = find_lab(options.lab)
    steps = _steps(options.step)
    memview = Path(options.memview) if options.memview else None
    if options.submission:
        result = judge(lab, Path(options.submission), options.box, steps, memview)
    else:
        with entry_of(lab, options.tree) as entry:
            result = judge(lab, entry, options.box, steps, memview)
        if options.tree == "labs":
            remember(lab, result, whole=not steps)
    write(to_json(result))
    if not options.quiet:
        show(result, _console())
    if result.grader_fault:
        return GRADER_FAULT
    return OK if result.score == result.max else NOT_ALL


def _steps(words: str) -> frozenset[int]:
    """The step numbers of `2` or of `2,5`; empty means all."""
    numbers = [word.strip() for word in words.split(",")] if words else []
    if not all(number.isdecimal() for number in numbers):
        raise LabError(f"STEP={words}: a step's number, or several as in 2,5")
    return frozenset(map(int, numbers))


def _observe(options: argparse.Namespace) -> int:
    from grader.judge.bench import open_bench
    from grader.judge.catalogue import evidence_of
    from grader.judge.evidence import FOLDER, write_transcripts
    from grader.judge.run import staged

    lab = find_lab(options.lab)
    observations, _ = evidence_of(lab)
    with staged(lab.folder.parent, lab) as (staging, submission):
        with open_bench(lab, staging, submission.student, "auto") as bench:
            names = write_transcripts(bench, observations, lab.folder / FOLDER)
    for name in names:
        print(f"  wrote  {FOLDER}/{name}")
    return OK


def _hint(options: argparse.Namespace) -> int:
    lab = find_lab(options.lab)
    task = lab.task(options.step)
    print(f"Step {task.number}: {task.title}")
    hint = f"Hint {options.level} of 3: {task.hints[options.level - 1]}"
    print(textwrap.fill(hint, 80, break_long_words=False, break_on_hyphens=False))
    if options.level < 3:
        print(f"More: make hint STEP={task.number} LEVEL={options.level + 1}")
    return OK


def _variant(options: argparse.Namespace) -> int:
    from grader.variant import read_student, variant_of

    lab = find_lab(options.lab)
    values = variant_of(lab, read_student(lab.folder.parent / "student.toml"))
    if not options.name:
        for name, value in values.items():
            print(f"{name} = {value}")
        return OK
    if options.name not in values:
        raise LabError(f"{lab.id} has no parameter `{options.name}`")
    print(values[options.name])
    return OK


def _handin(options: argparse.Namespace) -> int:
    from grader.judge.handin import pack
    from grader.variant import read_student

    lab = find_lab(options.lab)
    path, names = pack(lab)
    for name in names:
        print(f"  packed  {printable(name)}")
    if not read_student(lab.folder.parent / "student.toml").id:
        print("warning: labs/student.toml has no id; write yours, and pack again")
    if not any(name.startswith(f"{lab.id}/observations/") for name in names):
        print("warning: no observations; `make observe` makes them")
    print(f"Hand in this file: {os.path.relpath(path)}")
    return OK


def _labs(_: argparse.Namespace) -> int:
    from grader.judge.state import overview

    print(overview(all_labs(LABS)))
    return OK


def _skeletons(options: argparse.Namespace) -> int:
    from grader.skeletons import check, generate

    if options.check:
        differences = check(SOLUTIONS, LABS)
        for line in differences:
            print(line, file=sys.stderr)
        return NOT_ALL if differences else OK
    for path in generate(SOLUTIONS, LABS):
        print(f"  wrote  {path.relative_to(LABS.parent)}")
    return OK


def _verify(options: argparse.Namespace) -> int:
    from grader.verify import verify

    labs = [find_lab(options.lab)] if options.lab else list(all_labs())
    return OK if all([verify(lab, _console()) for lab in labs]) else NOT_ALL


def _handout(options: argparse.Namespace) -> int:
    from grader.handout import pack

    print(f"  wrote  {os.path.relpath(pack(Path(options.out)))}")
    return OK


def _grade(options: argparse.Namespace) -> int:
    from grader.classroom.cli import run

    return run(options, _console())


def _captures(options: argparse.Namespace) -> int:
    from grader.captures import check, update

    changed, faults = ([], check(ROOT)) if options.check else update(ROOT)
    for line in changed:
        print(f"  wrote  {line}")
    for line in faults:
        print(line, file=sys.stderr)
    return NOT_ALL if faults else OK


def _slides(options: argparse.Namespace) -> int:
    from grader.slides import build

    for path in build(ROOT, Path(options.out)):
        print(f"  wrote  {os.path.relpath(path)}")
    return OK


def _schedule(_: argparse.Namespace) -> int:
    from grader.decks import deck_paths, read, schedule

    print(schedule([read(path, ROOT) for path in deck_paths(ROOT)]))
    return OK


def _demo(options: argparse.Namespace) -> int:
    from grader.captures import stage

    lab = find_lab(options.lab)
    shutil.rmtree(options.out, ignore_errors=True)
    stage(ROOT, Path(options.out), lab.id)
    print(f"cd {os.path.join(options.out, 'labs', lab.id)}, type make")
    return OK


def _lab_option(parser: argparse.ArgumentParser, required: bool = True) -> None:
    parser.add_argument(
        "--lab", required=required, help="a lab's number, name or folder"
    )


def _box_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--box",
        default="auto",
        choices=("auto", "namespaces", "uid", "limits"),
        help="how strongly to keep programs apart (default: as well as can be)",
    )


def parser() -> argparse.ArgumentParser:
    """The command line of all verbs."""
    top = argparse.ArgumentParser(prog="grader", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)

    verb = verbs.add_parser("labs", help="all labs, their state, what is next")
    verb.set_defaults(run=_labs)

    verb = verbs.add_parser("check", help="judge one submission of one lab")
    _lab_option(verb)
    _box_option(verb)
    verb.add_argument("--tree", choices=("labs", "solutions"), default="labs")
    verb.add_argument("--submission", help="an entry: a folder or an archive")
    verb.add_argument("--memview", help="draw the observations with this program")
    verb.add_argument("--step", default="", help="only these steps, such as 2,5")
    verb.add_argument("--json", help="write the result to this file")
    verb.add_argument("--quiet", action="store_true", help="no report")
    verb.set_defaults(run=_check)

    verb = verbs.add_parser("observe", help="run the tools, keep the transcripts")
    _lab_option(verb)
    verb.set_defaults(run=_observe)

    verb = verbs.add_parser("hint", help="a hint for a step")
    _lab_option(verb)
    verb.add_argument("--step", type=int, required=True)
    verb.add_argument("--level", type=int, choices=(1, 2, 3), default=1)
    verb.set_defaults(run=_hint)

    verb = verbs.add_parser("variant", help="the student's parameters")
    _lab_option(verb)
    verb.add_argument("name", nargs="?", help="one parameter")
    verb.set_defaults(run=_variant)

    verb = verbs.add_parser("handin", help="pack what a lab's student hands in")
    _lab_option(verb)
    verb.set_defaults(run=_handin)

    verb = verbs.add_parser("skeletons", help="cut the labs out of the solutions")
    verb.add_argument("--check", action="store_true", help="only compare")
    verb.set_defaults(run=_skeletons, whole=True)

    verb = verbs.add_parser("verify", help="every check is failed by a wrong program")
    _lab_option(verb, required=False)
    verb.set_defaults(run=_verify, whole=True)

    verb = verbs.add_parser("grade", help="grade a class")
    verb.add_argument("--class", dest="folder", help="a folder, one entry a student")
    verb.add_argument("--out", required=True, help="where everything is written")
    verb.add_argument("--jobs", type=int, help="judges at once (default: cores)")
    verb.add_argument("--labs", help="for example 02,04 (default: all)")
    _box_option(verb)
    verb.set_defaults(run=_grade)

    verb = verbs.add_parser("captures", help="run what the handouts show")
    verb.add_argument("--check", action="store_true", help="only compare")
    verb.set_defaults(run=_captures, whole=True)

    verb = verbs.add_parser("slides", help="build the decks")
    verb.add_argument("--out", required=True, help="the folder to write into")
    verb.set_defaults(run=_slides, whole=True)

    verb = verbs.add_parser("demo", help="a lab with its solution, to show it")
    _lab_option(verb)
    verb.add_argument("--out", required=True, help="the folder to make anew")
    verb.set_defaults(run=_demo, whole=True)

    verb = verbs.add_parser("schedule", help="the decks and their minutes")
    verb.set_defaults(run=_schedule, whole=True)

    verb = verbs.add_parser("handout", help="pack what students get")
    verb.add_argument("--out", required=True, help="the archive to write")
    verb.set_defaults(run=_handout, whole=True)

    return top


ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _stop(number: int, _: object) -> None:
    for ignored in ENDS:  # some senders send two; one is enough
        signal.signal(ignored, signal.SIG_IGN)
    raise Stopped(number)


def main(argv: list[str] | None = None) -> int:
    """Run a verb; returns its exit status. The process's signals are its own."""
    for number in ENDS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # such as nohup's
            signal.signal(number, _stop)
    options = parser().parse_args(argv)
    try:
        if getattr(options, "whole", False) and not SOLUTIONS.is_dir():
            raise InputError(f"{SOLUTIONS}: not there; this is for the whole suite, "
                             "a student's copy has no solutions")
        status: int = options.run(options)
        return status
    except InputError as error:
        print(f"{options.verb}: {printable(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # such as of `make check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_ALL
    except Stopped as stopped:
        return 128 + stopped.number
    except Exception as error:
        if not isinstance(error, OSError) or error.filename is None:
            traceback.print_exc()
            return GRADER_FAULT
        print(
            f"{options.verb}: {printable(str(error.filename))}: {error.strerror}",
            file=sys.stderr,
        )
        return BAD_INPUT
