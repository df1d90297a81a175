# SPDX-License-Identifier: MIT
"""Lab 02: its transcripts, its answers, its programs, and who may not pass."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.cases import assemble_solution
from grader.checks.evidence_02 import BOARD_BYTES, OBSERVATIONS, QUESTIONS
from grader.checks.linkage_02 import HOW, offence_of
from grader.checks.pause_02 import KIB
from grader.judge.bench import Bench, open_bench
from grader.judge.evidence import FOLDER, split
from grader.lab import LABS, ROOT, SOLUTIONS, load_lab
from grader.observers import Malformed, strace
from grader.tests.observed import need
from grader.variant import Student

LAB = load_lab(LABS / "02-static-dynamic")
SOLUTION = SOLUTIONS / LAB.id
VALID = {observation.name: observation.valid for observation in OBSERVATIONS}
MAKE = {observation.name: observation.make for observation in OBSERVATIONS}
PIE, STATIC = "pause-dynamic-pie.txt", "pause-static.txt"


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a careful student hands in, made on this machine."""
    folder = tmp_path_factory.mktemp("entry")
    assemble_solution(LAB, folder / LAB.id, Student())
    return folder


@pytest.fixture(scope="module")
def bench(entry: Path) -> Iterator[Bench]:
    """The solution, built."""
    with open_bench(LAB, entry / LAB.id, Student(), "auto") as bench:
        yield bench


def transcript(entry: Path, name: str) -> str:
    """The body of one of the entry's transcripts."""
    text = (entry / LAB.id / FOLDER / name).read_text(errors="surrogateescape")
    return split(text)[1]


def test_its_own_transcripts_are_valid(entry: Path, bench: Bench) -> None:
    """What make observe writes is believed"""
    for name, valid in VALID.items():
        valid(transcript(entry, name), bench)


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "reason"),
    [
        ("size.txt", r"(?<=\n) *\d+(?=\t.*hello-static$)", "1", "add up"),
        ("size.txt", r"\n.*hello-dynamic(?=\n)", "", "3 programs"),
        ("size.txt", r"\S+hello-static-pie$", "build/hello-dynamic", "2 rows"),
        ("size.txt", r"^\$ size ", "$ wc ", "0 times"),
        ("segments.txt", "type is DYN", "type is EXEC", "not of type DYN"),
        ("segments.txt", r" \.bss ?$", "", "no .bss"),
        (PIE, "hello-dynamic-pie 256$", "hello-dynamic-pie 512", "0 times"),
        (PIE, "^code .*\n", "", "where code"),
        (PIE, "^years .*$", r"\g<0>\n\g<0>", "where code"),
        (PIE, r"^(code +0x).*$", r"\g<1>1234", "no mapping holds code"),
        (PIE, "/build/hello-dynamic-pie$", "/bin/hello", "not lie in hello"),
        (PIE, r"^.*/(libc|ld-)[^/\n]*\n", "", "0 libraries"),
        (PIE, r" r-xp(?=.*hello)", " rwxp", "code lies in a mapping with rwxp"),
        (PIE, r" rw-p(?=.*hello)", " r--p", "years lies in a mapping with r--p"),
        (PIE, r"\[heap\]", "", r"card does not lie in \[heap"),
        (PIE, r"000-(\w+)000 (?=.*\[stack\])", r"000-\g<1>800 ", "cuts a page"),
        (PIE, r"^ *\d+( +\d+)\n\Z", r" 4096\1\n", "VSZ 4096 KiB is not"),
        (PIE, r"(\d+) +\d+\n\Z", r"\1 \g<1>0\n", "not that of this hello"),
        (PIE, r"(\d+) +\d+\n\Z", r"\1 1023\n", "not a number of pages"),
        (PIE, "VSZ   RSS", "VSZ", "VSZ and RSS"),
        (STATIC, "/build/hello-static$", "/build/hello-dynamic", "not lie in hello"),
        ("strace-static.txt", "^execve.*\n", "", "does not begin"),
        ("strace-static.txt", "hello-static 256$", "hello-static 512", "0 times"),
        ("strace-static.txt", "exited with 0", "exited with 1", "does not end"),
        ("strace-static.txt", '"Hello from', '"Hallo from', "not hello's greeting"),
        ("strace-static.txt", r"^write\(1.*\n", "", "no write"),
        ("strace-static.txt", "^brk", 'open("/x", 0) = 3\nbrk', "opened"),
        ("strace-dynamic-pie.txt", "^open.*\n", "", "opened 0"),
        ("strace-dynamic-pie.txt", "^mmap.*PROT_EXEC.*\n", "", "libc|library's code"),
        ("strace-dynamic-pie.txt", "^mprotect.*\n", "", "right to write"),
        ("strace-dynamic-pie.txt", "^mmap.*", "mmap(", "line"),
        ("moves.txt", r"^static  .* 7 .*\n", "", "not 20 runs"),
        ("moves.txt", r"^kind .*\n", "", "no head"),
        ("moves.txt", r"^(static +7 +)0x(.*)", r"\g<1>0x1\2", "linked so|moves"),
        ("moves.txt", r"^(static-pie +7 +0x)", r"\g<1>1", "stdout moves without"),
        ("moves.txt", r"^(dynamic-pie +7 +\w+)\w ", r"\g<1>x ", "6 addresses"),
        ("moves.txt", r"^(dynamic-pie +7 +\w+)\w\w\w ", r"\g<1>fff ", "within a page"),
        ("moves.txt", r"0x\w+ *$", "", "6 addresses"),
    ],
)
def test_an_edited_transcript_is_not_believed(
    entry: Path, bench: Bench, name: str, pattern: str, replacement: str, reason: str
) -> None:
    """Edits that a student might try break what is known of the whole text"""
    honest = transcript(entry, name)
    edited = re.sub(pattern, replacement, honest, flags=re.MULTILINE)
    assert edited != honest, "the edit has to change something"
    with pytest.raises(Malformed, match=reason):
        VALID[name](edited, bench)


def test_no_mapping_can_be_left_out(entry: Path, bench: Bench) -> None:
    """Whichever line of the maps is taken away, the sum or a part tells"""
    honest = transcript(entry, PIE).splitlines(keepends=True)
    mappings = [i for i, line in enumerate(honest) if re.match("[0-9a-f]+-", line)]
    assert len(mappings) > 10
    for index in mappings:
        if "[vsyscall]" in honest[index]:
            continue
        with pytest.raises(Malformed):
            VALID[PIE]("".join(honest[:index] + honest[index + 1 :]), bench)


def test_stable_values_do_not_change(bench: Bench) -> None:
    """What the judge compares between two runs is the same in all of them"""
    for question in QUESTIONS:
        if question.stable:
            make = MAKE[question.source]
            values = {question.truth(make(bench), bench.variant) for _ in range(4)}
            assert len(values) == 1, question.key


def test_every_question_is_asked_and_answered(entry: Path) -> None:
    """answers.toml, answers.sh and the checks name the same keys"""
    keys = [question.key for question in QUESTIONS]
    for path in (LAB.folder / "answers.toml", entry / LAB.id / "answers.toml"):
        answers = path.read_text().partition("[answers]")[2]
        assert re.findall(r"^(\w+) = ", answers, re.MULTILINE) == keys


def test_swapped_answers_fail_where_they_are_swapped(
    entry: Path, tmp_path: Path
) -> None:
    """Two right numbers in each other's place are two wrong answers"""
    shutil.copytree(entry, tmp_path / "swapped")
    path = tmp_path / "swapped" / LAB.id / "answers.toml"
    text = path.read_text().replace("calls_dynamic_pie", "x")
    text = text.replace("\ncalls_static = ", "\ncalls_dynamic_pie = ", 2)
    text = text.replace("\nx = ", "\ncalls_static = ")
    path.write_text(text)
    assert failed(tmp_path / "swapped") == {"calls_dynamic_pie", "calls_static"}


def failed(submission: Path) -> set[str]:
    """The checks that a submission does not pass."""
    target = submission.with_suffix(".json")
    main = [sys.executable, "-I", str(ROOT / "grader" / "__main__.py"), "check"]
    options = ["--lab", LAB.id, "--submission", str(submission)]
    subprocess.run([*main, *options, "--quiet", "--json", str(target)], check=False)
    checks = json.loads(target.read_text())["checks"]
    return {check["id"] for check in checks if check["outcome"] != "pass"}


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ('openat(AT_FDCWD, "/proc/self/maps", O_RDONLY) = 3', True),
        ('open("/proc/4711/smaps", O_RDONLY) = 3', True),
        ('openat(AT_FDCWD, "/proc/thread-self/maps", O_RDONLY) = 3', True),
        ('newfstatat(3, "", {st_mode=S_IFREG|0444, ...}, AT_EMPTY_PATH) = 0', True),
        ('openat(AT_FDCWD, "/etc/localtime", O_RDONLY) = -1 ENOENT (None)', True),
        ('read(3, "/proc/self/exe", 14) = 14', True),
        ('readlink("/proc/self/exe", "/x", 4096) = 2', False),
        ('openat(AT_FDCWD, "/proc/self/auxv", O_RDONLY) = 3', False),
        ('openat(AT_FDCWD, "/proc/self/../self/exe", O_RDONLY) = 3', False),
        ('openat(AT_FDCWD, "/proc/self", O_PATH) = 3', False),
        ('openat(AT_FDCWD, "//proc/self/exe", O_RDONLY) = 3', False),
        ('openat(3, "exe", O_RDONLY) = 4', False),
        ('openat(AT_FDCWD, "/box/program", O_RDONLY) = 3', False),
        ('openat(AT_FDCWD, "/box/../box/program", O_RDONLY) = 3', False),
        ('stat("/proc/self/map_files", {st_mode=S_IFDIR, ...}) = 0', False),
        ('symlink("/proc/self/exe", "/tmp/x") = 0', False),
        ('execve("/usr/bin/readelf", ["readelf"], 0x7ffc /* 1 var */) = 0', False),
        ("prctl(PR_GET_AUXV, 0x7ffc, 4096, 0, 0) = 320", False),
    ],
)
def test_what_linkage_may_ask_for(line: str, allowed: bool) -> None:
    """Its own maps, and files that say nothing about it"""
    (call,) = strace.parse(line).calls
    assert (offence_of(call, Path("/box/program")) is None) == allowed


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("source", [SOLUTION, LAB.folder], ids=["solution", "skeleton"])
def test_builds_without_a_warning(tmp_path: Path, source: Path, compiler: str) -> None:
    """Solution and skeleton, with our own CI's -Werror"""
    need(compiler)
    shutil.copytree(ROOT / "support", tmp_path / "support")
    folder = tmp_path / "labs" / LAB.id
    unmade = shutil.ignore_patterns("build", "observations")
    shutil.copytree(LAB.folder, folder, ignore=unmade)
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=unmade)
    done = subprocess.run(
        ["make", "-s", "-C", str(folder), f"CC={compiler}", "WERROR=1"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (folder / "build").glob("*-*")} == set(LAB.programs)


@pytest.mark.parametrize(
    "flags",
    [
        ["-Wl,-z,noseparate-code"],
        ["-Wl,-z,now", "-Wl,-z,norelro"],
        ["-O2", "-s"],
        ["-Wl,-z,max-page-size=65536"],
    ],
    ids=" ".join,
)
def test_the_solution_is_right_however_it_is_linked(
    tmp_path: Path, flags: list[str]
) -> None:
    """Other layouts of the file, pages of 64 KiB, executable data, no stack limit"""
    maps = sorted(str(path) for path in (ROOT / "support").glob("maps*.c"))
    for kind, how in HOW.items():
        program = tmp_path / "linkage"
        subprocess.run(
            ["cc", "-std=c11", "-D_GNU_SOURCE", "-fPIE", how, *flags]
            + ["-I", str(ROOT / "support"), str(SOLUTION / "linkage.c"), *maps]
            + ["-o", str(program)],
            check=True,
        )
        for before in ("", "setarch -X ", "ulimit -s unlimited; "):
            command = f"{before}{program}"
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
            assert done.stdout == f"{kind}\n", (command, done.stderr)


def test_numbers_of_hello_are_those_of_the_checks() -> None:
    """hello.c's array is as large as the check says"""
    source = (SOLUTION / "hello.c").read_text()
    found = re.search(r"\bBOARD_KIB = (\d+)", source)
    assert found and int(found[1]) * KIB == BOARD_BYTES
    default = re.search(r"\bNOTES_KIB = (\d+)", source)
    assert default and int(default[1]) == LAB.parameters["notes_kib"].default
