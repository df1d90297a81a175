# SPDX-License-Identifier: MIT
"""The box holds: hostile programs end in time, leave nothing, reach nothing."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
WALL = 2.0  # seconds, for an attack that does not end by itself
PATIENCE = 120.0  # for one that does, on a machine under full load
LEVELS = ("namespaces", "uid", "limits")
ATTACKS = (
    "hang",
    "ignore-and-wait",
    "stop-self",
    "fork-bomb",
    "daemons",
    "threads",
    "flood",
    "memory",
    "big-file",
    "write-outside",
    "read-secrets",
    "kill-everybody",
    "reach-out",
    "descriptors",
    "shared-memory",
    "become-root",
)
# What each attack comes to where it does not end by itself.
CUT = {
    "hang": {"wall time"},
    "ignore-and-wait": {"wall time"},
    "stop-self": {"wall time"},
    "fork-bomb": {"wall time"},
    "flood": {"output"},
    "memory": {"memory", "wall time", "signal"},
}


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The compiled attacks, in a folder that every user can read."""
    folder = Path(f"/tmp/process-memory-hostile-{secrets.token_hex(8)}")
    folder.mkdir(mode=0o755)
    program = folder / "hostile"
    subprocess.run(
        ["cc", "-std=c11", "-D_GNU_SOURCE", "-pthread", "-o", program]
        + [HERE / "hostile.c"],
        check=True,
    )
    program.chmod(0o755)
    yield program
    subprocess.run(["rm", "-rf", folder], check=True)


def boxed(level: str, wall: float, *argv: str | Path) -> dict[str, Any]:
    """Run in the box; skip where this machine does not have the level."""
    done = subprocess.run(
        [sys.executable, "-I", HERE / "boxed.py", level, str(wall), *argv],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0 and f"no {level}:" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def processes_with(token: str) -> list[str]:
    """The command lines that hold the token, of all processes there are."""
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            command = Path("/proc", name, "cmdline").read_bytes()
        except OSError:
            continue
        if token.encode() in command:
            found.append(command.decode(errors="replace"))
    return found


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("level", LEVELS)
def test_hostile_program(level: str, attack: str, hostile: Path) -> None:
    """Ends within its limits, gains nothing, leaves no process and no file."""
    token = secrets.token_hex(8)
    outside = Path(f"/tmp/process-memory-canary-{token}")
    outside.mkdir()
    outside.chmod(0o777)
    canary = outside / "canary"
    canary.write_text("unharmed")
    canary.chmod(0o666)
    before = canary.stat()
    try:
        wall = WALL if "wall time" in CUT.get(attack, ()) else PATIENCE
        done = boxed(level, wall, hostile, attack, str(canary))
        assert done["level"] == level
        assert done["how"] in CUT.get(attack, {"exited", "signal"})
        # At the level of namespaces, process 1 is the box's own, inside.
        gains = [line for line in done["stdout"].splitlines() if "got:" in line]
        inside = " of process 1" if level == "namespaces" else "nothing"
        assert [line for line in gains if not line.endswith(inside)] == []
        assert processes_with(token) == []
        assert canary.read_text() == "unharmed"
        assert canary.stat().st_mode == before.st_mode
        assert os.listdir(outside) == ["canary"]
        for place in ("/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr"):
            assert not Path(place, "hostile-was-here").exists()
        if level != "limits":
            assert "6c616273" not in Path("/proc/sysvipc/shm").read_text()
    finally:
        subprocess.run(["rm", "-rf", outside], check=True)


def test_every_attack_is_tried(hostile: Path) -> None:
    """The list above is the list that the program knows."""
    done = subprocess.run([hostile], capture_output=True, text=True)
    assert tuple(done.stdout.split()) == ATTACKS
