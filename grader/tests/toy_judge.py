# SPDX-License-Identifier: MIT
"""A judge that obeys what it judges: python3 -I toy_judge.py LAB STAGING RESULT

It does what the demo.c that was handed in says, one command a line:

    log FILE      append a line to FILE: I was here
    wait IN OUT   write my pid to the FIFO IN, then wait for the end of OUT
    points N      the result has N of 100 points
    cannot CAUSE  the last check cannot be made, for this cause
    crash         end with an exception
    silent        end without a result
    garbage, shortened, dearer, stranger, boxless: end with a wrong result
"""

import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

TASKS = range(1, 11)  # ten checks of ten points each


def result(lab: str, student: dict[str, str], points: int) -> dict[str, Any]:
    """The table of a result; see grader/outcome.py."""
    checks = []
    for task in TASKS:
        passed = 10 * task <= points
        checks.append(
            {
                "id": f"check_{task}",
                "task": task,
                "title": f"Thing number {task} holds",
                "points": 10,
                "earned": 10 if passed else 0,
                "outcome": "pass" if passed else "fail",
                "cause": None,
                "expected": "" if passed else "what should be",
                "actual": "" if passed else "what is",
                "input": "",
                "rerun": "",
                "hint": "",
            }
        )
    nothing: dict[str, Any] = {"variant": {}, "environment": {}, "notes": []}
    return {
        "format": 1,
        "lab": lab,
        "title": "A toy",
        "student": student,
        **nothing,
        "box": "uid",
        "box_note": "",
        "predictions": [],
        "checks": checks,
        "max": 100,
        "score": points,
        "unchecked": 0,
    }


def judge(lab: str, staging: Path) -> str | None:
    """Do what demo.c says; the text of the result, None for no result."""
    card = tomllib.loads((staging / "student.toml").read_text())
    table = result(lab, {"id": card.get("id", ""), "name": card.get("name", "")}, 0)
    for line in (staging / "demo.c").read_text().splitlines():
        verb, *words = line.split()
        if verb == "log":
            with open(words[0], "a") as log:
                log.write(f"{lab}\n")
        elif verb == "wait":
            Path(words[0]).write_text(f"{os.getpid()}\n")
            Path(words[1]).read_text()
        elif verb == "points":
            table = result(lab, table["student"], int(words[0]))
        elif verb == "cannot":
            table["checks"][-1] |= {"outcome": "cannot check", "cause": words[0]}
            table["unchecked"] = 10 if words[0] in ("tool", "permission") else 0
        elif verb == "crash":
            raise RuntimeError("the toy judge \x1b[31mfails")
        elif verb == "silent":
            return None
        elif verb == "garbage":
            return '{"format": 1, "checks": ' + "[" * 5000
        elif verb == "shortened":
            table["checks"].pop()
        elif verb == "dearer":
            table["checks"][0] |= {"points": 100, "earned": 100, "outcome": "pass"}
            table["score"] = 100
        elif verb == "stranger":
            table["student"] = {"id": "somebody-else", "name": ""}
        else:
            assert verb == "boxless"
            table["box"] = "limits"
    return json.dumps(table)


if __name__ == "__main__":
    _, lab_name, staging_name, target = sys.argv
    text = judge(lab_name, Path(staging_name))
    if text is not None:
        Path(target).write_text(text)
