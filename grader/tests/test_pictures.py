# SPDX-License-Identifier: MIT
"""Pictures of the observations: drawn from hostile texts, or said in words."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from grader.checks import evidence_02, evidence_04
from grader.checks.pause_02 import KINDS
from grader.classroom import viewer
from grader.judge import pictures
from grader.judge.api import CheckFailure
from grader.judge.bench import Bench, open_bench
from grader.judge.evidence import Answers, Observation
from grader.judge.moments import Moment, at_pauses
from grader.judge.pictures import draw_pictures
from grader.lab import LABS, ROOT, load_lab
from grader.outcome import Picture
from grader.variant import Student

LAB = load_lab(LABS / "04-alloc-size")
numbers = itertools.count()


@pytest.fixture(scope="module")
def memview() -> Path:
    """The viewer, as the tests of support have it."""
    subprocess.run(["make", "-s", "-C", ROOT / "support", "memview"], check=True)
    return ROOT / "support" / "build" / "memview"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench with nothing handed in."""
    empty = tmp_path_factory.mktemp("submission")
    with open_bench(LAB, empty, Student(), "auto") as bench:
        yield bench


def line(start: int, end: int, name: str = "", rights: str = "rw-p") -> str:
    """A line of /proc/PID/maps."""
    inode = 7 if name.startswith("/") else 0
    return f"{start:x}-{end:x} {rights} 00000000 00:00 {inode} {name}".rstrip() + "\n"


def look(label: str, *lines: str) -> str:
    """What a transcript has of one pause."""
    return f"$ cat /proc/PID/maps   # {label}\n" + "".join(lines)


def drawn(bench: Bench, memview: Path, body: str | CheckFailure) -> tuple[Picture, ...]:
    """The pictures of one observation that says this."""
    name = f"pauses-{next(numbers)}.txt"
    observation = Observation(
        name, "cat", lambda bench: "", lambda text, bench: None, at_pauses
    )
    answers = Answers(bench, {name: observation}, {}, {}, {}, _believed={name: body})
    (bench.root / "probes" / "memview").unlink(missing_ok=True)
    pictures = draw_pictures(answers, memview)
    assert {picture.source for picture in pictures} == {f"observations/{name}"}
    return pictures


HEAP = line(0x1000, 0x3000, "[heap]")
GROWN = line(0x1000, 0x6000, "[heap]")
TWO = look("before", HEAP) + "$ pmap 1   # before\n x\n" + look("after", GROWN)


def test_moments_are_what_maps_said_at_each_pause() -> None:
    assert at_pauses(TWO) == (Moment("before", HEAP), Moment("after", GROWN))
    alone = f"$ build/x\nsaid\n$ cat /proc/PID/maps\n{HEAP}$ ps 1\n 1\n"
    assert at_pauses(alone) == (Moment("at its prompt", HEAP),)
    assert at_pauses("$ strace x\n") == ()


def test_the_labs_name_their_pauses() -> None:
    for module, names in (
        (evidence_02, {f"pause-{kind}.txt" for kind in KINDS}),
        (evidence_04, {f"pmap-{n}.txt" for n in "small large rise limit trim".split()}),
    ):
        found = {one.name for one in module.OBSERVATIONS if one.moments is not None}
        assert found == names


def test_before_and_after_are_one_picture(bench: Bench, memview: Path) -> None:
    one, two = drawn(bench, memview, TWO + look("at the end", HEAP))
    assert (one.before, one.after) == ("before", "after")
    assert (two.before, two.after, two.trouble) == ("after", "at the end", "")
    assert "GREW +12 KiB" in one.svg and "compared with before" in one.svg
    assert "SHRANK -12 KiB" in two.svg
    # Nothing is known of RAM, so nothing is said of it.
    assert ">in RAM<" not in one.svg and "RAM, smaps says" in one.svg


def test_a_single_pause_is_a_picture(bench: Bench, memview: Path) -> None:
    (one,) = drawn(bench, memview, f"$ cat /proc/PID/maps\n{HEAP}")
    assert (one.before, one.after) == ("", "at its prompt")
    assert "[heap]" in one.svg and "before" not in one.svg


NASTY = "/\x1b[2J\x9b31m</text><script>alert(1)</script>]]><!--&\"'\udcff\u202e" + "x" * 4000


def test_hostile_text_is_drawn_as_text(bench: Bench, memview: Path) -> None:
    body = look("../../etc/passwd", line(0x1000, 0x2000, NASTY))
    body += look("--html", line(0x1000, 0x2000, NASTY), line(0x8000, 0x9000, NASTY))
    (one,) = drawn(bench, memview, body)
    assert (one.before, one.after, one.trouble) == ("pause 1", "pause 2", "")
    tags = {part.tag.rpartition("}")[2] for part in ElementTree.fromstring(one.svg).iter()}
    assert tags <= {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
    names = {name for part in ElementTree.fromstring(one.svg).iter() for name in part.attrib}
    assert not any(name.startswith("on") or "href" in name for name in names)
    assert not set(one.svg) & {"\x1b", "\x9b", "\u202e", "\0"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("$ strace x\n", "0 pauses"),
        (look("a", HEAP) * 9, "9 pauses"),
        (look("a", HEAP) + look("b", "x" * (1 << 19)), "b: more than"),
        (look("a", HEAP) + look("b", "no mapping\n"), "not a copy of /proc/PID/maps"),
        (look("a", HEAP) + look("b"), "is empty"),
        (CheckFailure("a text", "it was not handed in"), "it was not handed in"),
    ],
    ids=("no pause", "too many", "too long", "no maps", "empty", "no transcript"),
)
def test_what_cannot_be_drawn_is_said(
    bench: Bench, memview: Path, body: str | CheckFailure, words: str
) -> None:
    (one,) = drawn(bench, memview, body)
    assert one.svg == "" and words in one.trouble


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo '<svg><script>'", "is no picture"),
        ("echo '<!DOCTYPE svg><svg/>'", "is no picture"),
        ("printf '<svg>\\377</svg>'", "is no picture"),
        ("kill -SEGV $$", "signal 11"),
        ("echo away >&2; exit 3", "exit status 3: away"),
        ("exec yes", "output limit"),
    ],
)
def test_a_viewer_that_fails_is_said(
    bench: Bench, tmp_path: Path, script: str, words: str
) -> None:
    fake = tmp_path / "memview"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    (one,) = drawn(bench, fake, TWO)
    assert one.svg == "" and words in one.trouble


def test_without_a_viewer_nothing_is_lost(bench: Bench, tmp_path: Path) -> None:
    (one,) = drawn(bench, tmp_path / "none", TWO)
    assert one.trouble == "memview is not there: it was not built"


def test_all_pictures_have_a_cap(
    bench: Bench, memview: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "ALL_BYTES", 1000)
    (one,) = drawn(bench, memview, TWO)
    assert one.svg == "" and "all pictures together" in one.trouble


def test_the_viewer_is_built_or_it_is_said_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    support = tmp_path / "support"
    others = shutil.ignore_patterns("build", "tests", "memview")
    shutil.copytree(ROOT / "support", support, ignore=others)
    monkeypatch.setattr(viewer, "SUPPORT", support)
    (support / "memview").mkdir()
    source = support / "memview" / "memview.c"
    source.write_text("int main(void) { return 0; }\n")
    viewer.build_viewer(tmp_path / "built")
    assert subprocess.run([tmp_path / "built"], check=True).returncode == 0
    source.write_text("int main(void) { return nothing; }\n")
    with pytest.raises(viewer.ViewerError, match="nothing"):
        viewer.build_viewer(tmp_path / "broken")
    assert not (tmp_path / "broken").exists()
