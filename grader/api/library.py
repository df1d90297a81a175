# SPDX-License-Identifier: MIT
"""What the checks of every lab whose students write a library begin with."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.api import driver
from grader.api.driver import Session
from grader.box import Box, Finished, Limits
from grader.judge import CannotCheck
from grader.judge.bench import Bench

SANITIZED = (
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "-U__SANITIZE_ADDRESS__",  # nothing may depend on who looks
)
THREADS = (driver.THREADS_WATCHED, "-U__SANITIZE_THREAD__")
VALGRIND = (
    *("valgrind", "--command-line-only=yes", "--leak-check=no"),
    "--child-silent-after-fork=yes",
    *("--error-exitcode=99", "--exit-on-first-error=yes"),
)
_LEFT = re.compile(rb"^==\d+== +in use at exit: [\d,]+ bytes in ([\d,]+) blocks$", re.M)
# As slow as can be: it compiles in less time, and runs for a moment.
SLOW = ("-O0",)
SUITE_SECONDS = 10.0
SUITE_LINES = 12  # of its words, the last ones


def seed_of(bench: Bench) -> int:
    """What sequences are drawn from; SEED in the environment sets it.

    By itself it follows from the submission, so that a regrade says the same.
    The result names it.
    """
    chosen = os.environ.get("SEED", "")
    if not chosen.isdecimal():
        digest = hashlib.sha256()
        for name in bench.lab.hand_in:
            if (bench.folder / name).is_file():
                digest.update((bench.folder / name).read_bytes())
        chosen = str(int.from_bytes(digest.digest()[:4], "little"))
    bench.notes.append(f"the sequences are those of SEED={chosen}")
    return int(chosen)


def note_suite(bench: Bench, name: str) -> None:
    """Note what the student's own suite says; it decides nothing."""
    bench.build(name)
    if not (bench.build_folder / name).is_file():
        return
    done = bench.box.run([bench.program(name)], limits=Limits(wall=SUITE_SECONDS))
    words = done.stdout.decode("utf-8", "backslashreplace").strip()
    for line in words.splitlines()[-SUITE_LINES:]:
        bench.notes.append(f"{name}: {line[:200]}")
    if done.how != "exited":
        bench.notes.append(f"{name} {done.describe()}")


@dataclass(frozen=True)
class Tools:
    """The drivers that a tool watches; None where the tool does not run."""

    sanitizers: Future[Path | None]
    valgrind: Future[Path | None]
    threads: Future[Path | None]

    def watched(self, box: Box) -> Iterator[Session]:
        """The driver under each tool that ends it at a wrong access.

        Those are the sanitizers for addresses and undefined behaviour, and
        valgrind, which counts the blocks besides: see `blocks_left`.
        """
        if built := self.sanitizers.result():
            yield Session(box, built, {"ASAN_OPTIONS": "detect_leaks=0"}, reports=True)
        if built := self.valgrind.result():
            yield Session(box, built, reports=True, argv=VALGRIND)


@contextmanager
def tools_ahead(
    bench: Bench, commands: Sequence[str], sources: Sequence[str]
) -> Iterator[Tools]:
    """Have these built while other checks play, which takes one core of many."""

    def built(*flags: str) -> Path:
        return driver.build(bench, commands, sources, flags)

    def sanitizers() -> Path | None:
        return built(*SANITIZED, *SLOW) if _runs(bench, SANITIZED[0]) else None

    def valgrind() -> Path | None:
        done = bench.box.run([*VALGRIND, "/bin/true"], limits=driver.WATCHED)
        runs = (done.how, done.status) == ("exited", 0)
        return built(driver.PLAIN_HEAP, *SLOW) if runs else None

    def threads() -> Path | None:
        return built(*THREADS) if _runs(bench, driver.THREADS_WATCHED) else None

    with ThreadPoolExecutor(1) as aside:
        try:
            yield Tools(
                sanitizers=aside.submit(sanitizers),
                valgrind=aside.submit(valgrind),
                threads=aside.submit(threads),
            )
        finally:
            aside.shutdown(cancel_futures=True)


def _runs(bench: Bench, flag: str) -> bool:
    """Whether programs that are compiled with this flag run here."""
    try:
        path = bench.probe("nothing.c", (flag,))
    except CannotCheck:
        return False
    done = bench.box.run([path], limits=driver.WATCHED)
    return (done.how, done.status) == ("exited", 0)


def blocks_left(finished: Finished) -> int | None:
    """How many blocks were allocated and not freed, as valgrind saw it.

    None if it did not say so, exactly once: the program can write there, too.
    """
    found = _LEFT.findall(finished.stderr)
    return int(found[0].replace(b",", b"")) if len(found) == 1 else None
