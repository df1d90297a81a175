# SPDX-License-Identifier: MIT
"""memview from outside: its faces against the input, pmap, a terminal, a browser."""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import select
import signal
import struct
import subprocess
import termios
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.slides import BROWSERS
from grader.tests.observed import need, need_terminal

SUPPORT = Path(__file__).resolve().parents[2] / "support"
MEMVIEW = SUPPORT / "build" / "memview"
PAGE = 4096
SECONDS = 60

# smaps's names for the numbers, and JSON's.
FIELDS = {
    "Rss": "resident",
    "Pss": "proportional",
    "Shared_Clean": "shared_clean",
    "Shared_Dirty": "shared_dirty",
    "Private_Clean": "private_clean",
    "Private_Dirty": "private_dirty",
    "Referenced": "referenced",
    "Anonymous": "anonymous",
    "LazyFree": "lazy_free",
    "AnonHugePages": "huge",
    "Swap": "swapped",
    "SwapPss": "swapped_proportional",
    "Locked": "locked",
}
AREAS = {
    "text", "rodata", "relro", "data", "bss",
    "heap", "mapping", "library", "stack", "kernel's",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """memview is built, once."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    subprocess.run(
        ["make", "-s", "-C", str(SUPPORT), "memview"], env=environment, check=True
    )


def memview(*arguments: object, status: int = 0, **environment: str) -> str:
    """What memview prints, on stdout when it succeeds and else on stderr."""
    done = subprocess.run(
        [str(MEMVIEW), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", **environment},
    )
    assert done.returncode == status, done.stderr.decode()
    return (done.stderr if status else done.stdout).decode()


def entry(
    start: int,
    end: int,
    rights: str = "rw-p",
    name: str = "",
    inode: int = 0,
    **fields: int,
) -> str:
    """A mapping as smaps has it; the fields are in KiB."""
    line = f"{start:08x}-{end:08x} {rights} 00000000 00:00 {inode:<26} {name}\n"
    numbers = "".join(f"{key}: {value:8} kB\n" for key, value in fields.items())
    return f"{line}Size: {(end - start) // 1024} kB\n{numbers}VmFlags: rd wr\n"


NAMES = st.text(
    st.characters(blacklist_characters="\0\n", blacklist_categories=["Cs"]),
    max_size=40,
).map(lambda name: name.lstrip(" ").replace("\\012", ""))
MAPPINGS = st.lists(
    st.tuples(
        st.integers(0, 50),  # pages of gap
        st.integers(1, 2000),  # pages
        st.sampled_from(["r--p", "r-xp", "rw-p", "---p", "rw-s", "rwxp"]),
        NAMES,
        st.integers(0, 3),
        st.fixed_dictionaries({field: st.integers(0, 1 << 30) for field in FIELDS}),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=30)  # each starts three programs
@given(MAPPINGS)
def test_json_holds_every_mapping_once_in_order_with_every_number(
    tmp_path_factory: pytest.TempPathFactory, mappings: list[tuple[object, ...]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "property.smaps"
    text, expected, address = "", [], 0x1000
    totals = dict.fromkeys(FIELDS.values(), 0)
    for gap, pages, rights, name, inode, fields in mappings:
        assert isinstance(gap, int) and isinstance(pages, int)
        assert isinstance(name, str) and isinstance(fields, dict)
        assert isinstance(rights, str) and isinstance(inode, int)
        start = address + gap * PAGE
        address = start + pages * PAGE
        text += entry(start, address, rights, name, inode, **fields)
        for field, value in fields.items():
            totals[FIELDS[field]] += value * 1024
        deleted = len(name) > 10 and name.endswith(" (deleted)")
        expected.append(
            {
                "start": f"{start:x}",
                "end": f"{address:x}",
                "size": pages * PAGE,
                "rights": rights,
                "inode": inode,
                "deleted": deleted,
                "name": name.removesuffix(" (deleted)") if deleted else name,
                **{FIELDS[f]: value * 1024 for f, value in fields.items()},
            }
        )
    path.write_text(text)

    [step] = json.loads(memview("--json", path))["steps"]

    actual = [{key: m[key] for key in expected[0]} for m in step["mappings"]]
    assert actual == expected
    assert {m["area"] for m in step["mappings"]} <= AREAS
    pages_in_all = sum(int(str(m["size"])) for m in expected)
    assert step["totals"]["mappings"] == len(expected)
    assert step["totals"]["size"] == pages_in_all
    assert {field: step["totals"][field] for field in totals} == totals
    ElementTree.fromstring(memview("--svg", path))
    for line in memview(path).splitlines():
        assert columns(line) <= 80


def columns(line: str) -> int:
    """How many columns of a terminal the line takes at most."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line)


def test_json_says_what_changed(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_text(
        entry(0x1000, 0x3000, "rw-p", "[heap]", Rss=8)
        + entry(0x8000, 0x9000, Rss=4)
        + entry(0x10000, 0x20000, Rss=0)
        + entry(0x30000, 0x38000)
        + entry(0x40000, 0x41000)
    )
    after.write_text(
        entry(0x1000, 0x6000, "rw-p", "[heap]", Rss=8)
        + entry(0x10000, 0x20000, Rss=12)
        + entry(0x30000, 0x34000)
        + entry(0x40000, 0x41000, "r--p")
        + entry(0x50000, 0x51000, "r--s", "/file", 7)
    )
    steps = json.loads(memview("--json", before, after))["steps"]
    assert steps[0]["changes"] == []
    assert steps[1]["changes"] == [
        {"change": "GREW", "before": 0, "after": 0},
        {"change": "GONE", "before": 1, "after": None},
        {"change": "", "before": 2, "after": 1},
        {"change": "SHRANK", "before": 3, "after": 2},
        {"change": "", "before": 4, "after": 3, "rights_before": "rw-p"},
        {"change": "NEW", "before": None, "after": 4},
    ]
    shown = memview(before, after)
    for words in (
        "GREW +12 KiB", "GONE -4 KiB, RAM -4 KiB", "RAM +12 KiB", "SHRANK -16 KiB",
        "RIGHTS rw-p to r--p", "NEW +4 KiB", "28 KiB unmapped", "→",
    ):  # fmt: skip
        assert words in shown


READY = "ready\n"
PROGRAMS: dict[str, tuple[list[str], str]] = {
    # What to run, and what to send to it; then it says "ready" and waits.
    "bash": (["bash", "-c", "echo ready; read"], ""),
    "sh": (["sh", "-c", "echo ready; read x"], ""),
    "python3": (["python3", "-uc", "print('ready'); input()"], ""),
    "perl": (["perl", "-e", "$| = 1; print qq(ready\n); <>"], ""),
    "cat": (["cat"], READY),
    "tee": (["tee"], READY),
    "sed": (["sed", "-u", "s/x/y/"], READY),
    "grep": (["grep", "--line-buffered", "ready"], READY),
    "awk": (["awk", 'BEGIN { print "ready"; fflush(); getline }'], ""),
    "dd": (["dd", "bs=1", "status=none"], READY),
    "gdb": (["gdb", "-q", "-nx"], "echo ready\\n\n"),
    "valgrind": (["valgrind", "-q", "--tool=none", "cat"], READY),
    "node": (["node", "-e", "console.log('ready'); process.stdin.resume()"], ""),
}


@pytest.fixture
def stopped() -> Iterator[Callable[[str], int]]:
    """Starts one of PROGRAMS and stops it when it is ready; its process."""
    running: list[subprocess.Popen[str]] = []

    def start(name: str) -> int:
        argv, text = PROGRAMS[name]
        need(argv[0])
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        assert process.stdin and process.stdout
        process.stdin.write(text)
        process.stdin.flush()
        while "ready" not in (line := process.stdout.readline()):
            assert line, f"{name} ended"
        process.send_signal(signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        return process.pid

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_mappings_sizes_and_rss_as_pmap(
    stopped: Callable[[str], int], name: str
) -> None:
    pid = stopped(name)
    report = subprocess.run(
        ["pmap", "-X", str(pid)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    header = report[1].split()
    expected = []
    for line in report[2:]:
        if line.lstrip().startswith("="):
            break
        row = dict(zip(header, line.split()))
        expected.append(
            (int(row["Address"], 16), row["Perm"], int(row["Size"]), int(row["Rss"]))
        )
    [step] = json.loads(memview("--json", pid))["steps"]
    actual = [
        (int(m["start"], 16), m["rights"], m["size"] // 1024, m["resident"] // 1024)
        for m in step["mappings"]
    ]
    assert actual == expected
    assert sum(row[3] for row in expected) * 1024 == step["totals"]["resident"]
    assert {"text", "stack"} <= {m["part"] for m in step["mappings"]}


def test_areas_follow_the_elf_file(stopped: Callable[[str], int]) -> None:
    pid = stopped("cat")
    [step] = json.loads(memview("--json", pid))["steps"]
    program = os.readlink(f"/proc/{pid}/exe")
    own = [m for m in step["mappings"] if m["name"] == program]
    assert all(m["area"] == m["part"] for m in own)
    assert {"text", "rodata", "relro", "data"} == {m["area"] for m in own}
    [text] = [m for m in own if m["area"] == "text"]
    assert text["rights"] == "r-xp"
    [relro] = [m for m in own if m["area"] == "relro"]
    assert relro["rights"] == "r--p" and relro["anonymous"] > 0
    libraries = [m for m in step["mappings"] if m["area"] == "library"]
    assert any("libc" in m["name"] for m in libraries)
    assert not any(m["name"] == program for m in libraries)
    folded, unfolded = memview(pid), memview("--unfold", pid)
    assert len(unfolded.splitlines()) > len(folded.splitlines())
    assert re.search(r" ×\d+ +library ", folded)


HOSTILE = "/\x1b[2J\x9b31m</text><script>alert(1)</script>&\"'\udcff\u202e\t" + "x" * 4000


def hostile_file(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.smaps"
    text = entry(0x1000, 0x2000, name=HOSTILE) + entry(0x3000, 0x4000, name=HOSTILE)
    path.write_bytes(text.encode(errors="surrogateescape"))
    return path


def test_hostile_names_are_data(tmp_path: Path) -> None:
    path = hostile_file(tmp_path)
    for face in ("--unfold", "--svg", "--html", "--json"):
        shown = memview(face, path)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
        assert "\u202e" not in shown
        assert "<script>alert" not in shown
    [step] = json.loads(memview("--json", path))["steps"]
    assert step["mappings"][0]["name"] == HOSTILE
    picture = ElementTree.fromstring(memview("--svg", path))
    assert not picture.findall(".//{*}script")
    assert any("\\x1b[2J" in (t.text or "") for t in picture.iter() if "title" in t.tag)
    assert "\\u{202e}" in memview("--svg", path)


def on_terminal(
    arguments: list[str], width: int, keys: bytes = b"", wait: bytes = b"", **env: str
) -> tuple[str, int, list[int]]:
    """
    What memview writes to a terminal, its status, and the terminal's local
    modes afterwards. The keys are sent once it has written what to wait for.
    """
    master, slave = need_terminal()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    process = subprocess.Popen(
        [str(MEMVIEW), *arguments],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "TERM": "xterm-256color", **env},
    )  # fmt: skip
    shown, sent = b"", not keys
    while process.poll() is None or select.select([master], [], [], 0)[0]:
        if select.select([master], [], [], 0.05)[0]:
            shown += os.read(master, 65536)
        if not sent and wait in shown:
            os.write(master, keys)
            sent = True
    modes = [int(m) for m in termios.tcgetattr(slave)[:4]]
    os.close(slave)
    os.close(master)
    return shown.decode(), process.returncode, modes


def without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_terminal_is_used_to_its_width_and_no_further(
    stopped: Callable[[str], int], tmp_path: Path
) -> None:
    pid = str(stopped("python3"))
    path = tmp_path / "long.maps"
    path.write_text(f"1000-2000 r--p 00000000 00:00 1 /{'x' * 300}\n")
    for width in (80, 132, 200):
        for subject in (pid, str(path)):
            shown, status, _ = on_terminal([subject], width)
            lines = [columns(line) for line in without_colours(shown).splitlines()]
            assert status == 0 and "\x1b[" in shown
            assert max(lines) <= width
        assert max(lines) == width
    assert "\x1b" not in on_terminal([pid], 80, NO_COLOR="1")[0]
    assert "\x1b" not in memview(pid)
    assert memview(pid, LANG="C").isascii()


def test_a_narrow_terminal_cuts_lines_while_it_is_taken(
    stopped: Callable[[str], int],
) -> None:
    shown, _, _ = on_terminal(["--live", str(stopped("cat"))], 20, b"q", b"quit")
    taken, _, rest = shown.partition("\x1b[?7l")
    assert "\x1b[?1049h" in taken and "address" not in taken
    assert "quit" not in rest.partition("\x1b[?7h")[2]


def test_tmux_shows_one_line_a_row(stopped: Callable[[str], int]) -> None:
    need("tmux")
    pid = stopped("cat")
    expected = memview(pid).splitlines()
    channel = f"shown-{os.getpid()}"
    command = f"{MEMVIEW} {pid}; tmux wait-for -S {channel}; cat"
    environment = {**os.environ, "LANG": "C.UTF-8"}
    for width in ("80", "200"):
        # A server each: one that is being killed takes no new session.
        server = ["tmux", "-L", f"memview-{os.getpid()}-{width}", "-f", "/dev/null"]
        subprocess.run(
            [*server, "-u", "new-session", "-d", "-x", width, "-y", "90", command],
            check=True, env=environment,
        )  # fmt: skip
        try:
            subprocess.run([*server, "wait-for", channel], check=True, timeout=SECONDS)
            pane = subprocess.run(
                [*server, "capture-pane", "-p"], check=True, capture_output=True
            ).stdout.decode()
        finally:
            subprocess.run([*server, "kill-server"])
        # A line that was too long would have made two.
        lines = pane.rstrip("\n").splitlines()
        assert len(lines) == len(expected)
        if width == "80":
            assert lines == [line.rstrip() for line in expected]


@pytest.mark.parametrize("end", [b"q", b"\x03", b"\x1c"])
def test_live_gives_the_terminal_back(
    stopped: Callable[[str], int], end: bytes
) -> None:
    pid = str(stopped("cat"))
    shown, status, modes = on_terminal(["--live", pid], 80, end, b"quit")
    assert shown.endswith("\x1b[0m\x1b[?25h\x1b[?1049l")
    assert modes[3] & termios.ICANON and modes[3] & termios.ECHO
    assert status == {b"q": 0, b"\x03": -signal.SIGINT, b"\x1c": -signal.SIGQUIT}[end]


def test_live_draws_nothing_while_nothing_changes(
    stopped: Callable[[str], int],
) -> None:
    pid = str(stopped("cat"))
    shown, _, _ = on_terminal(["--live", pid], 80, b"  xxxx  q", b"quit")
    # Each line once; the status line changes with each freeze.
    assert shown.count("[stack]") == 1


def test_live_keeps_the_last_state() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        assert process.stdin
        master, slave = need_terminal()
        viewer = subprocess.Popen(
            [str(MEMVIEW), "--live", str(process.pid)],
            stdin=slave, stdout=slave, stderr=slave,
            env={"LANG": "C.UTF-8", "TERM": "xterm"},
        )  # fmt: skip
        shown = b""
        while b"quit" not in shown:
            shown += os.read(master, 65536)
        process.stdin.close()
        process.wait()
        while b"ENDED" not in shown:
            shown += os.read(master, 65536)
        os.write(master, b"q")
        shown = b""
        while b"virtual" not in shown.rpartition(b"\x1b[?1049l")[2]:
            shown += os.read(master, 65536)
        assert viewer.wait(SECONDS) == 0
        assert b"[stack]" in shown.rpartition(b"\x1b[?1049l")[2]
        os.close(slave)
        os.close(master)


PAUSES = """
#include "pause.h"
#include <stdlib.h>
#include <string.h>

int main(void)
{
	char *memory;

	pause_at("at first");
	memory = malloc(8 << 20);
	pause_at("after malloc <8 MiB>");
	memset(memory, 1, 8 << 20);
	return pause_at("after memset");
}
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a program with three pauses."""
    folder = tmp_path_factory.mktemp("recording")
    (folder / "pauses.c").write_text(PAUSES)
    subprocess.run(
        ["gcc", "-D_GNU_SOURCE", f"-I{SUPPORT}", "-o", folder / "pauses",
         folder / "pauses.c", SUPPORT / "pause.c"],
        check=True,
    )  # fmt: skip
    said = memview("--record", folder / "steps", "--", folder / "pauses")
    assert "3 steps are in" in said
    return folder / "steps"


def test_a_recording_has_a_step_for_each_pause(recording: Path) -> None:
    steps = json.loads(memview("--json", recording))["steps"]
    assert [step["caption"] for step in steps] == [
        "at first",
        "after malloc <8 MiB>",
        "after memset",
    ]
    # The kernel may have made it a part of a mapping that was there.
    assert {c["change"] for c in steps[1]["changes"]} & {"NEW", "GREW"}
    assert 8 << 20 <= steps[1]["totals"]["size"] - steps[0]["totals"]["size"] < 9 << 20
    grown = steps[2]["totals"]["resident"] - steps[1]["totals"]["resident"]
    assert 8 << 20 <= grown < 9 << 20
    assert "not empty" in memview("--record", recording, "--", "true", status=1)


def test_a_recording_is_stepped_through(recording: Path) -> None:
    shown, status, _ = on_terminal(
        [str(recording)], 80, b"\x1b[C\x1b[C\x1b[Dq", b"step 1 of 3   "
    )
    assert status == 0
    steps = re.findall(r" step (\d) of 3   ", shown)
    assert steps == ["1", "2", "3", "2"]


def test_a_terminal_that_cannot_step_gets_every_step(recording: Path) -> None:
    shown, status, _ = on_terminal([str(recording)], 80, TERM="dumb")
    assert status == 0 and shown.startswith("process ")
    assert all(f"step {i} of 3" in shown for i in (1, 2, 3))


def test_the_picture_has_a_group_for_each_step(recording: Path) -> None:
    picture = ElementTree.fromstring(memview("--svg", recording))
    groups = picture.findall("{*}g")
    assert [group.get("data-step") for group in groups] == ["1", "2", "3"]
    assert groups[1].get("aria-label") == "after malloc <8 MiB>"
    assert "after memset: " in (picture.findtext("{*}desc") or "")
    page = memview("--html", recording)
    assert page.count("<section>") == 3
    urls = set(re.findall(r"https?://[^\"]+", page))
    assert urls == {"http://www.w3.org/2000/svg"}


def recorded(folder: Path, program: str) -> subprocess.CompletedProcess[bytes]:
    """memview --record of a Python program."""
    return subprocess.run(
        [MEMVIEW, "--record", folder, "--", "/usr/bin/python3", "-c", program],
        capture_output=True, timeout=SECONDS,
    )  # fmt: skip


PROMPT = "print(f'[{os.getpid()}] here: press Enter', flush=True); input()\n"


def test_what_a_recorded_program_prints_is_passed_on_whole(tmp_path: Path) -> None:
    program = "import os\nos.write(1, b'a\\0b\\n')\n" + PROMPT
    assert b"a\0b\n" in recorded(tmp_path / "steps", program).stdout


def test_a_recorded_program_may_print_a_line_without_end(tmp_path: Path) -> None:
    limit, length = 64 << 20, 100 << 20
    script = f'head -c {length} /dev/zero; echo; echo "[$$] here: press Enter"; read x'
    with subprocess.Popen(
        [MEMVIEW, "--record", tmp_path / "steps", "--", "sh", "-c", script],
        stdout=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    ) as process:
        assert process.stdout
        zeros = 0
        while piece := process.stdout.read(1 << 20):
            zeros += piece.count(0)
    assert process.returncode == 0 and zeros == length


def test_the_signal_that_ends_a_recorded_program_is_told(tmp_path: Path) -> None:
    program = "import os\n" + PROMPT + "os.kill(os.getpid(), 9)"
    done = recorded(tmp_path / "steps", program)
    assert done.returncode == 0 and b"1 step is in" in done.stdout
    assert b"ended by signal 9" in done.stderr


def test_a_process_that_has_ended_is_no_step(tmp_path: Path) -> None:
    program = (
        "import os\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(0)\n"
        "os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)\n"
        "print(f'[{child}] gone: press Enter')\n"
    )
    done = recorded(tmp_path / "steps", program + PROMPT)
    assert done.returncode == 0, done.stderr
    [step] = json.loads(memview("--json", tmp_path / "steps"))["steps"]
    assert step["caption"] == "here"


def test_closed_streams_are_not_what_a_recorded_program_gets(tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    subprocess.run(
        ["sh", "-c", 'exec "$0" --record "$1" -- python3 -c "$2" <&- >&- 2>&-',
         MEMVIEW, folder, "import os\n" + PROMPT],
        timeout=SECONDS, check=False,
    )  # fmt: skip
    [step] = json.loads(memview("--json", folder))["steps"]
    assert step["caption"] == "here"


def test_a_step_that_cannot_be_saved_ends_a_recording_with_a_message(
    tmp_path: Path,
) -> None:
    program = "print(flush=True)\ninput()\nm = bytearray(8 << 20)\ninput()"
    folder = tmp_path / "steps"
    with subprocess.Popen(
        ["/usr/bin/python3", "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout
        process.stdout.readline()
        recorder = subprocess.Popen(
            [MEMVIEW, "--record", folder, str(process.pid)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert recorder.stdout and recorder.stdout.readline().startswith(b"step 1: ")
        (folder / "002.txt").write_text("mine")
        process.stdin.write(b"\n")
        process.stdin.flush()
        _, said = recorder.communicate(timeout=SECONDS)
        process.communicate(b"\n")
    assert recorder.returncode == 1 and str(folder).encode() in said
    assert (folder / "002.txt").read_text() == "mine"


OUTSIDE = """<script>
const bad = [];
const overlap = (a, b) => a.x < b.x + b.width - .5 && b.x < a.x + a.width - .5 &&
	a.y < b.y + b.height - 6 && b.y < a.y + a.height - 6;
document.querySelectorAll('section').forEach(s => s.hidden = false);
for (const svg of document.querySelectorAll('svg')) {
	const box = svg.viewBox.baseVal;
	const texts = [...svg.querySelectorAll('text')].map(t => [t, t.getBBox()]);
	texts.forEach(([t, b], i) => {
		if (b.x < 0 || b.y < 0 || b.x + b.width > box.width ||
		    b.y + b.height > box.height)
			bad.push('outside: ' + t.textContent);
		for (const [u, c] of texts.slice(i + 1, i + 12))
			if (overlap(b, c))
				bad.push(`on another: ${t.textContent} / ${u.textContent}`);
	});
}
document.title = 'texts:' + document.querySelectorAll('svg text').length +
	' bad:' + JSON.stringify(bad) + ';';
</script>"""


def test_no_text_leaves_its_box(recording: Path, tmp_path: Path) -> None:
    browser = need(*BROWSERS)
    wide = tmp_path / "wide.smaps"
    names = ["W" * 300, "字" * 99, "🐈" * 99, "ﷺ" * 50, "é" * 300, "/a/b/" + "m" * 200]
    wide.write_text(
        "".join(
            entry(0x7FFFF0000000 + i * 0x10000000, 0x7FFFFFFFF000 + i * 0x10000000,
                  name=name, inode=i, Rss=200 << 10)
            for i, name in enumerate(names)
        )
    )  # fmt: skip
    page = memview("--html", recording) + memview("--html", wide) + OUTSIDE
    (tmp_path / "page.html").write_text(page)
    report = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}",
         "--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True, text=True, timeout=300,
    ).stdout  # fmt: skip
    found = re.search(r"<title>texts:(\d+) bad:(.*?);</title>", report)
    assert found, report[:500]
    assert int(found[1]) > 100
    assert found[2] == "[]"


def test_five_thousand_mappings_make_a_picture_of_sensible_size(
    tmp_path: Path,
) -> None:
    path = tmp_path / "many.smaps"
    path.write_text(
        "".join(
            entry(0x10000 + i * 0x2000, 0x11000 + i * 0x2000, "rw-p", f"/f{i % 7}", i)
            for i in range(5000)
        )
    )
    picture = ElementTree.fromstring(memview("--svg", path))
    assert int(picture.get("height") or 0) < 6000
    assert "5000 mappings" in (picture.findtext("{*}desc") or "")
    assert len(memview(path).splitlines()) < 500
    assert len(memview("--unfold", path).splitlines()) > 5000


def test_pages_show_what_a_child_copies() -> None:
    program = (
        "import ctypes, mmap, os, sys\n"
        "m = mmap.mmap(-1, 16 * mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
        "if hasattr(mmap, 'MADV_NOHUGEPAGE'): m.madvise(mmap.MADV_NOHUGEPAGE)\n"
        "def write(*pages):\n"
        "    for page in pages: m[page * mmap.PAGESIZE] = 1\n"
        "write(*range(10))\n"
        "at = ctypes.addressof(ctypes.c_char.from_buffer(m))\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    write(2, 3)\n"
        "    print(os.getpid(), hex(at), flush=True)\n"
        "sys.stdin.read() if child else input()\n"
    )
    process = subprocess.Popen(
        ["/usr/bin/python3", "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdin and process.stdout
        child, address = process.stdout.readline().split()
        length = 16 * os.sysconf("SC_PAGESIZE")
        shown = memview("--pages", f"{address},{length}", process.pid, child)
    finally:
        process.communicate("\n")
    assert "SSXXSSSSSS......" in shown
    # Both have a page of their own where the child wrote.
    assert shown.count("SSXXSSSSSS......") == 2
    assert re.search(rf"process {child}: 6 not in RAM, 2 exclusive, 8 shared", shown)


def test_pages_are_all_that_the_range_touches() -> None:
    page, pid = os.sysconf("SC_PAGESIZE"), os.getpid()

    def counted(range_: str) -> int:
        said = memview("--pages", range_, pid)
        [line] = [line for line in said.splitlines() if line.startswith("process ")]
        return sum(map(int, re.findall(r"(\d+) [a-z]", line.partition(":")[2])))

    assert counted(f"{16 * page:x},{page}") == 1
    assert counted(f"{16 * page + page // 2:x},{page}") == 2
    assert counted(f"{16 * page:x},{65536 * page}") == 65536
    for start, length in ((16 * page, 65536 * page + 1), (17 * page - 1, 65536 * page)):
        said = memview("--pages", f"{start:x},{length}", pid, status=1)
        assert "more than 65536 pages" in said
    assert "more than" in memview("--pages", f"{page:x},{2**64 - 1}", pid, status=1)


def test_as_many_processes_as_fit_into_80_columns() -> None:
    pids = [os.getpid()] * 6
    shown = memview("--pages", "10000,1M", *pids, COLUMNS="80")
    assert max(map(len, shown.splitlines())) <= 80
    assert "no more than 6" in memview("--pages", "10000,1M", *pids, 1, status=1)


def test_help_names_every_option_in_80_columns() -> None:
    text = memview("--help")
    source = (SUPPORT / "memview" / "memview.c").read_text()
    options = re.findall(r'{ "([a-z]+)", (?:no|required)_argument', source)
    assert len(options) > 7
    for words in [f"--{option}" for option in options] + ["memview FOLDER"]:
        assert words in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("face", ["--help", "--json", "--pages", "--record"])
def test_what_cannot_be_printed_is_told(face: str, tmp_path: Path) -> None:
    arguments: dict[str, list[str]] = {
        "--help": [],
        "--json": [str(os.getpid())],
        "--pages": ["10000,4K", str(os.getpid())],
        "--record": [str(tmp_path / "steps"), "/usr/bin/python3", "-c",
                     "import os\n" + PROMPT],
    }  # fmt: skip
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [MEMVIEW, face, *arguments[face]], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 1 and done.stderr.startswith(b"memview: ")


def test_bad_input_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "cut").write_text(entry(0x1000, 0x2000)[:40])
    (tmp_path / "zero").write_bytes(b"\0" * 100)
    (tmp_path / "folder").mkdir()
    for name, words in {
        "empty": "is empty: copy it again",
        "cut": "line 1: .* not a copy of /proc/PID",
        "zero": "line 1: .* not a copy of /proc/PID",
        "folder": "memview --record makes one",
        "missing": "No such file",
    }.items():
        complaint = memview(tmp_path / name, status=1)
        assert re.search(f"{name}: .*{words}", complaint), complaint
    assert "no process 2147483647" in memview(2147483647, status=1)
    assert "needs a terminal" in memview("--live", os.getpid(), status=1)
    assert "expected an address" in memview("--pages", "xyz", os.getpid(), status=1)
    assert "memview PID" in memview(status=2)
    assert "memview PID" in memview("--nonsense", status=2)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([MEMVIEW, str(os.getpid())], stdout=full, stderr=-1)
    assert done.returncode == 1 and b"No space left" in done.stderr
