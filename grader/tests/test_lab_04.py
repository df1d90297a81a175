# SPDX-License-Identifier: MIT
"""Lab 04: its transcripts, its answers, its programs, and what the judge measures."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cases import assemble_solution
from grader.checks import evidence_04, memory_04
from grader.checks.evidence_04 import OBSERVATIONS, QUESTIONS
from grader.checks.memory_04 import KIB, PAGE, Memory, Policy, Walk, mapped_bytes
from grader.judge.api import CheckFailure
from grader.judge.bench import PROBES, Bench, open_bench
from grader.judge.evidence import FOLDER, split
from grader.lab import LABS, ROOT, SOLUTIONS, load_lab
from grader.observers import Malformed, maps
from grader.tests.observed import need
from grader.variant import Student

LAB = load_lab(LABS / "04-alloc-size")
SOLUTION = SOLUTIONS / LAB.id
VALID = {observation.name: observation.valid for observation in OBSERVATIONS}
MAKE = {observation.name: observation.make for observation in OBSERVATIONS}
LABELS = (*memory_04.ALLOC, *memory_04.RISE, *memory_04.TRIM)


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


# The transcripts


def transcript(entry: Path, name: str) -> str:
    """The body of one of the entry's transcripts."""
    text = (entry / LAB.id / FOLDER / name).read_text(errors="surrogateescape")
    return split(text)[1]


def test_its_own_transcripts_are_valid(entry: Path, bench: Bench) -> None:
    """What make observe writes is believed"""
    for name, valid in VALID.items():
        valid(transcript(entry, name), bench)


_SMALL, _LARGE, _TRIM = "pmap-small.txt", "pmap-large.txt", "pmap-trim.txt"


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "reason"),
    [
        (_SMALL, r"^\$ build/alloc_size 48 20$", "$ build/alloc_size 52 20", "0 times"),
        (_SMALL, r"^(\d+: +build/alloc_size) 48 20", r"\1 52 20", "not of `build"),
        (_SMALL, r"^\$ pmap PID   # after free\n", "", "0 times"),
        (_SMALL, r"(\d+)K( rw-.*\[ anon \])", r"7\1K\2", "total is not|overlaps"),
        (_SMALL, r"(?<=total) +\d+K", " 4096K", "total is not the sum"),
        (_SMALL, r"^.*\[heap\]\n", "", "not show the mappings"),
        (_SMALL, r"^(\w+)-\w+ (?=.*\[stack\]$)", r"\1-7fffffffffff ", "not show"),
        (_SMALL, r"^[0-9a-f]+-.*\n", "", "empty"),
        (_SMALL, r"\[heap\]$", "[anon:heap]", "no run of a finished"),
        (_LARGE, r"after allocation$", "after a", "0 times"),
        (_TRIM, r"# all freed$", "# all but the top freed", "0 times|2 times"),
        ("strace-small.txt", "^execve.*\n", "", "does not begin"),
        ("strace-small.txt", "exited with 0", "exited with 1", "exit status 0"),
        ("strace-small.txt", r"^brk\(0x.*\n", "", "does not make room"),
        ("strace-small.txt", r"^write\(1, .* after free.*\n", "", "0 writes"),
        ("strace-large.txt", r"^mmap\(NULL, \d+, .*ANON.*\n", "", "0 different"),
        ("strace-large.txt", r"^munmap.*\n(?=getpid)", "", "not all"),
        ("strace-large.txt", "alloc_size 256 8$", "alloc_size 288 8", "0 times"),
        ("ltrace-small.txt", r"^.*free\(0x.*\n", "", "allocated and freed"),
        ("ltrace-small.txt", r"malloc\(49152\)", "malloc(49153)", "not 20 blocks"),
        ("ltrace-small.txt", r"^.*exited.*", "malloc(", "line"),
        ("threshold.txt", r"^\d+$", "none", "prints no number"),
        ("threshold.txt", r"^\d+$", "131049", "not follow"),
        ("threshold.txt", r"^\$ build/threshold$", "$ true", "0 times"),
        ("pmap-rise.txt", "rise 600$", "rise 660", "0 times"),
        ("pmap-limit.txt", "rise 40960$", "rise 600", "0 times"),
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


def test_the_heap_is_the_row_that_maps_names(entry: Path, bench: Bench) -> None:
    """A .bss right below it, as without ASLR, is another row without a name"""
    text = transcript(entry, _SMALL)
    start = int(re.findall(r"^(\w+)-\w+ .*\[heap\]$", text, re.MULTILINE)[0], 16)
    bss = f"{start - 4096:016x}      4K rw---   [ anon ]\n"
    line = f"{start - 4096:x}-{start:x} rw-p 00000000 00:00 0 \n"
    edited = re.sub(rf"^(?=0*{start:x} +\d+K)", bss, text, flags=re.MULTILINE)
    edited = re.sub(r"^(?=.*\[heap\]$)", line, edited, flags=re.MULTILINE)
    edited = re.sub(r"(?<=total) +(\d+)K", lambda m: f" {int(m[1]) + 4}K", edited)
    assert edited.count(bss) == edited.count(line) == 3
    VALID[_SMALL](edited, bench)
    honest, other = (evidence_04._looks(memory_04.ALLOC, t) for t in (text, edited))
    assert [look.heap for look in other] == [look.heap for look in honest]


def test_stable_values_do_not_change(bench: Bench) -> None:
    """What the judge compares between two runs is the same in all of them"""
    for name in {question.source for question in QUESTIONS}:
        runs = [MAKE[name](bench) for _ in range(3)]
        for question in QUESTIONS:
            if question.source == name and question.stable:
                values = {question.truth(text, bench.variant) for text in runs}
                assert len(values) == 1, question.key


def test_every_question_is_asked_and_answered(entry: Path) -> None:
    """answers.toml, answers.sh and the checks name the same keys"""
    keys = [question.key for question in QUESTIONS]
    for path in (LAB.folder / "answers.toml", entry / LAB.id / "answers.toml"):
        table = tomllib.loads(path.read_text())
        assert list(table["answers"]) == keys
        assert set(table["predict"]) <= set(keys)
    handed_out = tomllib.loads((LAB.folder / "answers.toml").read_text())
    assert set(handed_out["answers"].values()) == {""}


RESTART = """
#include <stdlib.h>
#include <unistd.h>
__attribute__((constructor)) static void restart(int argc, char *argv[])
{
	if (argc && !unsetenv("LD_PRELOAD") && !getenv("AGAIN")) {
		setenv("AGAIN", "", 1);
		execv("/proc/self/exe", argv);
	}
}
"""


def test_a_program_that_drops_what_is_preloaded_fails(
    entry: Path, tmp_path: Path
) -> None:
    """Preloading works here, so it is no fault of the grader's"""
    shutil.copytree(entry / LAB.id, tmp_path / LAB.id)
    with (tmp_path / LAB.id / "alloc_size.c").open("a") as source:
        source.write(RESTART)
    argv = ["alloc_size", "48", "20"]
    with open_bench(LAB, tmp_path / LAB.id, Student(), "auto") as bench:
        with pytest.raises(CheckFailure, match="started itself"):
            memory_04.walk(bench, argv, memory_04.ALLOC, memory_04.no_trim())
        memory_04.walk(bench, argv, memory_04.ALLOC)


# The programs


def build(folder: Path, source: Path, compiler: str, *flags: str) -> Path:
    """Build the lab with the programs of `source`; the folder of the products."""
    need(compiler)
    shutil.copytree(ROOT / "support", folder / "support")
    lab = folder / "labs" / LAB.id
    unmade = shutil.ignore_patterns("build", "observations")
    shutil.copytree(LAB.folder, lab, ignore=unmade)
    shutil.copytree(source, lab, dirs_exist_ok=True, ignore=unmade)
    done = subprocess.run(
        ["make", "-s", "-C", str(lab), f"CC={compiler}", "WERROR=1", *flags],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return lab / "build"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("source", [SOLUTION, LAB.folder], ids=["solution", "skeleton"])
def test_builds_without_a_warning(tmp_path: Path, source: Path, compiler: str) -> None:
    """Solution and skeleton, with our own CI's -Werror"""
    products = build(tmp_path, source, compiler)
    assert all((products / name).is_file() for name in LAB.programs)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The solution's programs, and the judge's own `served`."""
    products = build(tmp_path_factory.mktemp("plain"), SOLUTION, "gcc")
    compile_probe(products / "served", "served.c")
    return products


def compile_probe(target: Path, source: str, *flags: str) -> Path:
    """Compile one of the judge's programs."""
    subprocess.run(
        ["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", *flags, str(PROBES / source)]
        + ["-o", str(target)],
        check=True,
    )
    return target


def says(program: Path, env: Mapping[str, str] = {}, before: str = "") -> str:
    """What a program prints; `before` is shell in front of it."""
    done = subprocess.run(
        ["sh", "-c", f'{before}"$0"', str(program)],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], **env},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def confirm(programs: Path, env: Mapping[str, str], answer: str) -> None:
    """Assert that malloc calls mmap for this request and not for a smaller one."""
    size = int(answer)
    served = subprocess.run(
        [str(programs / "served"), str(size), str(size - 1)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], **env},
        check=True,
    ).stdout.split()
    assert served == ["mmap", "mmap" if size == 1 else "brk"]


def tunables(**values: int) -> dict[str, str]:
    """The environment that sets these parameters of malloc."""
    words = [f"glibc.malloc.{name}={value}" for name, value in values.items()]
    return {"GLIBC_TUNABLES": ":".join(words)}


@settings(max_examples=40)
@given(st.integers(0, 24).flatmap(lambda bits: st.integers(0, 2 << bits)))
def test_threshold_is_what_malloc_does(programs: Path, value: int) -> None:
    """Two methods, one answer; it is the request whose chunk reaches the threshold"""
    env = tunables(mmap_threshold=value)
    answer = says(programs / "threshold", env)
    confirm(programs, env, answer)
    # A header of one word, and chunks of two words, four at least.
    word = 8
    chunk = max((int(answer) + word + 15) // 16 * 16, 4 * word)
    assert chunk >= value
    assert int(answer) == 1 or (int(answer) - 1 + word + 15) // 16 * 16 < value


@pytest.mark.parametrize(
    "env",
    [
        {},
        tunables(mmap_threshold=3000, top_pad=1 << 20),
        tunables(mmap_threshold=3000, top_pad=0, tcache_count=0),
        tunables(tcache_max=1 << 16),
        tunables(perturb=165),
        tunables(trim_threshold=0),
        tunables(arena_max=1),
        tunables(hugetlb=1),
    ],
    ids=lambda env: str(env).replace("glibc.malloc.", ""),
)
def test_threshold_under_other_tunables(programs: Path, env: dict[str, str]) -> None:
    """Whatever else is set, the answer is what malloc does"""
    confirm(programs, env, says(programs / "threshold", env))


@pytest.mark.parametrize(
    "env", [tunables(mmap_max=0), tunables(mmap_threshold=1 << 45)], ids=str
)
def test_threshold_says_none(programs: Path, env: dict[str, str]) -> None:
    """No mapping is allowed, or none below what malloc refuses"""
    assert says(programs / "threshold", env, "ulimit -v 4194304; ") == "none\n"


@pytest.mark.parametrize("before", ["setarch -R ", "ulimit -s unlimited; "])
def test_threshold_wherever_the_mappings_are(programs: Path, before: str) -> None:
    """Without ASLR, and with mappings that may lie below the heap"""
    if before.startswith("setarch"):
        probe = subprocess.run(["setarch", "-R", "true"], capture_output=True)
        if probe.returncode != 0:
            # A container's seccomp filter may refuse it; nothing replaces it.
            pytest.skip("personality(2) is not permitted here")
    for value in (100, 4096, 65536):
        env = tunables(mmap_threshold=value)
        confirm(programs, env, says(programs / "threshold", env, before))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("flags", ["-O2", "-O3 -flto"])
def test_no_compiler_drops_a_malloc(
    tmp_path: Path, programs: Path, compiler: str, flags: str
) -> None:
    """An optimised build shows the same"""
    if compiler == "clang" and "lto" in flags and not shutil.which("ld.lld"):
        flags = "-O3"
    products = build(tmp_path, SOLUTION, compiler, f"CFLAGS={flags}")
    for value in (100, 4096, 1 << 20):
        env = tunables(mmap_threshold=value)
        confirm(programs, env, says(products / "threshold", env))
    for argv in (["rise", "600"], ["trim", "40", "32"]):
        program = str(products / "dynamic")
        done = subprocess.run([program, *argv], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, check=True)
        addresses = [int(word, 16) for word in re.findall("0x[0-9a-f]+", done.stdout)]
        assert len(addresses) == (2 if argv[0] == "rise" else 1)
        assert argv[0] == "trim" or addresses[0] > addresses[1]


@pytest.mark.parametrize(
    "argv",
    [
        ["alloc_size"],
        ["alloc_size", "48"],
        ["alloc_size", "0", "1"],
        ["alloc_size", "1", "0"],
        ["alloc_size", "-1", "1"],
        ["alloc_size", "+1", "1"],
        ["alloc_size", " 1", "1"],
        ["alloc_size", "1x", "1"],
        ["alloc_size", "", "1"],
        ["alloc_size", "18014398509481984", "1"],  # 2^54 KiB: 2^64 bytes
        ["alloc_size", "1", "18446744073709551616"],  # 2^64
        ["dynamic"],
        ["dynamic", "rise"],
        ["dynamic", "rise", "1", "1"],
        ["dynamic", "trim", "1"],
        ["dynamic", "fall", "1"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_refused(programs: Path, argv: list[str]) -> None:
    """A usage line, exit status 1, and no prompt"""
    done = subprocess.run(
        [str(programs / argv[0]), *argv[1:]],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"usage: {argv[0]} ")


@pytest.mark.parametrize(
    "argv",
    [
        ["alloc_size", "65536", "64"],
        ["alloc_size", "1", "1152921504606846976"],  # its table: 2^63 bytes
        ["dynamic", "rise", "1048576"],
        ["dynamic", "trim", "65536", "64"],
    ],
    ids=" ".join,
)
def test_a_refused_malloc_ends_the_program(programs: Path, argv: list[str]) -> None:
    """It says why and ends with exit status 1"""
    done = subprocess.run(
        ["sh", "-c", 'ulimit -v 524288; "$0" "$@"', str(programs / argv[0]), *argv[1:]],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"{argv[0]}: ")


@pytest.mark.parametrize(
    "argv",
    [
        ["alloc_size", "48", "20"],
        ["alloc_size", "1048576", "64"],  # refused on the way
        ["dynamic", "rise", "600"],
        ["dynamic", "trim", "40", "32"],
        ["dynamic", "trim", "1048576", "64"],
    ],
    ids=" ".join,
)
def test_nothing_leaks(programs: Path, argv: list[str]) -> None:
    """valgrind finds no error, and no block in use at the end"""
    need("valgrind")
    done = subprocess.run(
        ["valgrind", "--command-line-only=yes", "--leak-check=full"]
        + ["--show-leak-kinds=all", "--errors-for-leak-kinds=all"]
        + ["--error-exitcode=99", str(programs / argv[0]), *argv[1:]],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode in (0, 1), done.stderr
    assert "no leaks are possible" in done.stderr


# What the judge makes of a process


def test_policy_sets_what_it_is_told(programs: Path, tmp_path: Path) -> None:
    """The preloaded library beats the environment"""
    value = 54321
    flags = ("-shared", "-fPIC", "-DPARAMETER=M_MMAP_THRESHOLD", f"-DVALUE={value}")
    library = compile_probe(tmp_path / "policy.so", "policy.c", *flags)
    env = {**tunables(mmap_threshold=1 << 20), "LD_PRELOAD": str(library)}
    answer = says(programs / "threshold", env)
    confirm(programs, env, answer)
    assert 0 <= value - int(answer) < 32


def test_memory_is_heap_and_nameless_mappings() -> None:
    """Neither the stack, nor files, nor what cannot be written counts"""
    text = (
        "1000-3000 rw-p 00000000 00:00 0    [heap]\n"
        "5000-6000 rw-p 00000000 00:00 0\n"
        "6000-7000 r--p 00000000 00:00 0\n"
        "7000-8000 rw-s 00000000 00:00 0\n"
        "8000-9000 rw-p 00000000 08:01 7    /lib/libc.so.6\n"
        "9000-a000 rw-p 00000000 00:00 0    [anon: glibc: malloc]\n"
        "b000-c000 rw-p 00000000 00:00 0    [stack]\n"
    )
    memory = memory_04.memory_of(maps.parse(text))
    assert memory == Memory(heap=0x2000, heap_end=0x3000, mapped=0x2000)


def test_shared_mappings_are_told_from_own_ones() -> None:
    """Blocks in one mapping take fewer pages than blocks with one each"""
    for size in (PAGE - 32, PAGE, 40 * KIB, 300 * KIB + 1):
        for count in (2, 7):
            each = (size + 16 + PAGE - 1) // PAGE * PAGE
            shared = (count * size + 16 + PAGE - 1) // PAGE * PAGE
            assert count * each in mapped_bytes(size, count)
            if size % PAGE == 0:
                assert shared not in mapped_bytes(size, count)
            assert (count - 1) * each not in mapped_bytes(size, count)


def test_a_walk_says_what_it_saw() -> None:
    """A fact that does not hold shows the memory at every prompt"""
    run = Walk("build/x 1", {"a": Memory(4096, 4096, 0), "b": Memory(8192, 8192, KIB)})
    assert run.grown("b", "a") == (4096, KIB)
    run.expect(True, "nothing", "b")
    with pytest.raises(CheckFailure) as failure:
        run.expect(False, "less", "b")
    assert "at the prompt `b`: less" in failure.value.expected
    assert "a: heap 4 KiB" in failure.value.actual
    assert "b: heap 8 KiB up to 0x2000, mappings 1 KiB" in failure.value.actual


def test_a_walk_needs_the_prompts(bench: Bench) -> None:
    """Another label, and an end before the last prompt, are the student's failures"""
    argv = ["alloc_size", "1", "1"]
    with pytest.raises(CheckFailure, match="the prompt `before allocation`"):
        memory_04.walk(bench, argv, ["somewhere else"])
    with pytest.raises(CheckFailure, match="exit status 0"):
        memory_04.walk(bench, argv, [*memory_04.ALLOC, "one more"])
    with pytest.raises(CheckFailure, match="exit status 1"):
        memory_04.walk(bench, ["alloc_size"], memory_04.ALLOC)


def test_a_policy_tells_what_to_type(bench: Bench, programs: Path) -> None:
    """The rerun line sets for a student what the judge sets by preloading"""
    policy: Policy = memory_04.threshold(40 * KIB)
    run = memory_04.walk(bench, ["dynamic", "trim", "40", "32"], memory_04.TRIM, policy)
    assert run.grown("allocated", "before")[1] in mapped_bytes(40 * KIB, 32)
    done = subprocess.run(
        ["sh", "-c", f"{policy.shell} strace -o /dev/stdout -e trace=mmap "
         f"{programs}/dynamic trim 40 32 </dev/null"],
        capture_output=True,
        text=True,
    )
    assert done.stdout.count("mmap(NULL, 45056, ") == 32


# The handout


def test_the_handout_speaks_of_these_programs() -> None:
    """Numbers, labels and questions in the text are those of the programs"""
    text = (LAB.folder / "README.md").read_text()
    assert f"{evidence_04.THRESHOLD}" in text
    assert f"with {evidence_04.LIMIT_KIB // KIB} MiB" in text
    for observation in OBSERVATIONS:
        assert f"`observations/{observation.name}`" in text, observation.name
    for task in LAB.tasks:
        assert f"\n## Step {task.number}: {task.title}\n" in text
        assert len(set(task.hints)) == 3
    sources = "".join(path.read_text() for path in SOLUTION.glob("*.c"))
    for label in LABELS:
        assert f'pause_at("{label}")' in sources
