# SPDX-License-Identifier: MIT
"""Pack what students get: labs, support and grader, without the solutions."""

from __future__ import annotations

import tarfile
from pathlib import Path

from grader.lab import ROOT, all_labs

TOP = "process-memory-labs"
PARTS = ("LICENSE", "Makefile", "README.md", "setup", "labs", "support", "grader")
# An instructor's: kept programs, the sample class, the tests of the grader.
LEFT_OUT = ("wrong", "right", "sample-class", "tests", "build", "observations")


def pack(target: Path) -> Path:
    """Write the archive (.tar.gz) and return its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:gz") as archive:
        for part in PARTS:
            archive.add(ROOT / part, f"{TOP}/{part}", filter=_student_may_have)
        # `make reset` takes the file as it was handed out from here.
        for lab in all_labs():
            given = [name for name in lab.given if (lab.folder / name).is_file()]
            for name in (*lab.handed_in(lab.folder), *given):
                if name.split("/")[0] not in LEFT_OUT:
                    archive.add(lab.folder / name, f"{TOP}/.skeletons/{lab.id}/{name}")
    return target


def _student_may_have(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    path = Path(member.name)
    if path.name.startswith("__pycache__") or path.name in LEFT_OUT:
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
