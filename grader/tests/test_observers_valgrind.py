# SPDX-License-Identifier: MIT
"""valgrind: leaks and errors from its XML, and no other document believed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from grader.observers import Malformed, decode, valgrind
from grader.tests.observed import built, need

FRAMES = """\
<stack>
<frame><ip>0x48417B4</ip><obj>/usr/libexec/vgpreload.so</obj><fn>malloc</fn></frame>
<frame><ip>0x1091E6</ip><obj>/tmp/demo/demo</obj><fn>main</fn><dir>/tmp/demo</dir>
<file>demo.c</file><line>6</line></frame>
</stack>
"""


def leak(kind: str, size: int) -> str:
    """One leak record."""
    return (
        f"<error><unique>0x1</unique><tid>1</tid><kind>Leak_{kind}</kind>"
        f"<xwhat><text>{size} bytes lost</text><leakedbytes>{size}</leakedbytes>"
        f"<leakedblocks>2</leakedblocks></xwhat>{FRAMES}</error>"
    )


REPORT = f"""\
<?xml version="1.0"?>

<valgrindoutput>
<protocolversion>4</protocolversion>
<protocoltool>memcheck</protocoltool>
<preamble><line>Memcheck</line><line>Command: ./demo &lt;&amp;</line></preamble>
<pid>15366</pid><ppid>15364</ppid><tool>memcheck</tool>
<status><state>RUNNING</state><time>00:00:00:02.010 </time></status>
<error><unique>0x0</unique><tid>1</tid><kind>UninitCondition</kind>
<what>Conditional jump or move depends on uninitialised value(s)</what>
{FRAMES}
<auxwhat>Uninitialised value was created by a heap allocation</auxwhat>
<stack><frame><ip>0x1</ip></frame></stack>
</error>
<status><state>FINISHED</state><time>00:00:00:04.938 </time></status>
{leak("DefinitelyLost", 777)}
{leak("IndirectlyLost", 20)}
{leak("PossiblyLost", 3)}
{leak("StillReachable", 1024)}
<errorcounts><pair><count>1</count><unique>0x0</unique></pair></errorcounts>
<suppcounts></suppcounts>
</valgrindoutput>
"""


def test_leaks_by_kind_and_errors_by_line() -> None:
    report = valgrind.parse(REPORT)
    assert report.pid == 15366
    assert report.leaked() == 800
    assert report.leaked("definitely") == 777
    assert report.leaked("reachable") == 1024
    assert [(each.kind, each.blocks) for each in report.leaks] == [
        ("definitely", 2),
        ("indirectly", 2),
        ("possibly", 2),
        ("reachable", 2),
    ]
    (error,) = report.errors
    assert error.kind == "UninitCondition" and error.what
    assert [frame.function for frame in error.stack] == ["malloc", "main"]
    frame = valgrind.where(error.stack, ["demo.c"])
    assert frame and (frame.file, frame.line) == ("demo.c", 6)
    assert valgrind.where(error.stack, ["other.c"]) is None
    assert report.signal is None


def test_a_program_that_a_signal_killed() -> None:
    signal = "<fatal_signal><tid>1</tid><signo>11</signo><signame>SIGSEGV</signame>"
    text = REPORT.replace("<suppcounts>", f"{signal}</fatal_signal><suppcounts>")
    assert valgrind.parse(text).signal == "SIGSEGV"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "valgrind: empty"),
        ("==1== Memcheck\n", "valgrind, line 1: "),
        (REPORT[:-20], "valgrind, line "),
        (REPORT + REPORT, "valgrind, line "),
        (REPORT.replace("FINISHED", "RUNNING"), "the run did not finish"),
        (REPORT.replace(">memcheck<", ">massif<"), "not a memcheck report"),
        ("<other/>", "not a memcheck report"),
        (REPORT.replace("\n\n", BOMB, 1), "no document type"),
        (REPORT.replace("777", "٣"), "leakedbytes is not a number"),
        (REPORT.replace("<pid>15366", "<pid>" + "9" * 5000), "pid is not a number"),
        (REPORT.replace("demo.c", "\x1b"), "valgrind, line "),
        ("<a>" * 40 + "</a>" * 40, "nested more than 32 deep"),
    ],
)
def test_valgrind_refuses(text: str, says: str) -> None:
    with pytest.raises(Malformed) as caught:
        valgrind.parse(text)
    assert says in str(caught.value)


def test_an_undefined_entity_is_refused() -> None:
    with pytest.raises(Malformed, match="undefined entity"):
        valgrind.parse(REPORT.replace("Memcheck", "&x;"))


SOURCE = r"""
#include <stdlib.h>

int main(void)
{
	char *block = malloc(100);
	int odd = block[99] == block[98];

	block = malloc(23);
	block[23] = 1;
	free(block);
	return odd ? 1 : 2;
}
"""


def test_a_real_run(tmp_path: Path) -> None:
    need("valgrind")
    program, log = built(tmp_path, SOURCE), tmp_path / "log"
    done = subprocess.run(
        [
            *("valgrind", "--command-line-only=yes", "--leak-check=full"),
            *("--show-leak-kinds=all", "--xml=yes", f"--xml-file={log}", program),
        ],
        capture_output=True,
        timeout=120,
    )
    assert log.exists(), decode(done.stderr)
    report = valgrind.parse(decode(log.read_bytes()))
    assert report.leaked("definitely") == report.leaked() == 100
    lines = {e.kind: valgrind.where(e.stack, ["demo.c"]) for e in report.errors}
    write = lines["InvalidWrite"]
    assert write and write.function == "main"
    assert SOURCE.split("\n")[(write.line or 0) - 1] == "\tblock[23] = 1;"
