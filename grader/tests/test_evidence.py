# SPDX-License-Identifier: MIT
"""Whatever was handed in as an answer or as evidence, the verdict is pass or fail."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from grader.box import Box, BoxError, Ended, Finished
from grader.cases import assemble_solution
from grader.errors import InputError
from grader.judge import transcripts
from grader.judge.api import CannotCheck, CheckFailure
from grader.judge.bench import Bench, open_bench
from grader.judge.catalogue import evidence_of, module_path
from grader.judge.evidence import (
    FOLDER,
    UNTOLD,
    HEADER_LINES,
    Answers,
    Observation,
    Question,
    load_answers,
    observe,
    split,
)
from grader.lab import LABS, Lab, load_lab
from grader.observers import Malformed, decode
from grader.outcome import Cause
from grader.variant import Student

ALL = tuple(load_lab(path.parent) for path in sorted(LABS.glob("*/lab.toml")))
JUDGED = tuple(lab for lab in ALL if module_path(lab).is_file())


class FakeBox:
    """Runs nothing: `ends` says how a command ends, by its words."""

    def __init__(self, ends: Callable[[Sequence[str]], Finished]) -> None:
        self._ends = ends

    def run(self, argv: Sequence[object], **_: object) -> Finished:
        return self._ends([str(word) for word in argv])


def finished(
    status: int = 0, stdout: bytes = b"", trace: str = "", whole: bool = True
) -> Finished:
    """The end of a program that exited."""
    return Finished("exited", status, stdout, b"", trace, whole, 0.0)


def bench_in(
    root: Path, ends: Callable[[Sequence[str]], Finished] = lambda argv: finished()
) -> Bench:
    """A bench whose box runs nothing, for a lab of which nothing is needed."""
    bench = Bench(ALL[0], Student(), {}, cast(Box, FakeBox(ends)), root)
    (bench.folder / FOLDER).mkdir(parents=True)
    (root / "probes").mkdir()
    return bench


def answers_of(
    bench: Bench,
    text: str,
    make: Callable[[Bench], str] = lambda bench: "3\n",
    valid: Callable[[str, Bench], None] = lambda text, bench: None,
    truth: Callable[[str, Any], Any] = lambda text, variant: int(text),
) -> Answers:
    """answers.toml, and a transcript that says 3, made on a machine like this."""
    observation = Observation("n.txt", "n", lambda bench: "3\n", valid)
    (bench.folder / FOLDER / "n.txt").write_text(observe(bench, observation))
    (bench.folder / "answers.toml").write_text(text)
    judges = Observation("n.txt", "n", make, valid)
    return load_answers(bench, (judges,), (Question("n", "n.txt", truth, "the n"),))


# answers.toml

HUGE = "0x" + "f" * 5000  # int() makes it, str() does not


@pytest.mark.parametrize(
    "value",
    [HUGE, f"[[{HUGE}]]", f"{{ a = {HUGE} }}", "nan"],
    ids=["number", "list", "table", "nan"],
)
def test_an_answer_of_any_size_is_wrong(tmp_path: Path, value: str) -> None:
    """And a prediction of that size hurts no answer"""
    text = f"[predict]\nn = {value}\n[answers]\nn = "
    answers = answers_of(bench_in(tmp_path), text + value)
    assert [row.measured for row in answers.predictions()] == [UNTOLD]
    with pytest.raises(CheckFailure, match="n: "):
        answers.expect("n")
    (answers.bench.folder / "answers.toml").write_text(text + "3")
    again = load_answers(
        answers.bench,
        tuple(answers.observations.values()),
        tuple(answers.questions.values()),
    )
    again.expect("n")
    assert [row.measured for row in again.predictions()] == ["3"]


def test_an_answer_that_no_float_can_hold_is_wrong(tmp_path: Path) -> None:
    """Where the truth is a fraction"""
    text = f"[answers]\nn = {HUGE}"
    answers = answers_of(bench_in(tmp_path), text, truth=lambda text, variant: 0.5)
    with pytest.raises(CheckFailure, match="n: "):
        answers.expect("n")


@pytest.mark.parametrize("form", ["{} = 1", "[{}]", "x = {{ {} = 1 }}"])
def test_a_key_of_endless_parts_is_refused(tmp_path: Path, form: str) -> None:
    """tomllib would take gigabytes for it"""
    answers = answers_of(bench_in(tmp_path), form.format("a." * 30000 + "a"))
    assert "more than 100 dots" in answers.fault
    dots = f"# {'.' * 200}\n[answers]\nn = 3\n"
    answers_of(bench_in(tmp_path / "honest"), dots).expect("n")


# Transcripts


def stumble(error: Exception) -> Callable[..., Any]:
    """A function that raises it."""

    def raises(*_: object) -> Any:
        raise error

    return raises


@pytest.mark.parametrize(
    "error",
    [IndexError("i"), KeyError("k"), OverflowError(), RecursionError(), ValueError()],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("reader", ["valid", "truth"])
def test_what_a_reader_stumbles_over_is_the_texts_fault(
    tmp_path: Path, reader: str, error: Exception
) -> None:
    """Not the grader's"""
    readers: dict[str, Any] = {reader: stumble(error)}
    answers = answers_of(bench_in(tmp_path), "[answers]\nn = 3\n", **readers)
    name = type(error).__name__
    with pytest.raises(CheckFailure, match=f"as the tool writes it.*{name}"):
        answers.expect("n")


def test_a_header_is_short() -> None:
    """A transcript of a million header lines is one of thirty, and a body"""
    header, body = split("# \n" * (1 << 20))
    assert body == "# \n" * ((1 << 20) - HEADER_LINES)
    assert len(header) == 1
    assert split("# lab: 1: 2\n# a: b\n$ c\n# d: e\n") == (
        {"lab": "1: 2", "a": "b"},
        "$ c\n# d: e\n",
    )


@pytest.mark.parametrize(
    "error",
    [Ended(finished()), BoxError("b"), PermissionError("p"), IndexError("i")],
    ids=lambda error: type(error).__name__,
)
def test_what_the_judges_own_run_raises_is_remembered(
    tmp_path: Path, error: Exception
) -> None:
    """Each check that needs it is told; no prediction is"""
    runs = []

    def make(bench: Bench) -> str:
        runs.append(bench)
        raise error

    text = "[predict]\nn = 3\n[answers]\nn = 3\n"
    answers = answers_of(bench_in(tmp_path), text, make)
    assert [row.measured for row in answers.predictions()] == ["not measured"]
    for _ in range(2):
        with pytest.raises(type(error)):
            answers.expect("n")
    assert len(runs) == 1


@pytest.mark.parametrize("own", ["three", "", "3" * (2 << 20)], ids=len)
def test_a_run_here_that_cannot_be_read_is_told_so(tmp_path: Path, own: str) -> None:
    """It is the program's fault; of the transcript nothing is said"""
    answers = answers_of(bench_in(tmp_path), "[answers]\nn = 3\n", lambda bench: own)
    with pytest.raises(CheckFailure, match="in a run of the same program"):
        answers.expect("n")


@pytest.mark.parametrize(
    "error",
    [Ended(finished(7)), Malformed("n", "status 7"), CheckFailure("e", "status 7")],
)
def test_a_transcript_that_cannot_be_made_says_why(
    tmp_path: Path, error: Exception
) -> None:
    """To the student who wants it, in words"""
    observation = Observation("n.txt", "n", stumble(error), stumble(error))
    with pytest.raises(InputError, match="observations/n.txt: .*status 7"):
        observe(bench_in(tmp_path), observation)


# Tools


def told(argv: Sequence[str], bad: str) -> Finished:
    """The tool works, but not on what is called so."""
    return finished(3 if bad in argv[-1] else 0, b"words")


def test_a_tool_that_fails_on_the_product_alone_fails_it(tmp_path: Path) -> None:
    """It can look at a program of the judge's"""
    bench = bench_in(tmp_path, lambda argv: told(argv, "build/x"))
    with pytest.raises(CheckFailure, match="cat says of build/x.*exit status 3"):
        transcripts.tool(bench, ["cat"], "build/x")
    assert transcripts.tool(bench, ["cat"], "build/y") == "$ cat build/y\nwords"


@pytest.mark.parametrize("end", [finished(1, b"words"), finished(0, b"")])
def test_a_tool_that_fails_on_everything_is_no_use(
    tmp_path: Path, end: Finished
) -> None:
    """Cannot check, whatever was handed in"""
    bench = bench_in(tmp_path, lambda argv: end)
    with pytest.raises(CannotCheck, match="of the judge's own") as found:
        transcripts.tool(bench, ["cat"], "build/x")
    assert found.value.cause is Cause.TOOL


def test_a_tool_that_is_missing_is_named(tmp_path: Path) -> None:
    """With what installs it"""
    remedy = "no-such-tool is not installed: ./setup"
    with pytest.raises(CannotCheck, match=remedy):
        transcripts.tool(bench_in(tmp_path), ["no-such-tool"], "build/x")
    with pytest.raises(CannotCheck, match=remedy):
        transcripts.of_process(["no-such-tool"], os.getpid())


@pytest.mark.parametrize(
    ("works", "error"), [(True, CheckFailure), (False, CannotCheck)]
)
def test_a_log_without_an_end(
    tmp_path: Path, works: bool, error: type[Exception]
) -> None:
    """Of the student's program, or of any"""

    def ends(argv: Sequence[str]) -> Finished:
        return finished(whole=works and "nothing" in argv[0], trace="x")

    with pytest.raises(error, match="end"):
        transcripts.traced(bench_in(tmp_path, ends), ["strace"], ["build/x"])


def test_a_log_of_calls_without_end_fails(tmp_path: Path) -> None:
    """It would not be read in an hour"""
    bench = bench_in(tmp_path, lambda argv: finished(trace="x" * (17 << 20)))
    with pytest.raises(CheckFailure, match="calls without end"):
        transcripts.traced(bench, ["strace"], ["build/x"])


def test_a_tool_that_says_nothing_of_any_process(tmp_path: Path) -> None:
    """Of one that is gone it says nothing; of one of the judge's it has to"""
    assert transcripts.of_process(["ps", "-p"], os.getpid())
    assert transcripts.of_process(["ps", "-p"], 1 << 30) == ""
    with pytest.raises(CannotCheck, match="false on a program of the judge's own"):
        transcripts.of_process(["false"], os.getpid())


@pytest.mark.parametrize("also", [False, True], ids=["it alone", "every process"])
def test_a_process_that_forbids_to_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, also: bool
) -> None:
    """fails, unless nobody's may be looked at"""

    def read_proc(pid: int, name: str) -> str:
        if pid == 1 or also:
            raise PermissionError(13, "Permission denied")
        return "maps"

    class Held:
        def __init__(self, pid: int) -> None:
            self.pid = pid

        def __enter__(self) -> Held:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(transcripts, "read_proc", read_proc)
    bench = bench_in(tmp_path)
    monkeypatch.setattr(bench.box, "spawn", lambda argv: Held(2), raising=False)
    with pytest.raises(CannotCheck if also else CheckFailure, match="maps|read"):
        transcripts.look(bench, cast(Any, Held(1)), "maps")


def test_each_command_of_a_transcript_is_found() -> None:
    """Once, or it is Malformed"""
    text = "$ a b\n1\n$ a\n2\n 3 $ a\n$ c"
    assert transcripts.said(text, "a b") == "1\n"
    assert transcripts.said(text, "a") == "2\n 3 $ a\n"
    assert transcripts.said(text, "a b", begins=True) == "1\n"
    assert transcripts.said(text, "c") == ""
    for command, begins in (("a", True), ("d", False), ("", False)):
        with pytest.raises(Malformed, match="times, not once"):
            transcripts.said(text, command, begins=begins)


# Every transcript of every lab


def mixed(text: str, chance: random.Random) -> str:
    """Two of its lines in each other's place."""
    lines = text.splitlines(keepends=True)
    first, second = chance.sample(range(len(lines)), 2)
    lines[first], lines[second] = lines[second], lines[first]
    return "".join(lines)


def once(text: str, chance: random.Random, form: str, new: str) -> str:
    """With `new` in the place of one of the matches."""
    found = list(re.finditer(form, text))
    if not found:
        return text
    one = chance.choice(found)
    return text[: one.start()] + new + text[one.end() :]


SPOILS: dict[str, Callable[[str, random.Random], str]] = {
    "empty": lambda text, chance: "",
    "truncated": lambda text, chance: text[: chance.randrange(len(text))],
    "headless": lambda text, chance: text[chance.randrange(len(text)) :],
    "doubled": lambda text, chance: text * 2,
    "line gone": lambda text, chance: once(text, chance, ".*\n", ""),
    "lines more": lambda text, chance: once(text, chance, "\n", "\n=\n\n=\n"),
    "lines swapped": mixed,
    "numbers blown up": lambda text, chance: re.sub(r"\d+", r"\g<0>" * 1500, text),
    "number blown up": lambda text, chance: once(text, chance, r"\d+", "9" * 5000),
    "number of another script": lambda text, chance: once(text, chance, r"\d+", "٣"),
    "number gone": lambda text, chance: once(text, chance, r"\d+", ""),
    "no arguments": lambda text, chance: re.sub(r"\(.*\)", "()", text),
    "no arguments once": lambda text, chance: once(text, chance, r"\(.*\)", "()"),
    "one argument": lambda text, chance: re.sub(r"\((\w+).*\)", r"(\1)", text),
    "words gone": lambda text, chance: re.sub(r"[a-z]{3,}", "", text),
    "binary": lambda text, chance: decode(chance.randbytes(3000)),
    "binary line": lambda text, chance: once(text, chance, ".*\n", "\0\x1b\udcff\n"),
}


@pytest.fixture(scope="module", params=JUDGED, ids=[lab.id for lab in JUDGED])
def judged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Lab, Bench]]:
    """A lab with its solution, built."""
    lab: Lab = request.param
    entry = tmp_path_factory.mktemp("entry") / lab.id
    assemble_solution(lab, entry, Student())
    with open_bench(lab, entry, Student(), "auto") as bench:
        yield lab, bench


def test_a_spoilt_transcript_passes_or_fails(judged: tuple[Lab, Bench]) -> None:
    """It is never the grader's fault, in whichever way it was spoilt"""
    lab, bench = judged
    observations, questions = evidence_of(lab)
    for observation in observations:
        path = bench.folder / FOLDER / observation.name
        honest = path.read_text("utf-8", "surrogateescape")
        head, body = parts_of(honest)
        # Made elsewhere: else it would have to be what a run here says.
        head = head.replace("# kernel: ", "# kernel: other ")
        for name, spoil in SPOILS.items():
            for seed in range(3):
                chance = random.Random(f"{observation.name} {name} {seed}")
                text = head + spoil(body, chance)
                path.write_bytes(text.encode("utf-8", "surrogateescape"))
                answers = load_answers(bench, observations, questions)
                for question in questions:
                    if question.source == observation.name:
                        passes_or_fails(answers, question.key)


def parts_of(text: str) -> tuple[str, str]:
    """The header's lines and the body."""
    body = split(text)[1]
    return text[: len(text) - len(body)], body


def passes_or_fails(answers: Answers, key: str) -> None:
    """Any other end is raised."""
    try:
        answers.expect(key)
    except CheckFailure as failure:
        assert failure.actual
