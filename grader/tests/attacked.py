# SPDX-License-Identifier: MIT
"""Have the attacks of attacks.c made at one box level, in a process of its own.

    python3 -I attacked.py LEVEL ATTACK...

Prints JSON: for each attack what the judge saw, and how many processes were
left afterwards. A process of its own, because at the level "limits" root gives
up being root for good.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from grader.api import driver  # noqa: E402
from grader.api.play import Command, play  # noqa: E402
from grader.box import become_ordinary  # noqa: E402
from grader.checks.refcount_08 import RefcountModel  # noqa: E402
from grader.tests.driven import COMMANDS, light_bench  # noqa: E402

ATTACKS = Path(__file__).resolve().parent / "attacks.c"
SEQUENCE = ((Command("new", (0, 64, 1, 7)),), (Command("release", (0,)),))
NAME = f"driver-attacks-{os.getpid()}"  # others may run this at the same time


def survivors() -> int:
    """How many processes there are that run an attacked driver."""
    found = 0
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            words = Path("/proc", name, "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        found += f"/{NAME}" in words[0].decode(errors="replace")
    return found


def main(level: str, *attacks: str) -> None:
    """Make them one by one and print what was seen."""
    if level == "limits":
        become_ordinary()
    seen = {}
    with light_bench(level, ATTACKS) as bench:
        built = driver.build(bench, COMMANDS, ["attacks.c"])
        program = built.rename(bench.new_folder() / NAME)
        for attack in attacks:
            env = {"ATTACK": attack}
            with driver.Session(bench.box, program, env, patience=2.0) as session:
                failure = play(session, RefcountModel, SEQUENCE)
            seen[attack] = {
                "passed": failure is None,
                "kind": failure.kind.value if failure and failure.kind else "",
                "words": failure.difference.actual if failure else "",
                "left": survivors(),
            }
        found = bench.box.level.value
    print(json.dumps({"level": found, "seen": seen}))


if __name__ == "__main__":
    main(*sys.argv[1:])
