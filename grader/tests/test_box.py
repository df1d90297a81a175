# SPDX-License-Identifier: MIT
"""The box holds: hostile programs end in time, leave nothing, reach nothing."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.box import Box, BoxLate, Level, Limits, open_box
from grader.box.levels import what_is_open
from grader.box.process import Plan
from grader.judge import bench
from grader.judge.api import CannotCheck
from grader.lab import LABS, load_lab
from grader.outcome import Cause
from grader.variant import Student

HERE = Path(__file__).resolve().parent
WALL = 2.0  # seconds, for an attack that does not end by itself
PATIENCE = 120.0  # for one that does, on a machine under full load
ATTACKS = (
    "hang",
    "ignore-and-wait",
    "stop-self",
    "fork-bomb",
    "scattered-bomb",
    "daemons",
    "threads",
    "flood",
    "memory",
    "big-file",
    "fill-disk",
    "make-files",
    "hide-files",
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
    "scattered-bomb": {"wall time"},
    "flood": {"output"},
    "memory": {"memory", "wall time", "signal"},
    "fill-disk": {"disk space"},
    "make-files": {"disk space"},
    "hide-files": {"disk space"},
}
# Where the kernel cannot keep a cap, the judge does.
CUT_AT = {
    "limits": {
        "fork-bomb": {"processes"},
        "scattered-bomb": {"processes"},
        "threads": {"processes", "exited"},
    },
    # The box's own file system has room for so much and no more.
    "namespaces": dict.fromkeys(("fill-disk", "make-files", "hide-files"), {"exited"}),
}


@pytest.fixture(scope="session")
def hostile() -> Iterator[Path]:
    """The compiled attacks, in a folder that every user can read."""
    folder = Path(f"/tmp/process-memory-hostile-{secrets.token_hex(8)}")
    folder.mkdir(mode=0o755)
    program = folder / "hostile"
    subprocess.run(
        ["cc", "-std=c11", "-D_GNU_SOURCE", "-pthread", "-o", str(program)]
        + [str(HERE / "hostile.c")],
        check=True,
    )
    program.chmod(0o755)
    yield program
    subprocess.run(["rm", "-rf", folder], check=True)


def boxed(level: str, wall: float, *argv: str | Path) -> dict[str, Any]:
    """Run a program in the box at one level; how it ended."""
    done = _run_boxed(level, wall, *argv)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _run_boxed(
    level: str, wall: float, *argv: str | Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", HERE / "boxed.py", level, str(wall), *argv],
        capture_output=True,
        text=True,
    )


def _levels() -> tuple[str, ...]:
    """The levels that this machine and this user can have."""
    return tuple(
        level
        for level in ("namespaces", "uid", "limits")
        if f"no {level}:" not in _run_boxed(level, PATIENCE, "/bin/true").stderr
    )


LEVELS = _levels()


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
        cut = CUT | CUT_AT.get(level, {})
        wall = WALL if "wall time" in cut.get(attack, ()) else PATIENCE
        done = boxed(level, wall, hostile, attack, str(canary))
        assert done["level"] == level
        assert done["how"] in cut.get(attack, {"exited", "signal"})
        # At the level of namespaces, process 1 is the box's own, inside.
        gains = [line for line in done["stdout"].splitlines() if "got:" in line]
        inside = " of process 1" if level == "namespaces" else "nothing"
        assert [line for line in gains if not line.endswith(inside)] == []
        assert processes_with(token) == []
        if level == "limits" and os.getuid() != 0:
            canary.chmod(0o666)  # modes are open there, and the note says so
        assert canary.stat().st_mode == before.st_mode
        assert canary.read_text() == "unharmed"
        assert os.listdir(outside) == ["canary"]
        for place in ("/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr"):
            assert not Path(place, "hostile-was-here").exists()
        if level != "limits":
            assert "6c616273" not in Path("/proc/sysvipc/shm").read_text()
    finally:
        subprocess.run(["rm", "-rf", outside], check=True)


def test_some_level_is_had() -> None:
    """Without any level there would be no test of the box."""
    assert "uid" in LEVELS if os.getuid() == 0 else "limits" in LEVELS


def test_unknown_level_is_refused(hostile: Path) -> None:
    """A level that does not exist is an error, not the strongest one."""
    done = _run_boxed("none", WALL, hostile)
    assert done.returncode != 0
    assert "no box level `none`" in done.stderr


@pytest.mark.parametrize("level", LEVELS)
def test_what_others_run_is_not_counted(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may fork, whatever the same user has started since."""
    monkeypatch.setenv("CROWD", "100")
    script = "read _; (exit 3) & wait $!; exit $?"
    done = boxed(level, PATIENCE, "/bin/sh", "-c", script)
    assert (done["how"], done["status"]) == ("exited", 3)


# At the level "limits" root is given up for good, so not in this process.
HERE_TOO = [level for level in LEVELS if level != "limits" or os.getuid() != 0]


@pytest.fixture
def build() -> Iterator[tuple[Path, Path]]:
    """A folder for evidence and one to build in, which every user can reach."""
    with tempfile.TemporaryDirectory(prefix="process-memory-test-") as name:
        os.chmod(name, 0o711)
        evidence, folder = Path(name, "evidence"), Path(name, "build")
        evidence.mkdir(mode=0o700)
        folder.mkdir()
        yield evidence, folder


@pytest.mark.parametrize("level", HERE_TOO)
@pytest.mark.parametrize(
    "script",
    [
        "for i in 1 2 3 4 5 6; do head -c 1M /dev/zero >big$i; done",
        "mkdir deep && cd deep && for i in $(seq 60); do : >many$i; done",
        "rm -f old; head -c 6M /dev/zero >old; sleep 60",
        "mkdir shut && : >shut/file && chmod 0 shut && [ ! -r shut ]",
    ],
)
def test_what_is_written_has_an_end(
    script: str, level: str, build: tuple[Path, Path]
) -> None:
    """A build that writes too much loses what it wrote, and nothing else."""
    evidence, folder = build
    box = open_box(level, (), evidence)
    (folder / "before").write_text("untouched")
    (folder / "old").write_text("")
    limits = Limits(disk=5 << 20, files=50)
    run = ["/bin/sh", "-c", script]
    done = box.run(run, limits=limits, writable=(folder,), cwd=folder)
    if script.endswith("]") and os.getuid() == 0:
        assert done.how == "exited"  # nothing is shut for root
        return
    assert done.how == "disk space"
    assert "more disk space" in done.describe()
    left = {path.name for path in folder.iterdir()}
    assert left == ({"before"} if "old" in script else {"before", "old"})
    run = ["/bin/sh", "-c", ": >new"]
    done = box.run(run, limits=limits, writable=(folder,), cwd=folder)
    assert (done.how, done.status) == ("exited", 0)


@pytest.mark.parametrize("level", LEVELS)
def test_ends_are_told_apart(level: str) -> None:
    """An exit status, a signal, and a program that is not there."""
    assert boxed(level, PATIENCE, "/bin/sh", "-c", "exit 7")["status"] == 7
    killed = boxed(level, PATIENCE, "/bin/sh", "-c", "kill -SEGV $$")
    assert (killed["how"], killed["status"]) == ("signal", 11)
    missing = boxed(level, PATIENCE, "/usr/bin/no-such-program")
    assert (missing["how"], missing["status"]) == ("exited", 127)


@pytest.mark.parametrize("stop", ["", "os.kill(*children_of(os.getpid()), 19)"])
def test_the_keeper_goes_with_the_judge(stop: str) -> None:
    """It is reaped before the judge ends, also where it is stopped."""
    token = secrets.token_hex(8)
    script = f"""
import os, sys, tempfile
sys.path.insert(0, {str(HERE.parents[1])!r})
from pathlib import Path
from grader.box import open_box
from grader.keeper.supervisor import children_of
with tempfile.TemporaryDirectory() as name:
    os.chmod(name, 0o711)
    Path(name, "evidence").mkdir(mode=0o700)
    open_box("auto", (), Path(name, "evidence"))
    {stop}
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        env={"PATH": "/usr/bin:/bin", "TOKEN": token},
    )
    assert done.returncode == 0
    left = [
        name
        for name in filter(str.isdecimal, os.listdir("/proc"))
        if token.encode() in _environment(name)
    ]
    assert left == []


def _environment(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "environ").read_bytes()
    except OSError:
        return b""


def test_every_attack_is_tried(hostile: Path) -> None:
    """The list above is the list that the program knows."""
    done = subprocess.run([hostile], capture_output=True, text=True)
    assert tuple(done.stdout.split()) == ATTACKS


@pytest.mark.parametrize(
    "level, abi, named, shut",
    [
        (Level.NAMESPACES, 0, "", "open"),
        (Level.UID, 0, "what everybody may write", "the user's"),
        (Level.UID, 7, "everybody's Unix sockets", "TCP"),
        (Level.LIMITS, 2, "truncating the user's files, TCP, signals", "processes"),
        (Level.LIMITS, 5, "signals, abstract sockets", "TCP"),
        (Level.LIMITS, 7, "(session bus, ssh-agent, tmux), UDP", "signals"),
    ],
)
def test_what_is_open_is_named(level: Level, abi: int, named: str, shut: str) -> None:
    """What a level does not keep apart depends on the kernel's Landlock."""
    words = "; ".join(what_is_open(level, abi))
    assert named in words and shut not in words


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """What the box would have started; nothing is."""
    plans: list[Plan] = []
    monkeypatch.setattr("grader.box.Process", plans.append)
    return plans


def test_only_what_overran_is_shortened(plans: list[Plan], tmp_path: Path) -> None:
    """Programs that hang make no build and no slow tool's time shorter."""
    box = Box(Level.NAMESPACES, "", (), tmp_path)
    build = {"limits": Limits(wall=120.0), "writable": (tmp_path / "build",)}
    (tmp_path / "build").mkdir()
    kinds: tuple[dict[str, Any], ...] = ({}, {"limits": Limits(wall=600.0)}, build)
    for kind in (*kinds[1:] * 3, *kinds, *kinds[:1] * 2, *kinds):
        box.spawn(["/bin/true"], **kind)
        plans[-1].release("wall time")
    walls = [plan.limits.wall for plan in plans]
    assert walls[:9] == [*(600.0, 120.0) * 3, 30.0, 600.0, 120.0]
    assert walls[9:] == [30.0, 30.0, 6.0, 600.0, 120.0]


def test_an_overloaded_machine_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No weaker level, and no word of what is not permitted here."""

    def late(box: Box) -> None:
        raise BoxLate("try again")

    monkeypatch.setattr("grader.box._probe", late)
    with pytest.raises(BoxLate):
        open_box("auto", (), tmp_path)
    lab = load_lab(LABS / "02-static-dynamic")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(CannotCheck) as caught:
        with bench.open_bench(lab, tmp_path / "nothing", Student(), "auto"):
            pass
    assert caught.value.cause is Cause.GRADER
