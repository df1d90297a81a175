# SPDX-License-Identifier: MIT
"""Lab 02: one object file, four kinds of program, and how each lies in memory."""

from __future__ import annotations

import os
import random
import shutil
import stat
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from grader.checks.evidence_02 import OBSERVATIONS, QUESTIONS
from grader.checks.linkage_02 import Four, kind_of, link_four
from grader.checks.pause_02 import KINDS, STATIC, hello
from grader.judge import CheckFailure, cannot_check, check, fail
from grader.judge.bench import BUILD_LIMITS, Bench
from grader.judge.evidence import Answers
from grader.outcome import Cause

__all__ = ["OBSERVATIONS", "QUESTIONS"]

LINK_SECONDS = 30.0


@pytest.fixture(scope="session")
def ahead(bench: Bench) -> Iterator[Future[Four]]:
    """The judge's four programs, linked while other checks are made."""
    with ThreadPoolExecutor(1) as aside:
        yield aside.submit(link_four, bench)


@pytest.fixture(scope="session")
def four(ahead: Future[Four]) -> Four:
    """The four kinds of program that the judge links with linkage.c."""
    return ahead.result()


# Task 1: the link rules


def _expect_linked(bench: Bench, kind: str, against: str = "") -> None:
    """Fail unless the rule for KIND makes that kind of program.

    `against` is an option that the compiler is given before all others, in
    one more run of the rule: a rule that names no kind then makes another one.
    """
    name = f"build/hello-{kind}"
    made = {name: kind_of(hello(kind, bench))}
    if against:
        where = f"{name}, where the compiler is given {against} first"
        made[where] = _kind_against(bench, kind, against)
    wrong = {name: found for name, found in made.items() if found != kind}
    if wrong:
        compiler = f" CC='gcc {against}'" if against else ""
        fail(
            expected="\n".join(f"{place}: {kind}" for place in wrong),
            actual="\n".join(f"{place}: {found}" for place, found in wrong.items()),
            input="link.mk",
            rerun=f"make -B V=1{compiler} {name}; readelf -hlW {name}",
        )


def _kind_against(bench: Bench, kind: str, against: str) -> str:
    """What the rule makes where every compiler is given `against` first."""
    wrappers = bench.root / "probes" / f"against{against}"
    wrappers.mkdir(exist_ok=True)
    for name in ("cc", "gcc", "clang"):
        wrapper = wrappers / name
        wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/{name} {against} "$@"\n')
        wrapper.chmod(0o755)
    program = hello(kind, bench)
    # Out of the rule's reach.
    kept = program.rename(bench.new_folder() / program.name)
    _make_writable(bench.build_folder)
    try:
        done = bench.box.run(
            ["make", "-f", "Makefile", f"build/{program.name}"],
            limits=replace(BUILD_LIMITS, wall=LINK_SECONDS),
            env={"PATH": f"{wrappers}:/usr/bin:/bin"},
            writable=(bench.build_folder,),
            cwd=bench.folder,
        )
        if program.is_symlink() or not program.is_file():
            words = (done.stdout + done.stderr).decode("utf-8", "replace")
            return f"nothing\n{bench.shown(words)}"
        return kind_of(program)
    finally:
        if program.is_dir() and not program.is_symlink():
            shutil.rmtree(program)
        kept.replace(program)


def _make_writable(folder: Path) -> None:
    """Let a job rewrite what another one has made: each may have its own user."""
    for place, folders, files in os.walk(folder):
        for path in (Path(place, name) for name in (*folders, *files)):
            status = path.lstat()
            mode = status.st_mode
            # A file with a second name may be somebody else's.
            if stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and status.st_nlink == 1):
                path.chmod(stat.S_IMODE(mode) | 0o222)


@check(task=1, points=5)
def test_links_dynamic_pie(bench: Bench, ahead: Future[Four]) -> None:
    """link.mk links a dynamic position-independent program, and says so"""
    _expect_linked(bench, "dynamic-pie", against="-no-pie")


@check(task=1, points=5)
def test_links_dynamic(bench: Bench) -> None:
    """link.mk links a dynamic program at a fixed address, and says so"""
    _expect_linked(bench, "dynamic", against="-pie")


@check(task=1, points=5)
def test_links_static(bench: Bench) -> None:
    """link.mk links a static program at a fixed address"""
    _expect_linked(bench, "static", against="-pie")


@check(task=1, points=5)
def test_links_static_pie(bench: Bench) -> None:
    """link.mk links a static position-independent program"""
    _expect_linked(bench, "static-pie")


# Tasks 2 to 5: what was observed


@check(task=2, points=4)
def test_text_static(answers: Answers) -> None:
    """How many bytes of text hello-static has"""
    answers.expect("text_static")


@check(task=2, points=4)
def test_board_column(answers: Answers) -> None:
    """Which column of size counts a large array of zeroes"""
    answers.expect("board_column")


@check(task=3, points=2)
def test_load_segments(answers: Answers) -> None:
    """How many segments of hello-dynamic-pie are loaded"""
    answers.expect("load_segments")


@check(task=3, points=3)
def test_own_mappings(answers: Answers) -> None:
    """How many mappings of its own file hello-dynamic-pie has"""
    answers.expect("own_mappings")


@check(task=3, points=3)
def test_libraries(answers: Answers) -> None:
    """How many other files hello-dynamic-pie runs code from"""
    answers.expect("libraries")


@check(task=3, points=2)
def test_rodata_rights(answers: Answers) -> None:
    """Which rights the constants of hello-static have in memory"""
    answers.expect("rodata_rights")


@check(task=3, points=2)
def test_visits_mapping(answers: Answers) -> None:
    """Whether a small zeroed variable lies in a mapping of the file"""
    answers.expect("visits_mapping")


@check(task=3, points=2)
def test_bss_mapping(answers: Answers) -> None:
    """How large the part of .bss is that has a mapping of its own"""
    answers.expect("bss_mapping")


@check(task=4, points=2)
def test_calls_dynamic_pie(answers: Answers) -> None:
    """How many system calls hello-dynamic-pie makes before its greeting"""
    answers.expect("calls_dynamic_pie")


@check(task=4, points=2)
def test_calls_static(answers: Answers) -> None:
    """How many system calls hello-static makes before its greeting"""
    answers.expect("calls_static")


@check(task=4, points=2)
def test_libc_call(answers: Answers) -> None:
    """Which system call makes the C library a part of the process"""
    answers.expect("libc_call")


@check(task=4, points=2)
def test_relro_call(answers: Answers) -> None:
    """Which system call makes pages read-only after the loader wrote on them"""
    answers.expect("relro_call")


@check(task=5, points=3)
def test_moved_static(answers: Answers) -> None:
    """How many areas of hello-static move from run to run"""
    answers.expect("moved_static")


@check(task=5, points=2)
def test_static_pie_code(answers: Answers) -> None:
    """Where the kernel places the code of hello-static-pie"""
    answers.expect("static_pie_code")


@check(task=5, points=3)
def test_vsz_dynamic_pie(answers: Answers) -> None:
    """How much address space hello-dynamic-pie has"""
    answers.expect("vsz_dynamic_pie")


@check(task=5, points=2)
def test_rss_static(answers: Answers) -> None:
    """How much of hello-static is in memory"""
    answers.expect("rss_static")


# Task 6: linkage.c


# Names for each kind; {} stands for the name of another one.
MISLEADING = {
    "dynamic-pie": "[heap] {} (deleted)",
    "dynamic": "two\nlines {}",
    "static": "libc-{}.so.6",
    "static-pie": "ld-linux-{}.so.2",
}


@check(task=6, points=8)
def test_linkage(four: Four) -> None:
    """linkage says which of the four it is"""
    four.expect(lambda kind: four.run(four.copy(kind)), how="under a random name")


@check(task=6, points=4)
def test_linkage_stripped(four: Four) -> None:
    """linkage says it when it is stripped"""
    four.expect(
        lambda kind: four.run(four.copy(kind, stripped=True)),
        how="stripped, under a random name",
        rerun="strip build/linkage-*; build/linkage-static",
    )


@check(task=6, points=4)
def test_linkage_misnamed(four: Four) -> None:
    """linkage says it under names that mislead"""
    shift = random.randrange(1, len(KINDS))
    others = dict(zip(KINDS, KINDS[shift:] + KINDS[:shift]))
    names = {kind: form.format(others[kind]) for kind, form in MISLEADING.items()}
    four.expect(
        lambda kind: four.run(four.copy(kind, names[kind])),
        how=f"under the names {names}",
        rerun="cp build/linkage-static linkage-dynamic && ./linkage-dynamic",
    )


@check(task=6, points=5)
def test_linkage_deleted(four: Four) -> None:
    """linkage says it when its file is deleted while it runs"""
    four.expect(
        four.run_deleted,
        how="deleted after the start",
        rerun="sh -c 'exec 3<$0; rm $0; exec /proc/self/fd/3' build/linkage-static",
    )


@check(task=6, points=5)
def test_linkage_not_random(four: Four) -> None:
    """linkage says it when its addresses are not random"""
    try:
        four.expect(
            lambda kind: four.run(four.copy(kind), before=["setarch", "-R"]),
            how="under setarch -R",
            rerun="setarch -R build/linkage-static-pie",
        )
    except CheckFailure:
        _expect_setarch(four.bench)
        raise
    # The layout of old: libraries, and with them a static PIE, lie far lower.
    four.expect(
        lambda kind: four.run(four.copy(kind), before=["setarch", "-R", "-L"]),
        how="under setarch -R -L",
        rerun="setarch -R -L build/linkage-static-pie",
        kinds=("dynamic-pie", "static-pie"),
    )


def _expect_setarch(bench: Bench) -> None:
    """Cannot check unless addresses can be had that are not random."""
    allowed = bench.box.run(["setarch", "-R", "true"])
    if (allowed.how, allowed.status) != ("exited", 0):
        why = allowed.stderr.decode(errors="replace").strip()
        cannot_check(Cause.PERMISSION, f"setarch -R is not allowed here: {why}")


@check(task=6, points=4)
def test_linkage_in_company(four: Four) -> None:
    """linkage says it among libraries, files and areas that are not its own"""
    _, libraries = four.libraries
    crowd = {"COMPANY_FILE": str(libraries["libc.so.6"]), "COMPANY_AREAS": "400"}

    def run(kind: str) -> str:
        preload = {} if kind in STATIC else {"LD_PRELOAD": "libm.so.6"}
        return four.run(four.copy(kind), env={**crowd, **preload})

    four.expect(
        run,
        how="with libc.so.6 mapped as data, 400 more areas and, where there is a "
        "loader, LD_PRELOAD=libm.so.6",
        rerun="LD_PRELOAD=libm.so.6 build/linkage-dynamic",
    )


@check(task=6, points=4)
def test_linkage_by_loader(four: Four) -> None:
    """linkage says it when started by a loader with another name"""
    loader, folder = four.renamed_libraries()
    before = [str(loader), "--library-path", str(folder)]

    def run(kind: str) -> str:
        if kind in STATIC:
            return four.run(four.copy(kind), env={"COMPANY_FILE": str(loader)})
        return four.run(four.copy(kind), before=before)

    four.expect(
        run,
        how="started by a copy of the loader, with a copy of libc (dynamic), or "
        "with the loader's file mapped as data (static)",
        rerun="$(readelf -p .interp build/linkage-dynamic | grep -o '/.*') "
        "build/linkage-dynamic",
    )


@check(task=6, points=6)
def test_linkage_evidence(four: Four) -> None:
    """linkage learns it from its own maps, and without them does not guess"""
    four.expect_no_other_source()
    four.expect(
        four.run_watched,
        how="under strace -f, its headers in memory and the auxiliary vector erased",
    )
    four.expect_no_guess(random.choice(STATIC))
