# SPDX-License-Identifier: MIT
"""Whatever a transcript holds: facts or Malformed, no other exception, and soon."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.observers import (
    MOST_BYTES,
    Malformed,
    decode,
    integer,
    lines,
    ltrace,
    maps,
    pmap,
    size,
    smaps,
    strace,
    syscalls,
    valgrind,
)
from grader.tests import test_observers_ltrace as ltraces
from grader.tests import test_observers_maps as mapses
from grader.tests import test_observers_strace as straces
from grader.tests.observed import quick, spoilt
from grader.tests.test_observers_elf import SIZE
from grader.tests.test_observers_valgrind import REPORT


def _strace(text: str) -> object:
    calls = strace.parse(text).calls
    own = syscalls.after_exec(calls, "./demo")
    asked = syscalls.anonymous(calls), syscalls.unmapped(calls), syscalls.breaks(calls)
    return own, asked, tuple(syscalls.uses(calls))


def _ltrace(text: str) -> object:
    return ltrace.after_exec(ltrace.parse(text))


GOOD: dict[str, tuple[Callable[[str], object], str]] = {
    "maps": (maps.parse, mapses.MAPS),
    "smaps": (smaps.parse, (mapses.HEAD + mapses.GOOD)),
    "pmap": (pmap.parse, mapses.PMAP),
    "pmap -x": (pmap.parse, mapses.PMAP_X),
    "size": (size.parse, SIZE),
    "strace": (_strace, straces.FORKING),
    "strace stderr": (_strace, straces.SEVERAL_ON_STDERR),
    "strace -y": (_strace, straces.DESCRIBED),
    "ltrace": (_ltrace, ltraces.PLAIN + ltraces.FORKING),
    "ltrace -S": (_ltrace, ltraces.NESTED),
    "valgrind": (valgrind.parse, REPORT),
}


PIECES = ["a", "\n", '"', "\\", "(", "<", "a<", "/*", ") = ", "-> ", "0", "7 ", "> "]
PIECES += [" ", "a<->", "a<->]", "->a@"]


def refuses(parse: Callable[[str], object], text: str) -> bool:
    """Whether it is Malformed; if so, that is said in one printable line."""
    try:
        parse(text)
    except Malformed as error:
        words = str(error)
        assert words.isprintable()
        assert error.line in text or not error.line
        return True
    return False


@pytest.mark.parametrize("tool", GOOD)
def test_the_good_transcripts_are_read(tool: str) -> None:
    parse, text = GOOD[tool]
    assert not refuses(parse, text)


@quick
@given(st.integers(0, 2**32))
def test_a_spoilt_transcript_is_read_or_malformed(seed: int) -> None:
    for parse, text in GOOD.values():
        refuses(parse, spoilt(text, seed))


@quick
@given(st.text(st.characters(blacklist_categories=()) | st.sampled_from("\n\0\x1b\"'")))
def test_any_text_is_read_or_malformed(text: str) -> None:
    for parse, _ in GOOD.values():
        refuses(parse, text)


@pytest.mark.parametrize("tool", GOOD)
@pytest.mark.parametrize("piece", PIECES)
def test_long_lines_take_no_time(tool: str, piece: str) -> None:
    """No regular expression backtracks over a whole line for each of its places."""
    parse, good = GOOD[tool]
    long = piece * ((1 << 18) // len(piece))
    start = time.monotonic()
    for text in (f"read({long}", f'read("{long}', f"--- {long}", f"->{long}"):
        assert refuses(parse, text)
    last = good.rstrip("\n").rfind("\n") + 1
    for text in (long, good + long, good[:last] + long):
        refuses(parse, text)
    assert time.monotonic() - start < 10


def test_a_transcript_of_more_than_the_limit_is_refused() -> None:
    with pytest.raises(Malformed, match="more than any honest one"):
        lines("x" * (MOST_BYTES + 1), "tool")


def test_only_newlines_end_lines() -> None:
    assert lines("a\rb\x0bc\x1cd\x85e\u2028f\n\ng\n", "tool") == [
        "a\rb\x0bc\x1cd\x85e\u2028f",
        "",
        "g",
    ]


def test_malformed_names_tool_line_and_text() -> None:
    error = Malformed("pmap", "not a row", 3, "x\x1b]0;y\x07\u202e\udcff\n")
    assert str(error) == r"pmap, line 3: not a row: 'x\x1b]0;y\x07\u202e\udcff\n'"
    assert (error.tool, error.reason, error.number) == ("pmap", "not a row", 3)
    assert str(Malformed("pmap", "empty")) == "pmap: empty"


def test_decode_loses_no_byte() -> None:
    data = bytes(range(256))
    assert decode(data).encode("utf-8", "surrogateescape") == data


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("0", 0),
        ("NULL", 0),
        ("nil", 0),
        ("-1", -1),
        ("0x1f", 31),
        ("017", 15),
        ("18446744073709551615", 2**64 - 1),
        ("0x", None),
        ("", None),
        ("1_0", None),
        ("٣", None),
        ("9" * 5000, None),
        ("1 ", None),
        ("?", None),
    ],
)
def test_integer(word: str, value: int | None) -> None:
    assert integer(word) == value
