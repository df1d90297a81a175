# SPDX-License-Identifier: MIT
"""Run one program in the box at one level, in a process of its own.

    python3 -I boxed.py LEVEL WALL PROGRAM [ARGUMENT...]

Prints the end as JSON. While the program runs, and before it may read, CROWD
more processes of the judge's user are started. A process of its own, because at the level "limits"
root gives up being root for good.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from grader.box import Limits, become_ordinary, open_box  # noqa: E402


def main(level: str, wall: str, program: str, *arguments: str) -> None:
    """Run it and print what the box says of it."""
    if level == "limits":
        become_ordinary()
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o711)
        evidence = Path(name, "evidence")
        evidence.mkdir(mode=0o700)
        box = open_box(level, (Path(program).parent,), evidence)
        process = box.spawn(
            [program, *arguments],
            limits=Limits(
                wall=float(wall),
                memory=256 << 20,
                processes=32,
                file_size=4 << 20,
                disk=16 << 20,
                files=500,
                output=1 << 20,
            ),
        )
        with process:
            size = int(os.environ.get("CROWD", "0"))
            crowd = [subprocess.Popen(["sleep", "1000"]) for _ in range(size)]
            done = process.finish()
            for one in crowd:
                one.kill()
                one.wait()
    print(
        json.dumps(
            {
                "level": box.level.value,
                "how": done.how,
                "status": done.status,
                "stdout": done.stdout[:4096].decode(errors="replace"),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
