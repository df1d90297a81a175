# SPDX-License-Identifier: MIT
"""What the tests of the observers share: text like the tools', and real processes."""

from __future__ import annotations

import os
import pty
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from grader.lab import ROOT

quick = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
"""For a machine that may be busy: an example takes as long as it takes."""

NAMES = st.sampled_from(
    [
        "",
        "[heap]",
        "[stack]",
        "[anon:x]",
        "[vvar_vclock]",
        "/a b/c",
        "/tmp/x\\012y",
        "/tmp/x (deleted)",
        "/tmp/\x1b[31m\r\x85\u2028\udcff ",
    ]
) | st.text(
    st.characters(blacklist_characters="\n", blacklist_categories=()), max_size=40
).filter(lambda name: not name.startswith(" "))
"""Names of mappings; the kernel writes a newline as \\012."""


@st.composite
def ranges(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Start and end of one to eight areas of whole pages, in order, none overlapping."""
    pages = st.integers(1, 2**51)
    edges = sorted(draw(st.lists(pages, min_size=2, max_size=16, unique=True)))
    return [(a << 12, b << 12) for a, b in zip(edges[::2], edges[1::2])]


def spoilt(text: str, seed: int) -> str:
    """The text with something cut out, doubled or put in."""
    chance = random.Random(seed)
    start, end = sorted(chance.choices(range(len(text) + 1), k=2))
    end = min(end, start + chance.choice((1, 5, 80, len(text))))
    new = chance.choice(("", text[start:end] * 2, "\n", '"', "(", "\\", "\0", " = ", "٣"))
    return text[:start] + new + text[end:]


def built(folder: Path, source: str, *flags: str) -> Path:
    """A program made of C source, in the folder."""
    file, program = folder / "demo.c", folder / "demo"
    file.write_text(source)
    subprocess.run(["cc", "-g", "-O0", *flags, file, "-o", program], check=True)
    return program


def need(*tools: str) -> str:
    """The path of the first of these tools that is installed, or skip the test.

    ./setup installs what labs and grader use. Some tests look with more than
    that (another compiler, a browser, a terminal): where it is not, they are
    counted as skipped, and the rest of the suite says what it can.
    """
    for tool in tools:
        found = shutil.which(tool)
        if found is not None:
            return found
    pytest.skip(f"{' or '.join(tools)} is not installed")


def need_terminal() -> tuple[int, int]:
    """A new terminal's two ends, or skip the test: a bare root may have none."""
    try:
        return pty.openpty()
    except OSError as error:
        pytest.skip(f"no terminal to be had: {error}")


def need_everybody() -> None:
    """Skip the test if it would have to be an ordinary user, who cannot read this."""
    public = all(path.stat().st_mode & 0o5 == 0o5 for path in (ROOT, *ROOT.parents))
    if os.getuid() == 0 and not public:
        pytest.skip("only root may read this copy of the suite")


@contextmanager
def waiting() -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours that has started up and waits for input."""
    with subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(b"up?\n")
        assert process.stdout.readline() == b"up?\n"
        yield process
        process.stdin.close()
        assert process.wait(timeout=10) == 0
