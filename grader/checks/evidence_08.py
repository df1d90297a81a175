# SPDX-License-Identifier: MIT
"""Lab 08: the transcripts of `make observe`, and the answers that lie in them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial

from grader.box import Finished
from grader.judge.api import CannotCheck
from grader.judge.bench import Bench
from grader.judge.evidence import Observation, Question
from grader.lab import Value
from grader.observers import Malformed
from grader.outcome import Cause

Variant = Mapping[str, Value]

STEPS = ("new", "retain", "assign", "scope", "scope left", "cleanup", "destroyed")
PAHOLE = ("pahole", "-C", "rc_head", "build/counts")
OBJDUMP = ("objdump", "-d", "--no-show-raw-insn", "build/increment.o")
VALGRIND = ("valgrind", "--command-line-only=yes", "--leak-check=full")


def _tool(bench: Bench, *argv: str) -> str:
    """What a tool says of a product of the build, in the lab's folder."""
    if shutil.which(argv[0], path="/usr/bin:/bin") is None:
        words = f"{argv[0]} is not installed: ./setup installs it"
        raise CannotCheck(Cause.TOOL, words)
    done = bench.box.run([*argv], cwd=bench.folder)
    return f"$ {' '.join(argv)}\n{_text(done)}"


def _text(done: Finished) -> str:
    return (done.stdout + done.stderr).decode("utf-8", "surrogateescape")


def _said(text: str, command: str) -> str:
    first, _, rest = text.partition("\n")
    if first != f"$ {command}":
        raise Malformed("transcript", f"does not begin with `$ {command}`")
    return rest


def _number(text: str, pattern: str, tool: str) -> int:
    found = re.findall(pattern, text, re.MULTILINE)
    if len(found) != 1:
        raise Malformed(tool, f"`{pattern}` is in it {len(found)} times")
    return int(found[0].replace(",", ""))


# layout.txt: pahole


def _make_layout(bench: Bench) -> str:
    bench.program("counts")
    return _tool(bench, *PAHOLE)


def _head_size(text: str, variant: Variant) -> Value:
    return _number(text, r"/\* size: (\d+), cachelines: \d+, members: 4 \*/", "pahole")


def _head_padding(text: str, variant: Variant) -> Value:
    return sum(int(found) for found in re.findall(r"/\* padding: (\d+) \*/", text))


def _valid_layout(text: str, bench: Bench) -> None:
    said = _said(text, " ".join(PAHOLE))
    names = re.findall(r"^\t.*[ (*](strong|weak|destroy|next)\W", said, re.MULTILINE)
    if names != ["strong", "weak", "destroy", "next"]:
        raise Malformed("pahole", "it does not show the four members of rc_head")
    size, padding = _head_size(said, {}), _head_padding(said, {})
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
    return _number(text, rf"^{step}: .*{which} (\d+)", "counts")


def _valid_counts(text: str, bench: Bench) -> None:
    said = _said(text, _counts_command(bench))
    seen = re.findall(r"^([a-z ]+): strong (\d+), weak (\d+)$", said, re.MULTILINE)
    extra = int(bench.variant["extra"])
    strong = (1, 1 + extra, 1 + extra, 2 + extra, 1 + extra, 1, 0)
    weak = (2, 2, 2, 2, 2, 2, 1)
    if seen != [(s, str(a), str(b)) for s, a, b in zip(STEPS, strong, weak)]:
        raise Malformed("counts", "these are not the counts that rc.h asks for")


# lost.txt: valgrind


def _ring_command(bench: Bench) -> str:
    variant = bench.variant
    ring = f"build/ring {variant['ring_count']} {variant['ring_bytes']}"
    return f"{' '.join(VALGRIND)} {ring}"


def _make_lost(bench: Bench) -> str:
    bench.program("ring")
    return _tool(bench, *_ring_command(bench).split())


def _lost(kind: str, what: str, text: str) -> int:
    bytes_, blocks = rf"{kind} lost: ([\d,]+) bytes", rf"{kind} lost: .* in ([\d,]+) b"
    return _number(text, rf"^==\d+== +{bytes_ if what == 'bytes' else blocks}", "valgrind")


def _lost_bytes(kind: str, text: str, variant: Variant) -> Value:
    return _lost(kind, "bytes", text)


def _valid_lost(text: str, bench: Bench) -> None:
    said = _said(text, _ring_command(bench))
    count, size = int(bench.variant["ring_count"]), int(bench.variant["ring_bytes"])
    kinds = ("definitely", "indirectly", "possibly")
    total = sum(_lost(kind, "bytes", said) for kind in kinds)
    blocks = sum(_lost(kind, "blocks", said) for kind in kinds)
    if blocks != count or total % count or total // count <= size:
        raise Malformed("valgrind", f"not {count} objects of {size} bytes are lost")


# increment.txt: objdump


def _make_increment(bench: Bench) -> str:
    bench.program("increment.o")
    return _tool(bench, *OBJDUMP)


def _instructions(function: str, text: str, variant: Variant) -> Value:
    found = re.findall(
        rf"^[0-9a-f]+ <{function}>:\n((?:[ \t]+[0-9a-f]+:.*\n?)+)", text, re.MULTILINE
    )
    if len(found) != 1:
        raise Malformed("objdump", f"{len(found)} functions of the name {function}")
    return len(found[0].splitlines())


def _valid_increment(text: str, bench: Bench) -> None:
    said = _said(text, " ".join(OBJDUMP))
    for name in ("plain", "atomic"):
        _instructions(name, said, {})  # one at least: it may call another


OBSERVATIONS = (
    Observation("layout.txt", " ".join(PAHOLE), _make_layout, _valid_layout),
    Observation("counts.txt", "counts, at each step", _make_counts, _valid_counts),
    Observation("lost.txt", "valgrind of ring", _make_lost, _valid_lost),
    Observation("increment.txt", " ".join(OBJDUMP), _make_increment, _valid_increment),
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
