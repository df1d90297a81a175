# SPDX-License-Identifier: MIT
"""Cases: submissions that are kept as tests, each told by what differs.

A case is a folder with case.toml and the files that differ from the lab's
solution (or skeleton). Kept wrong programs live in grader/wrong/LAB/CASE,
right ones in another style in grader/right/LAB/CASE.

    title = "what the wrong idea is"
    base  = "solutions"             # or "skeletons"
    fails = ["check_id", ...]       # exactly these checks do not pass
    observe = true                  # transcripts and answers are of its own
                                    # programs, not of the solution's
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.errors import InputError
from grader.judge.bench import open_bench
from grader.judge.catalogue import evidence_of
from grader.judge.evidence import FOLDER, write_transcripts
from grader.lab import LABS, ROOT, SOLUTIONS, Lab
from grader.variant import Student, read_student

KEPT = (ROOT / "grader" / "wrong", ROOT / "grader" / "right")


class CaseError(InputError):
    """A case that cannot be used; the text names the file and the remedy."""


@dataclass(frozen=True)
class Case:
    """One kept submission of one lab."""

    name: str
    lab: str
    title: str
    base: str
    fails: tuple[str, ...]
    observe: bool
    folder: Path


def load_case(folder: Path) -> Case:
    """Read folder/case.toml; CaseError names what is wrong."""
    where = folder / "case.toml"
    try:
        table = tomllib.loads(where.read_text(encoding="utf-8"))
        case = Case(
            name=folder.name,
            lab=folder.parent.name,
            title=table["title"],
            base=table.get("base", "solutions"),
            fails=tuple(table["fails"]),
            observe=table.get("observe", False),
            folder=folder,
        )
    except FileNotFoundError:
        raise CaseError(f"{where}: not there") from None
    except KeyError as error:
        raise CaseError(f"{where}: {error} is missing") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaseError(f"{where}: {error}") from None
    if case.base not in ("solutions", "skeletons"):
        raise CaseError(f"{where}: base must be solutions or skeletons")
    return case


def kept_cases(lab: Lab) -> tuple[Case, ...]:
    """All kept wrong and right programs of a lab, by name."""
    return tuple(
        load_case(folder)
        for kept in KEPT
        for folder in sorted((kept / lab.id).glob("*/"))
    )


def overlay(case: Case, target: Path) -> None:
    """Lay the case's files over a submission's lab folder."""
    shutil.copytree(
        case.folder,
        target,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("case.toml"),
    )


def assemble_skeleton(lab: Lab, target: Path) -> None:
    """What a student who did nothing hands in."""
    _copy_handed_in(lab, LABS / lab.id, target)


def assemble_solution(
    lab: Lab, target: Path, student: Student, case: Case | None = None
) -> None:
    """What a student who did everything hands in, made on this machine.

    The programs of solutions/, or a case's, transcripts from a run of them, and
    the answers that solutions/LAB/answers.sh reads out of these transcripts.
    """
    assemble_solutions(lab, [(student, target)], case)


def assemble_solutions(
    lab: Lab, wanted: Sequence[tuple[Student, Path]], case: Case | None = None
) -> None:
    """The same for several students; what they have in common is built once."""
    source = SOLUTIONS / lab.id
    if not source.is_dir():
        raise CaseError(f"{source}: not there; a student's copy has no solutions")
    observations, questions = evidence_of(lab)
    for _, target in wanted:
        _copy_handed_in(lab, source, target)
        if case:
            overlay(case, target)
    with open_bench(lab, wanted[0][1], Student(), "auto") as bench:
        for student, target in wanted:
            write_transcripts(bench.of(student), observations, target / FOLDER)
    script = source / "answers.sh"
    for _, target in wanted if questions else ():
        done = subprocess.run(
            ["sh", str(script)], cwd=target, capture_output=True, check=False
        )
        if done.returncode != 0 or done.stderr:
            words = done.stderr.decode(errors="replace")
            raise CaseError(f"{script}: exit {done.returncode}: {words}")
        (target / "answers.toml").write_bytes(done.stdout)


def _copy_handed_in(lab: Lab, source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for name in lab.handed_in(source):
        if name.startswith(f"{FOLDER}/"):
            continue  # somebody's who ran make observe there
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)


@contextmanager
def entry_of(lab: Lab, tree: str) -> Iterator[Path]:
    """An entry to judge: the student's `labs`, or the `solutions` as handed in."""
    labs = lab.folder.parent
    if tree == "labs":
        yield labs
        return
    card = labs / "student.toml"
    with tempfile.TemporaryDirectory(prefix="process-memory-tree-") as name:
        assemble_solution(lab, Path(name, lab.id), read_student(card))
        if card.is_file():
            shutil.copyfile(card, Path(name, card.name))
        yield Path(name)
