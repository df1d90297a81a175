# SPDX-License-Identifier: MIT
"""A result is known again exactly if nothing that it depends on has changed."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom import fingerprint
from grader.classroom.fingerprint import lab_fingerprint, result_key
from grader.judge.submission import Submission
from grader.lab import Lab
from grader.tests.test_classroom_report import LAB
from grader.variant import Student


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab in a small tree of its own."""
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    for name in ("labs/02-toy/x.c", "labs/04-other/x.c", "support/lab.mk"):
        write(tmp_path / name)
    for name in ("checks/test_02_toy.py", "judge/api.py", "classroom/html.py"):
        write(tmp_path / "grader" / name)
    return replace(LAB, folder=tmp_path / "labs" / "02-toy", tools=("sh",))


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("text\n")


def edit(path: Path) -> None:
    path.write_text("another text\n")


@pytest.mark.parametrize(
    "name",
    ["labs/02-toy/x.c", "support/lab.mk", "grader/checks/test_02_toy.py"]
    + ["grader/judge/api.py"],
)
def test_a_result_depends_on(name: str, lab: Lab, tmp_path: Path) -> None:
    before = lab_fingerprint(lab, "uid")
    edit(tmp_path / name)
    assert lab_fingerprint(lab, "uid") != before


@pytest.mark.parametrize(
    "name",
    ["labs/04-other/x.c", "grader/classroom/html.py", "labs/02-toy/build/x"]
    + ["labs/02-toy/observations/size.txt", "labs/02-toy/.git/x", "grader/tests/x.py"]
    + ["grader/wrong/02-toy/x/x.c", "grader/judge/__pycache__/api.pyc", "solutions/x"],
)
def test_a_result_does_not_depend_on(name: str, lab: Lab, tmp_path: Path) -> None:
    before = lab_fingerprint(lab, "uid")
    assert lab_fingerprint(lab, "uid") == before
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    edit(tmp_path / name)
    assert lab_fingerprint(lab, "uid") == before


def test_a_result_depends_on_the_machine(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = {lab_fingerprint(lab, "uid"), lab_fingerprint(lab, "limits")}
    seen.add(lab_fingerprint(replace(lab, tools=("sh", "no-such-tool")), "uid"))
    monkeypatch.setattr(fingerprint, "environment", lambda: {"kernel": "another"})
    seen.add(lab_fingerprint(lab, "uid"))
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    seen.add(lab_fingerprint(lab, "uid"))
    monkeypatch.setattr(fingerprint, "_PTRACE", tmp_path / "grader/judge/api.py")
    seen.add(lab_fingerprint(lab, "uid"))
    monkeypatch.setenv("PATH", str(tmp_path))
    seen.add(lab_fingerprint(lab, "uid"))
    (tmp_path / "sh").write_text("a shell\n")
    (tmp_path / "sh").chmod(0o755)
    seen.add(lab_fingerprint(lab, "uid"))
    assert len(seen) == 8


def script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("name", ["as", "gcc", "ld", "strip", "cc"])
def test_a_result_depends_on_the_toolchain(
    name: str, lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fingerprint, "environment", lambda: {})
    monkeypatch.setenv("PATH", str(tmp_path))
    script(tmp_path / name, "true")
    before = lab_fingerprint(lab, "uid")
    assert lab_fingerprint(lab, "uid") == before
    script(tmp_path / name, "echo another")
    assert lab_fingerprint(lab, "uid") != before


@pytest.mark.parametrize("name", ["libc.a", "libasan.so", "libtsan.so"])
def test_a_result_depends_on_what_the_compiler_links(
    name: str, lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the compiler says that it lies, which need not be a usual place."""
    monkeypatch.setattr(fingerprint, "environment", lambda: {})
    monkeypatch.setenv("PATH", str(tmp_path))
    script(tmp_path / "cc", f'echo "{tmp_path}/${{1#*=}}"')
    (tmp_path / name).touch()
    before = lab_fingerprint(lab, "uid")
    (tmp_path / name).write_text("rebuilt")
    assert lab_fingerprint(lab, "uid") != before


@pytest.mark.parametrize("package", ["pytest", "hypothesis", "pyelftools"])
def test_a_result_depends_on_python(
    package: str, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = importlib.metadata.version
    before = lab_fingerprint(lab, "uid")
    with monkeypatch.context() as patch:
        another = {package: "99.9"}
        patch.setattr(
            "importlib.metadata.version", lambda name: another.get(name, version(name))
        )
        assert lab_fingerprint(lab, "uid") != before
    monkeypatch.setattr("sys.version", "9.9")
    assert lab_fingerprint(lab, "uid") != before


def test_a_key_is_of_one_submission_of_one_student() -> None:
    submission = Submission(("x.c",), (), Student("7", "Seven"), "digest")
    others = [
        replace(submission, digest="other"),
        replace(submission, student=Student("8", "Seven")),
        replace(submission, student=Student("7", "Eight")),
    ]
    keys = {result_key("print", one) for one in (submission, *others)}
    keys.add(result_key("another print", submission))
    assert len(keys) == 5
    noted = replace(submission, notes=("ignored: x",))
    assert result_key("print", noted) == result_key("print", submission)
