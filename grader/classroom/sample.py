# SPDX-License-Identifier: MIT
"""The class that is shipped: each student is a case whose scores are known.

    grader/sample-class/CASE/case.toml:
        title  = "what this student did"
        pack   = "folder"       # or tar, tar.gz, tar.bz2, tar.xz, zip
        use    = ["NN-name/CASE", ...]   # of grader/wrong or grader/right
        undone = ["NN-name/FILE", ...]   # as the skeleton has it
        extra  = ["../NAME", ...]        # members that no git tree can hold
        [expected]
        "NN-name" = 100                  # a lab that is not here: not handed in

The files beside case.toml are laid over the solutions last. Everything is
built on this machine, because transcripts and answers are facts about it.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grader.cases import KEPT, CaseError, assemble_solutions, load_case, overlay
from grader.classroom.fingerprint import files_digest, lab_fingerprint
from grader.classroom.gradebook import Row
from grader.lab import LABS, ROOT, SOLUTIONS, Lab, load_lab
from grader.outcome import Outcome
from grader.variant import Student

SAMPLE = ROOT / "grader" / "sample-class"
PACKS = ("folder", "tar", "tar.gz", "tar.bz2", "tar.xz", "zip")


@dataclass(frozen=True)
class SampleCase:
    """One student of the sample class; `expected` has a score for each lab."""

    name: str
    title: str
    pack: str
    use: tuple[str, ...]
    undone: tuple[str, ...]
    extra: tuple[str, ...]
    expected: dict[str, int]
    folder: Path

    @property
    def entry(self) -> str:
        """The name of what this student handed in."""
        return self.name if self.pack == "folder" else f"{self.name}.{self.pack}"

    @property
    def student(self) -> Student:
        """Who hands this in."""
        return Student(id=self.name, name=self.title)

    @property
    def used(self) -> tuple[Path, ...]:
        """The folders of the kept cases that are laid over the solutions."""
        found = []
        for name in self.use:
            folders = [kept / name for kept in KEPT if (kept / name).is_dir()]
            if not folders:
                raise CaseError(f"{self.folder}/case.toml: no case `{name}`")
            found.append(folders[0])
        return tuple(found)


def load_sample_case(folder: Path) -> SampleCase:
    """Read folder/case.toml; CaseError names what is wrong."""
    where = folder / "case.toml"
    try:
        table: dict[str, Any] = tomllib.loads(where.read_text(encoding="utf-8"))
        case = SampleCase(
            name=folder.name,
            title=table.pop("title"),
            pack=table.pop("pack", "folder"),
            use=tuple(table.pop("use", ())),
            undone=tuple(table.pop("undone", ())),
            extra=tuple(table.pop("extra", ())),
            expected=table.pop("expected"),
            folder=folder,
        )
    except KeyError as error:
        raise CaseError(f"{where}: {error} is missing") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaseError(f"{where}: {error}") from None
    if table:
        raise CaseError(f"{where}: {', '.join(table)} means nothing here")
    if case.pack not in PACKS or (case.extra and case.pack == "folder"):
        raise CaseError(f"{where}: pack must be one of {', '.join(PACKS)}")
    return case


def load_sample(folder: Path = SAMPLE) -> tuple[SampleCase, ...]:
    """All cases of the sample class, by name."""
    paths = sorted(folder.glob("*/case.toml"))
    return tuple(load_sample_case(path.parent) for path in paths)


def stamp_of(case: SampleCase) -> str:
    """What the built entry depends on, as one word."""
    folders = [case.folder, *case.used]
    folders += [SOLUTIONS / lab for lab in case.expected]
    prints = [lab_fingerprint(load_lab(LABS / lab), "auto") for lab in case.expected]
    words = [files_digest(folders), *prints, json.dumps(asdict(case), default=str)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def assemble(lab: Lab, cases: Sequence[SampleCase], work: Path) -> None:
    """Make work/CASE/LAB, the whole solution as each of these students has it."""
    assemble_solutions(
        lab, [(case.student, work / case.name / lab.id) for case in cases]
    )


def build_case(case: SampleCase, work: Path, target: Path) -> None:
    """Make what this student hands in, at `target`, out of work/CASE.

    That folder holds each of the case's labs as `assemble` made it, and is
    changed.
    """
    tree = work / case.name
    student = case.student
    card = f"id = {json.dumps(student.id)}\nname = {json.dumps(student.name)}\n"
    (tree / "student.toml").write_text(card, encoding="utf-8")
    for folder in case.used:
        overlay(load_case(folder), tree / folder.parent.name)
    for name in case.undone:
        shutil.copyfile(LABS / name, tree / name)
    for name in case.expected:
        if (case.folder / name).is_dir():
            shutil.copytree(case.folder / name, tree / name, dirs_exist_ok=True)
    if case.pack == "folder":
        shutil.copytree(tree, target)
    elif case.pack == "zip":
        _zip(tree, case.extra, target)
    else:
        _tar(tree, case.extra, target)


EXTRA = b"This came out of an archive, and must not have.\n"


def _tar(tree: Path, extra: Sequence[str], target: Path) -> None:
    _, _, compression = target.name.rpartition(".tar")
    with tarfile.open(target, f"w:{compression[1:]}") as archive:
        archive.add(tree, arcname=".")
        for name in extra:
            member = tarfile.TarInfo(name)
            member.size = len(EXTRA)
            archive.addfile(member, io.BytesIO(EXTRA))


def _zip(tree: Path, extra: Sequence[str], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(tree.rglob("*")):
            archive.write(path, path.relative_to(tree))
        for name in extra:
            archive.writestr(name, EXTRA)


def differences(cases: Sequence[SampleCase], rows: Sequence[Row]) -> list[str]:
    """Where a score is not what its case says, in words."""
    found = []
    graded = {row.key: row for row in rows}
    for case in cases:
        if case.name not in graded:
            found.append(f"{case.name}: was not graded")
            continue
        for cell in graded[case.name].cells:
            expected = case.expected.get(cell.lab.id, 0)
            if cell.score == expected:
                continue
            found.append(
                f"{case.name}: {cell.lab.id} has {cell.score}, and its case says "
                f"{expected}"
            )
            for check in cell.result.checks if cell.result else ():
                if check.outcome is not Outcome.PASS:
                    found.append(f"    not passed: {check.id}")
    return found
