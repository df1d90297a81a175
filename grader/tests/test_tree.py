# SPDX-License-Identifier: MIT
"""The tree as a whole: types, formatting, the C suites, what students get."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from grader.lab import ROOT, Lab, all_labs

LABS = all_labs()
# Tools of contributors: not everybody who runs the tests has them.
CHECKERS = {
    "mypy": ["mypy", "--strict", "--no-error-summary", "--cache-dir", "build/mypy"],
    "shellcheck": ["shellcheck"],
    "clang-format": ["clang-format", "--dry-run", "-Werror"],
}
FILES = {
    "mypy": ("grader/**/*.py", "slides/**/*.py"),
    "shellcheck": ("setup", ".ci/run", "support/find-python", "support/reset",
                   "solutions/*/answers.sh"),
    "clang-format": ("support/**/*.[ch]", "solutions/*/*.[ch]", "grader/probes/*.c",
                     "grader/drivers/*.[ch]", "grader/bench/*/*.[ch]",
                     "grader/tests/*.c"),
}
# clang-format's own versions disagree: ours is the one that Debian 12 has.
CLANG_FORMAT = "version 14."


def _has(tool: str) -> bool:
    found = shutil.which(tool)
    if found is None or tool != "clang-format":
        return found is not None
    version = subprocess.run([found, "--version"], capture_output=True, text=True)
    return CLANG_FORMAT in version.stdout


def sources(*patterns: str) -> list[str]:
    """The files of the tree that match: no products, packages, toy's checks."""
    return sorted(
        str(path)
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if not {"build", "node_modules", "toy"} & set(path.relative_to(ROOT).parts)
    )


@pytest.mark.parametrize("tool", CHECKERS)
def test_checker_has_nothing_to_say(tool: str) -> None:
    """mypy --strict, shellcheck and clang-format, as far as they are here."""
    if not _has(tool):
        pytest.skip(f"no {tool} here: ./setup --with style installs it")
    files = sources(*FILES[tool])
    assert len(files) > 3
    done = subprocess.run(
        [*CHECKERS[tool], *files], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_c_suites() -> None:
    """The Check suites of support/, plain and under the sanitizers."""
    done = subprocess.run(
        ["make", "-s", "-C", "support", "test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, done.stdout + done.stderr
    passed, _, failed = last.partition(" passed, ")
    assert int(passed) > 0 and failed.startswith("0 failed")


def test_every_source_says_its_licence() -> None:
    """The first lines of each source name it."""
    patterns = ("**/*.py", "**/*.[ch]", "**/*.mk", "**/*.sh", "**/Makefile", "setup",
                "slides/engine/*")
    for name in sources(*patterns):
        head = Path(name).read_text().split("\n")[:2]
        assert any("SPDX-License-Identifier: MIT" in line for line in head), name


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.id))
def test_skeleton_builds_and_scores_nothing(lab: Lab, tmp_path: Path) -> None:
    """No warning, 0 of 100, and no check that could not be made for our fault."""
    shutil.copytree(ROOT / "support", tmp_path / "support")
    folder = tmp_path / "labs" / lab.id
    shutil.copytree(lab.folder, folder, ignore=shutil.ignore_patterns("build"))
    done = subprocess.run(
        ["make", "-s", "-C", folder, "WERROR=1"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    target = tmp_path / "result.json"
    subprocess.run(
        [sys.executable, "-I", str(ROOT / "grader" / "__main__.py"), "check"]
        + ["--lab", lab.id, "--submission", str(tmp_path / "labs")]
        + ["--json", str(target), "--quiet"],
        check=False,
    )
    result = json.loads(target.read_text())
    assert (result["score"], result["unchecked"]) == (0, 0)


def test_handout_works_without_the_solutions(tmp_path: Path) -> None:
    """A student's copy holds no solution; make, make hint and make check work."""
    archive = tmp_path / "handout.tar.gz"
    main: list[str | Path] = [sys.executable, "-I", str(ROOT / "grader" / "__main__.py")]
    subprocess.run([*main, "handout", "--out", archive], check=True)
    with tarfile.open(archive) as packed:
        names = packed.getnames()
        packed.extractall(tmp_path)
    top = tmp_path / "process-memory-labs"
    for name in names:
        for forbidden in ("/solutions", "/wrong/", "/right/", "/tests/", "sample-"):
            assert forbidden not in name
    for path in top.rglob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / link).exists(), (path, link)
    for verb in ("skeletons", "captures", "slides", "handout", "verify", "test"):
        done = subprocess.run(
            ["make", "-s", "-C", str(top), verb], capture_output=True, text=True
        )
        assert done.returncode == 2 and " has no " in done.stderr, (verb, done)
    if os.getuid() == 0:  # and pytest's folder is root's alone
        done = subprocess.run(
            ["make", "-s", "-C", str(top), "check", "LAB=02", "BOX=limits"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2, done
        assert done.stderr.startswith(f"check: {top}: at the level limits")
    lab = LABS[0]
    for path in (top / "labs" / lab.id).rglob("*"):
        assert not path.is_file() or b"BEGIN " not in path.read_bytes()
    make = ["make", "-s", "-C", str(top / "labs" / lab.id)]
    done = subprocess.run([*make, "all"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run(
        [*make, "hint", "STEP=1", "LEVEL=3"], capture_output=True, text=True
    )
    assert lab.task(1).hints[2] in " ".join(done.stdout.split())
    target = tmp_path / "result.json"
    done = subprocess.run(
        [*make, "check", f"JSON={target}"], capture_output=True, text=True
    )
    assert "0 of 100 points" in done.stdout
    assert json.loads(target.read_text())["score"] == 0


def test_make_alone_lists_the_labs() -> None:
    """Each lab with its state, and what to do next."""
    done = subprocess.run(
        ["make", "-s", "-C", ROOT], capture_output=True, text=True, check=True
    )
    for lab in LABS:
        assert lab.id in done.stdout
    assert "Next: " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_handouts_have_a_step_for_each_task() -> None:
    """Step n of the handout, task n of lab.toml, TODO n of the skeletons."""
    for lab in LABS:
        text = (lab.folder / "README.md").read_text()
        for task in lab.tasks:
            assert f"\n## Step {task.number}:" in text, (lab.id, task.number)
        assert f"\n## Step {len(lab.tasks) + 1}:" not in text
