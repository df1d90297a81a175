# SPDX-License-Identifier: MIT
"""Lab 08: the transcripts of `make observe`, and the answers that lie in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from grader.box import Finished
from grader.judge.bench import Bench
from grader.judge.evidence import Observation, Question
from grader.judge.transcripts import said, tool
from grader.lab import Value
from grader.observers import Malformed

Variant = Mapping[str, Value]

STEPS = ("new", "retain", "assign", "scope", "scope left", "cleanup", "destroyed")
PAHOLE = ("pahole", "-C", "rc_head")
COUNTS = "build/counts"
OBJDUMP = ("objdump", "-d", "--no-show-raw-insn")
INCREMENT = "build/increment.o"
VALGRIND = ("valgrind", "--command-line-only=yes", "--leak-check=full")
_DIGITS = r"(\d{1,18})"


def _text(done: Finished) -> str:
    return (done.stdout + done.stderr).decode("utf-8", "surrogateescape")


def _number(text: str, pattern: str, tool: str) -> int:
    found = re.findall(pattern, text, re.MULTILINE)
    if len(found) != 1:
        raise Malformed(tool, f"`{pattern}` is in it {len(found)} times")
    return int(found[0].replace(",", ""))


# layout.txt: pahole


def _make_layout(bench: Bench) -> str:
    bench.program("counts")
    return tool(bench, PAHOLE, COUNTS, ends=(0, 1))  # 1: pahole 1.30, after all of it


def _head_size(text: str, variant: Variant) -> Value:
    size = rf"/\* size: {_DIGITS}, cachelines: \d+, members: 4 \*/"
    return _number(text, size, "pahole")


def _head_padding(text: str, variant: Variant) -> Value:
    return sum(int(found) for found in re.findall(rf"/\* padding: {_DIGITS} \*/", text))


def _valid_layout(text: str, bench: Bench) -> None:
    words = said(text, " ".join((*PAHOLE, COUNTS)))
    names = re.findall(r"^\t.*[ (*](strong|weak|destroy|next)\W", words, re.MULTILINE)
    if names != ["strong", "weak", "destroy", "next"]:
        raise Malformed("pahole", "it does not show the four members of rc_head")
    size, padding = _head_size(words, {}), _head_padding(words, {})
    if int(size) % 8 or not 16 <= int(size) - int(padding) <= int(size):
        raise Malformed("pahole", "no head has such a size")


# counts.txt: the counts at each step


def _counts_command(bench: Bench) -> str:
    return f"build/counts {bench.variant['extra']}"


def _make_counts(bench: Bench) -> str:
    bench.program("counts")
    command = _counts_command(bench)
    done = bench.box.run(command.split(), stdin=b"\n" * 16, cwd=bench.folder)
    return f"$ {command}\n{_text(done)}"


def _count(step: str, which: str, text: str, variant: Variant) -> Value:
    return _number(text, rf"^{step}: .*{which} {_DIGITS}\b", "counts")


def _valid_counts(text: str, bench: Bench) -> None:
    words = said(text, _counts_command(bench))
    seen = re.findall(r"^([a-z ]+): strong (\d+), weak (\d+)$", words, re.MULTILINE)
    extra = int(bench.variant["extra"])
    strong = (1, 1 + extra, 1 + extra, 2 + extra, 1 + extra, 1, 0)
    weak = (2, 2, 2, 2, 2, 2, 1)
    if seen != [(s, str(a), str(b)) for s, a, b in zip(STEPS, strong, weak)]:
        raise Malformed("counts", "these are not the counts that rc.h asks for")


# lost.txt: valgrind


def _ring(bench: Bench) -> list[str]:
    sizes = bench.variant["ring_count"], bench.variant["ring_bytes"]
    return ["build/ring", *map(str, sizes)]


def _make_lost(bench: Bench) -> str:
    bench.program("ring")
    return tool(bench, VALGRIND, *_ring(bench))


def _lost(kind: str, what: str, text: str) -> int:
    before = "" if what == "bytes" else ".* in "
    pattern = rf"^==\d+== +{kind} lost: {before}([\d,]{{1,24}}) {what}"
    return _number(text, pattern, "valgrind")


def _lost_bytes(kind: str, text: str, variant: Variant) -> Value:
    return _lost(kind, "bytes", text)


def _valid_lost(text: str, bench: Bench) -> None:
    words = said(text, " ".join((*VALGRIND, *_ring(bench))))
    count, size = int(bench.variant["ring_count"]), int(bench.variant["ring_bytes"])
    kinds = ("definitely", "indirectly", "possibly")
    total = sum(_lost(kind, "bytes", words) for kind in kinds)
    blocks = sum(_lost(kind, "blocks", words) for kind in kinds)
    if blocks != count or total % count or total // count <= size:
        raise Malformed("valgrind", f"not {count} objects of {size} bytes are lost")


# increment.txt: objdump


def _make_increment(bench: Bench) -> str:
    bench.program("increment.o")
    return tool(bench, OBJDUMP, INCREMENT)


def _instructions(function: str, text: str, variant: Variant) -> Value:
    found = re.findall(
        rf"^[0-9a-f]+ <{function}>:\n((?:[ \t]+[0-9a-f]+:.*\n?)+)", text, re.MULTILINE
    )
    if len(found) != 1:
        raise Malformed("objdump", f"{len(found)} functions of the name {function}")
    return len(found[0].splitlines())


def _valid_increment(text: str, bench: Bench) -> None:
    words = said(text, " ".join((*OBJDUMP, INCREMENT)))
    for name in ("plain", "atomic"):
        _instructions(name, words, {})  # one at least: it may call another


OBSERVATIONS = (
    Observation("layout.txt", " ".join((*PAHOLE, COUNTS)), _make_layout, _valid_layout),
    Observation("counts.txt", "counts, at each step", _make_counts, _valid_counts),
    Observation("lost.txt", "valgrind of ring", _make_lost, _valid_lost),
    Observation(
        "increment.txt",
        " ".join((*OBJDUMP, INCREMENT)),
        _make_increment,
        _valid_increment,
    ),
)

QUESTIONS = (
    Question(
        "head_size", "layout.txt", _head_size,
        "the size of struct rc_head (observations/layout.txt)", unit="bytes",
    ),
    Question(
        "head_padding", "layout.txt", _head_padding,
        "how much of it is padding (observations/layout.txt)", unit="bytes",
    ),
    *(
        Question(
            key, "counts.txt", partial(_count, step, which),
            f"the {which} count at the step `{step}` (observations/counts.txt)",
        )
        for key, step, which in (
            ("strong_retained", "retain", "strong"),
            ("strong_scope", "scope", "strong"),
            ("weak_destroyed", "destroyed", "weak"),
        )
    ),
    *(
        Question(
            key, "lost.txt", partial(_lost_bytes, kind),
            f"what is {kind} lost (observations/lost.txt)", unit="bytes",
        )
        for key, kind in (
            ("lost_directly", "definitely"),
            ("lost_indirectly", "indirectly"),
        )
    ),
    *(
        Question(
            f"{name}_instructions", "increment.txt", partial(_instructions, name),
            f"how many instructions objdump shows of {name} "
            "(observations/increment.txt)",
        )
        for name in ("plain", "atomic")
    ),
)
