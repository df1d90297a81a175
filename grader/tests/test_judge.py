# SPDX-License-Identifier: MIT
"""The judge on a toy lab: three outcomes, every check once, faults told apart.

The toy is put into a tree of its own with support/ and grader/ beside it, as a
lab that was copied out of the suite.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LAB = "90-toy"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the toy lab alone."""
    shutil.copytree(ROOT / "support", tmp_path / "support")
    shutil.copytree(
        ROOT / "grader",
        tmp_path / "grader",
        ignore=shutil.ignore_patterns("tests", "wrong", "right", "sample-class"),
    )
    lab = tmp_path / "labs" / LAB
    lab.mkdir(parents=True)
    for name in ("lab.toml", "Makefile", "answers.toml", "toy.c"):
        shutil.copyfile(HERE / "toy" / name, lab / name)
    shutil.copy(HERE / "toy" / "test_90_toy.py", tmp_path / "grader" / "checks")
    return tmp_path


def grader(tree: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a verb of the tree's own grader."""
    return subprocess.run(
        [sys.executable, "-I", tree / "grader" / "__main__.py", *argv],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "NO_COLOR": "1"},
    )


def judged(tree: Path) -> dict[str, Any]:
    """Check the toy; its result, with the checks by id."""
    target = tree / "result.json"
    done = grader(tree, "check", "--lab", LAB, "--json", str(target), "--quiet")
    assert target.stat().st_size, done.stderr
    result: dict[str, Any] = json.loads(target.read_text())
    result["status"] = done.returncode
    result["checks"] = {check["id"]: check for check in result["checks"]}
    return result


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def outcomes(result: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Outcome and cause of each check."""
    return {
        id: (check["outcome"], check["cause"])
        for id, check in result["checks"].items()
    }


def test_unanswered_is_not_right(tree: Path) -> None:
    """The code passes, the empty answer fails, the sum is their sum."""
    result = judged(tree)
    assert outcomes(result) == {
        "pauses": ("pass", None),
        "ends_well": ("pass", None),
        "length": ("fail", None),
    }
    assert (result["score"], result["max"], result["unchecked"]) == (60, 100, 0)
    assert result["status"] == 1
    assert result["checks"]["length"]["actual"] == "length: no answer"
    assert result["checks"]["length"]["hint"] == "first hint of step 2"
    assert result["box"] in ("namespaces", "uid", "limits")


def test_answer_with_evidence(tree: Path) -> None:
    """An answer that agrees with a believed transcript is right."""
    answers = tree / "labs" / LAB / "answers.toml"
    assert grader(tree, "observe", "--lab", LAB).returncode == 0
    answers.write_text('[predict]\nlength = 9\n[answers]\nlength = 3\n')
    result = judged(tree)
    assert (result["score"], result["status"]) == (100, 0)
    assert result["predictions"] == [
        {"key": "length", "predicted": "9", "measured": "3"}
    ]
    answers.write_text("[answers]\nlength = 4\n")
    assert judged(tree)["checks"]["length"]["actual"] == "length: 4"
    answers.write_text('[answers]\nlength = " 3"\n')
    assert judged(tree)["checks"]["length"]["outcome"] == "pass"
    answers.write_text('[answers]\nlength = "3 KiB"\n')
    assert judged(tree)["checks"]["length"]["actual"].startswith(
        "length: 3 KiB is text: write the number alone"
    )
    answers.write_text("[answers]\nlength = true\n")
    assert judged(tree)["checks"]["length"]["outcome"] == "fail"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("# student: \n", "# student: 7\n", "`student` says `7`"),
        ("# lab: 90-toy", "# lab: 91-other", "`lab` says `91-other`"),
        ("xxx", "xxxx", "another value in a run of the same program"),
        ("xxx", "yyy", "not what toy prints"),
    ],
)
def test_transcript_that_cannot_be_believed(
    tree: Path, old: str, new: str, reason: str
) -> None:
    """Of another student or lab, edited, of another program: no points."""
    lab = tree / "labs" / LAB
    grader(tree, "observe", "--lab", LAB)
    edit(lab / "observations" / "toy.txt", old, new)
    (lab / "answers.toml").write_text(f"[answers]\nlength = {new.count('x')}\n")
    check = judged(tree)["checks"]["length"]
    assert check["outcome"] == "fail"
    assert reason in check["actual"]


def test_transcript_of_another_machine(tree: Path) -> None:
    """What another kernel printed need not agree with a run here."""
    lab = tree / "labs" / LAB
    grader(tree, "observe", "--lab", LAB)
    transcript = lab / "observations" / "toy.txt"
    edit(transcript, "\nxxx\n", "\nxxxxx\n")
    edit(transcript, "# kernel: ", "# kernel: other ")
    (lab / "answers.toml").write_text("[answers]\nlength = 5\n")
    assert judged(tree)["score"] == 100


def test_a_prediction_changes_no_verdict(tree: Path) -> None:
    """Not even where the measurement beside it goes wrong in the judge's hands."""
    grader(tree, "observe", "--lab", LAB)
    (tree / "labs" / LAB / "answers.toml").write_text("[predict]\nlength = 9\n")
    (tree / "labs" / LAB / "toy.c").write_text("int main(void) { return 0; }")
    result = judged(tree)
    assert outcomes(result)["length"] == ("fail", None)
    assert result["predictions"] == [
        {"key": "length", "predicted": "9", "measured": "not measured"}
    ]


def test_transcript_not_handed_in(tree: Path) -> None:
    """A right number without its evidence is no answer."""
    (tree / "labs" / LAB / "answers.toml").write_text("[answers]\nlength = 3\n")
    check = judged(tree)["checks"]["length"]
    assert (check["outcome"], check["actual"]) == ("fail", "there is no such file")
    assert check["rerun"] == "make observe"


def test_variant_follows_the_id(tree: Path) -> None:
    """Another id has another count, and its evidence must say so."""
    grader(tree, "observe", "--lab", LAB)
    (tree / "labs" / LAB / "answers.toml").write_text("[answers]\nlength = 3\n")
    assert judged(tree)["score"] == 100
    (tree / "labs" / "student.toml").write_text('id = "s1"\nname = ""\n')
    result = judged(tree)
    assert result["student"] == {"id": "s1", "name": ""}
    assert result["checks"]["length"]["outcome"] == "fail"
    counts = set()
    for number in range(40):
        (tree / "labs" / "student.toml").write_text(f'id = "s{number}"\n')
        counts.add(grader(tree, "variant", "--lab", LAB, "count").stdout)
    assert len(counts) > 5


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("int main(void) { return 0; }", "ended with exit status 0"),
        ("int main(void) { return *(volatile int *)0; }", "was ended by signal 11 (SIGSEGV, segmentation fault)"),
        (
            'int puts(const char *); int main(void) { puts("[1] toy: press Enter "); '
            "return 3; }",
            "ended with exit status 3",
        ),
    ],
)
def test_program_without_its_prompt(tree: Path, code: str, why: str) -> None:
    """What the program did instead is said; what rests on it waits."""
    (tree / "labs" / LAB / "toy.c").write_text(code)
    result = judged(tree)
    assert why in result["checks"]["pauses"]["actual"]
    assert outcomes(result)["pauses"] == ("fail", None)
    assert outcomes(result)["ends_well"] == ("cannot check", "depends")


def test_does_not_build(tree: Path) -> None:
    """The compiler's words are the reason; no point, and no grader's fault."""
    (tree / "labs" / LAB / "toy.c").write_text("int main(void) { return answer; }")
    result = judged(tree)
    assert outcomes(result)["pauses"] == ("cannot check", "build")
    assert "answer" in result["checks"]["pauses"]["actual"]
    assert str(tree) not in result["checks"]["pauses"]["actual"]
    assert (result["score"], result["unchecked"], result["status"]) == (0, 0, 1)


def test_fault_of_the_grader_is_no_zero(tree: Path) -> None:
    """A check that breaks is undecided, told, and exit status 3."""
    edit(
        tree / "grader" / "checks" / "test_90_toy.py",
        'expect((done.how, done.status), ("exited", 0), what="its end")',
        "raise ZeroDivisionError",
    )
    result = judged(tree)
    assert outcomes(result)["ends_well"] == ("cannot check", "grader")
    assert "ZeroDivisionError" in result["checks"]["ends_well"]["actual"]
    assert (result["score"], result["unchecked"], result["status"]) == (30, 30, 3)


def test_flood_does_not_become_the_report(tree: Path) -> None:
    """What a program printed without an end is shown by its two ends."""
    edit(
        tree / "grader" / "checks" / "test_90_toy.py",
        'expect((done.how, done.status), ("exited", 0), what="its end")',
        'expect("begin" + "x" * (1 << 24) + "end", "", what="output")',
    )
    actual = judged(tree)["checks"]["ends_well"]["actual"]
    assert len(actual) < 1 << 16
    assert actual.startswith("output: beginxxx") and actual.endswith("xxxend")
    assert "characters left out" in actual


def test_only_some_steps(tree: Path) -> None:
    """STEP= judges these steps alone, and the overview does not take it."""
    done = grader(tree, "check", "--lab", LAB, "--step", "1")
    assert "length" not in done.stdout
    assert "90-toy, step 1: 60 of 60 points" in done.stdout
    assert done.returncode == 0
    assert "not checked yet" in grader(tree, "labs").stdout
    for words, why in (("7", "its steps: 1, 2"), ("1,x", "STEP=1,x: a step's")):
        wrong = grader(tree, "check", "--lab", LAB, "--step", words)
        assert (wrong.returncode, why in wrong.stderr) == (2, True)


def test_tool_that_is_missing(tree: Path) -> None:
    """A tracer that is not installed leaves the check undecided."""
    edit(
        tree / "grader" / "checks" / "test_90_toy.py",
        "box.run([bench.program(\"toy\")])\n    expect",
        "box.run([bench.program(\"toy\")], trace=[\"no-such-tracer\"])\n    expect",
    )
    result = judged(tree)
    assert outcomes(result)["ends_well"] == ("cannot check", "tool")
    assert result["unchecked"] == 30


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("points=40", "points=39", "task 2 has 39 points"),
        ("task=2", "task=3", "task 2 has 0 points"),
        ('needs="pauses"', 'needs="paws"', "needs paws, which is no earlier check"),
        ("@check(task=2, points=40)\n", "", "must be marked once by @check"),
    ],
)
def test_checks_that_do_not_fit_the_lab(
    tree: Path, old: str, new: str, why: str
) -> None:
    """A lab whose checks do not add up is refused before anybody is graded."""
    edit(tree / "grader" / "checks" / "test_90_toy.py", old, new)
    done = grader(tree, "check", "--lab", LAB)
    assert done.returncode == 2
    assert why in done.stderr


def test_submission_cannot_configure_pytest(tree: Path) -> None:
    """conftest.py, pytest.ini, json.py and a Makefile are not even copied."""
    lab = tree / "labs" / LAB
    (lab / "toy.c").write_text("int main(void) { return 1; }")
    for name in ("conftest.py", "json.py", "sitecustomize.py"):
        (lab / name).write_text("raise SystemExit(0)")
    (lab / "pytest.ini").write_text("[pytest]\naddopts = --co\n")
    (lab / "GNUmakefile").write_text("all:\n\ttouch build/toy\n")
    done = subprocess.run(
        [sys.executable, "-I", str(tree / "grader" / "__main__.py"), "check"]
        + ["--lab", LAB, "--json", str(tree / "result.json")],
        cwd=lab,
        env={**os.environ, "PYTEST_ADDOPTS": "--co", "PYTHONPATH": str(lab)},
        capture_output=True,
    )
    assert done.returncode == 1
    result = json.loads((tree / "result.json").read_text())
    assert result["score"] == 0
    assert len(result["checks"]) == 3


def test_report_on_the_terminal(tree: Path) -> None:
    """Verdict in words, reason, remedy; at most 80 columns; no escape."""
    code = tree / "labs" / LAB / "toy.c"
    code.write_text(
        '#include <stdio.h>\nint main(void) { fputs("\\033[2Jhello\\n", stderr);'
        " return 4; }"
    )
    done = grader(tree, "check", "--lab", LAB)
    assert "FAIL" in done.stdout
    assert "expected   the program's next prompt" in done.stdout
    assert "0 of 100 points" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\\x1b[2Jhello" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_overview_remembers(tree: Path) -> None:
    """`make` alone says how far one is and what to do next."""
    before = grader(tree, "labs").stdout
    assert "not checked yet" in before
    judged(tree)
    after = grader(tree, "labs").stdout
    assert " 60 of 100 points" in after
    assert "Next: cd labs/90-toy, step 2" in after


def test_hint(tree: Path) -> None:
    """Three levels; a step that does not exist is an error that helps."""
    done = grader(tree, "hint", "--lab", LAB, "--step", "2", "--level", "3")
    assert "Hint 3 of 3: third hint" in done.stdout
    wrong = grader(tree, "hint", "--lab", LAB, "--step", "7")
    assert (wrong.returncode, "its steps: 1, 2" in wrong.stderr) == (2, True)


def test_unknown_lab(tree: Path) -> None:
    """The labs that there are are named."""
    done = grader(tree, "check", "--lab", "77")
    assert done.returncode == 2
    assert "there are: 90-toy" in done.stderr


def test_handin_packs_what_the_judge_reads(tree: Path) -> None:
    """The archive of `make handin` is judged like the folder."""
    grader(tree, "observe", "--lab", LAB)
    (tree / "labs" / LAB / "answers.toml").write_text("[answers]\nlength = 3\n")
    (tree / "labs" / LAB / "notes.txt").write_text("private")
    done = grader(tree, "handin", "--lab", LAB)
    assert "answers.toml" in done.stdout and "notes.txt" not in done.stdout
    archive = tree / "labs" / LAB / "build" / f"{LAB}.tar.gz"
    again = grader(
        tree, "check", "--lab", LAB, "--submission", str(archive)
    )
    assert "100 of 100 points" in again.stdout
