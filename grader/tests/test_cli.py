# SPDX-License-Identifier: MIT
"""How a verb ends: by a signal, by a fault of its own, and what is left then."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.tests.test_judge import LAB, edit, grader, tree

__all__ = ["tree"]  # a fixture

PATIENCE = 120.0  # seconds, on a machine under full load


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for temporary ones, which every user can reach."""
    with tempfile.TemporaryDirectory(prefix="process-memory-test-") as name:
        os.chmod(name, 0o711)
        yield Path(name)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_nothing(
    number: signal.Signals, tree: Path, scratch: Path
) -> None:
    """No process, no folder, no verdict, neither an old one; no traceback."""
    fifo = tree / "fifo"
    os.mkfifo(fifo)
    edit(
        tree / "grader" / "checks" / "test_90_toy.py",
        'expect(process.wait_prompt(), "toy", what="the prompt")',
        f"""process.wait_prompt()
        with open({str(fifo)!r}, "w") as file:
            file.write(str(process.pid))
        process.wait_prompt()""",
    )
    (results := tree / "results").mkdir()
    (results / "result.json").write_text("old")
    judge = subprocess.Popen(
        [sys.executable, "-I", str(tree / "grader" / "__main__.py"), "check"]
        + ["--lab", LAB, "--json", str(results / "result.json")],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    program = os.pidfd_open(int(fifo.read_text()))
    judge.send_signal(number)
    judge.send_signal(number)
    words, _ = judge.communicate(timeout=PATIENCE)
    assert (judge.returncode, words) == (128 + number, b"")
    with pytest.raises(ProcessLookupError):
        signal.pidfd_send_signal(program, 0)
    os.close(program)
    assert os.listdir(scratch) == []
    assert os.listdir(results) == []


def test_a_fault_of_the_grader_is_no_failed_check(tree: Path) -> None:
    """Exit status 3 and its traceback; no result, neither an old one."""
    with (tree / "grader" / "judge" / "environment.py").open("a") as file:
        file.write("def environment(): raise ZeroDivisionError\n")
    (results := tree / "results").mkdir()
    (results / "result.json").write_text("old")
    done = grader(
        tree, "check", "--lab", LAB, "--json", str(results / "result.json")
    )
    assert (done.returncode, "ZeroDivisionError" in done.stderr) == (3, True)
    assert os.listdir(results) == []


@pytest.mark.parametrize("level", ["auto", "limits"])
def test_a_result_is_written_where_it_was_asked_for(
    level: str, tree: Path, scratch: Path
) -> None:
    """Into a folder that is root's, and into what is no file."""
    scratch.chmod(0o755)  # at the level limits, an ordinary user reads the tree
    tree = shutil.copytree(tree, scratch / "tree")
    tree.chmod(0o755)
    (results := tree / "results").mkdir()
    (target := results / "result.json").write_text("old")
    words = ["check", "--lab", LAB, "--submission", str(tree / "labs")]
    words += ["--quiet", "--box", level, "--json"]
    done = grader(tree, *words, str(target))
    assert done.returncode == 1, done.stderr
    assert target.read_text().startswith("{")
    assert os.listdir(results) == ["result.json"]
    assert grader(tree, *words, "/dev/stdout").stdout.startswith("{")
    assert grader(tree, *words, "/dev/null").returncode == 1
    assert Path("/dev/null").is_char_device()


def test_programs_of_failures_are_those_of_the_last_run(tree: Path) -> None:
    """Also of a run of some steps; what was not judged stays as it was."""
    build = tree / "labs" / LAB / "build"
    checks = tree / "grader" / "checks" / "test_90_toy.py"
    well = 'expect((done.how, done.status), ("exited", 0), what="its end")'
    edit(checks, well, 'fail(expected="", actual="", program="int x;\\n")')
    edit(checks, "check, expect", "check, expect, fail")
    build.mkdir()
    (build / "failure-length.c").write_text("of an earlier run")
    kept = build / "failure-ends_well.c"
    done = grader(tree, "check", "--lab", LAB, "--step", "1")
    assert "make build/failure-ends_well" in done.stdout
    assert kept.read_text() == "int x;\n"
    assert (build / "failure-length.c").exists()
    assert not (build / "check.json").exists()
    edit(checks, 'fail(expected="", actual="", program="int x;\\n")', well)
    grader(tree, "check", "--lab", LAB)
    assert not list(build.glob("failure-*"))


def test_sources_in_folders(tree: Path) -> None:
    """Handed out, built, packed and judged as those beside the handout."""
    lab = tree / "labs" / LAB
    edit(lab / "lab.toml", '"toy.c"', '"toy.c", "part/deep/end.c"')
    edit(lab / "toy.c", "? 0 : 1", "? end() : 1")
    edit(lab / "toy.c", "int main", "int end(void);\n\nint main")
    (lab / "Makefile").write_text(
        "PROGRAMS = toy\ninclude ../../support/lab.mk\n"
        "build/toy: build/end.o\nbuild/end.o: part/deep/end.c build/flags\n"
        "\t$(COMPILE) -c -o $@ $<\n"
    )
    (lab / "part" / "deep").mkdir(parents=True)
    source = lab / "part" / "deep" / "end.c"
    source.write_text("int end(void);\nint end(void) { return 0; }\n")
    for name in ("setup", "README.md", "LICENSE", "Makefile"):
        (tree / name).touch()
    (tree / "solutions").mkdir()
    packed = grader(tree, "handout", "--out", str(tree / "handout.tar.gz"))
    assert packed.returncode == 0, packed.stderr
    with tarfile.open(tree / "handout.tar.gz") as archive:
        names = archive.getnames()
    assert f"process-memory-labs/.skeletons/{LAB}/part/deep/end.c" in names
    packed = grader(tree, "handin", "--lab", LAB)
    assert "part/deep/end.c" in packed.stdout
    source.unlink()
    mine = lab / "build" / f"{LAB}.tar.gz"
    words = ["check", "--lab", LAB, "--step", "1", "--submission"]
    done = grader(tree, *words, str(mine))
    assert "60 of 60 points" in done.stdout, done.stdout
    assert "60 of 60" not in grader(tree, *words, str(tree / "labs")).stdout
    source.write_text("int end(void);\nint end(void) { return 1; }\n")
    shutil.copytree(lab, tree / "solutions" / LAB)
    (tree / "solutions" / LAB / "answers.sh").write_text("cat answers.toml\n")
    done = grader(tree, *words[:-1], "--tree", "solutions")
    assert "30 of 60 points" in done.stdout, done.stdout + done.stderr
