# SPDX-License-Identifier: MIT
"""ltrace: library calls in the formats of 0.7.3 and 0.7.91."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.observers import Malformed, decode, ltrace
from grader.tests.observed import built, need, quick

PLAIN = """\
malloc(300000)                                   = 0x7f6a4266d010
fprintf(0x7f6a4288e680, "%p %p %p a"b,c(\\n", 0x7f6a4266d010, 0x2a9122a0) = 44
puts("x, (y) = "z" <unfinished ...>")            = 30
getenv("PATH")                                   = "/bin) = 7"
free(0x7f6a4260b010)                             = <void>
wait(0 <no return ...>
--- SIGCHLD (Child exited) ---
<... wait resumed> )                             = 15299
malloc(8)                                        = nil
+++ exited (status 5) +++
"""

FORKING = """\
23382 prlimit->free(0x55852d3fdd00)              = <void>
23382 --- Called exec() ---
23382 prlimit->malloc(300000)                    = 0x7fce0466e010
23382 prlimit->realloc(0x7fce0466e010, 400000)   = 0x7fce0460c010
23382 fork( <unfinished ...>
23383 <... fork resumed> )                       = 0
23382 <... fork resumed> )                       = 23383
23383 malloc@libc.so.6(100)                      = 0x55a2bda24310
23383 _exit(3 <no return ...>
23383 +++ exited (status 3) +++
23382 --- SIGSEGV (Segmentation fault) ---
23382 +++ killed by SIGSEGV +++
"""

NESTED = """\
[pid 370] demo->malloc(300000 <unfinished ...>
[pid 370] brk@SYS(nil)                               = 0x556233118000
[pid 370] brk@SYS(0x556233139000)                    = 0x556233139000
[pid 370] mmap@SYS(nil, 303104, 3, 34, -1, 0)        = 0x7f3ea51ec000
[pid 370] ioctl@SYS(1, 0x5401, 0x7ffe1e0b2ad0, 3)    = -25
[pid 370] <... malloc resumed> )                     = 0x7f3ea51ec010
[pid 370] demo->free(0x7f3ea51ec010 <unfinished ...>
[pid 370] munmap@SYS(0x7f3ea51ec000, 303104)         = 0
[pid 370] <... free resumed> )                       = <void>
[pid 370] exit_group@SYS(0 <no return ...>
"""


def test_a_log_without_numbers() -> None:
    trace = ltrace.parse(PLAIN)
    assert [(call.name, call.value) for call in trace.calls] == [
        ("malloc", 0x7F6A4266D010),
        ("fprintf", 44),
        ("puts", 30),
        ("getenv", None),
        ("free", None),
        ("wait", 15299),
        ("malloc", 0),
    ]
    arguments = {call.name: call.args for call in trace.calls}
    assert arguments["fprintf"][1:3] == ('"%p %p %p a"b,c(\\n"', "0x7f6a4266d010")
    assert arguments["puts"] == ('"x, (y) = "z" <unfinished ...>"',)
    assert arguments["wait"] == ("0",)
    assert [call.result for call in trace.calls[3:5]] == ['"/bin) = 7"', "<void>"]
    assert trace.signals == ((None, "SIGCHLD"),)
    assert trace.ends == (ltrace.End(None, 5, None),)
    assert ltrace.after_exec(trace) == trace.calls


def test_a_log_of_two_processes_and_an_exec() -> None:
    trace = ltrace.parse(FORKING)
    assert trace.execs == ((23382, 1),)
    own = ltrace.after_exec(trace)
    assert [(call.pid, call.name, call.library, call.value) for call in own] == [
        (23382, "malloc", "", 0x7FCE0466E010),
        (23382, "realloc", "", 0x7FCE0460C010),
        (23382, "fork", "", 23383),
        (23383, "malloc", "libc.so.6", 0x55A2BDA24310),
        (23383, "_exit", "", None),
    ]
    assert own[1].args == ("0x7fce0466e010", "400000")
    assert own[1].caller == "prlimit"
    assert [(end.status, end.signal) for end in trace.ends] == [
        (3, None),
        (None, "SIGSEGV"),
    ]


def test_system_calls_inside_a_library_call() -> None:
    calls = ltrace.parse(NESTED).calls
    assert [(call.name, call.inside) for call in calls] == [
        ("malloc", None),
        ("brk", 0),
        ("brk", 0),
        ("mmap", 0),
        ("ioctl", 0),
        ("free", None),
        ("munmap", 5),
        ("exit_group", None),
    ]
    assert {call.library for call in calls if call.inside is not None} == {"SYS"}
    assert (calls[0].args, calls[0].value) == (("300000",), 0x7F3EA51EC010)
    assert [call.value for call in calls[1:5]] == [
        *(0x556233118000, 0x556233139000, 0x7F3EA51EC000, -25),
    ]
    assert (calls[5].args, calls[5].result) == (("0x7f3ea51ec010",), "<void>")


NUMBERS = st.integers(0, 2**64 - 1).map(hex) | st.integers(-(2**31), 2**31).map(str)
WORDS = NUMBERS | st.sampled_from(["nil", "AT_FDCWD", '"a"', '"a, b"...', "{ 1, 2 }"])


@quick
@given(st.lists(WORDS, max_size=5), NUMBERS)
def test_arguments_are_split_where_they_end(args: list[str], result: str) -> None:
    (call,) = ltrace.parse(f"7 demo->f({', '.join(args)})     = {result}\n").calls
    assert call.args == tuple(args)
    assert call.value == int(result, 0)


@quick
@given(st.text(st.characters(blacklist_characters="\n")), st.integers(0, 2**40))
def test_no_string_changes_a_numeric_result(text: str, result: int) -> None:
    (call,) = ltrace.parse(f'puts("{text}") = {result}\n').calls
    assert (call.name, call.value) == ("puts", result)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ltrace: empty"),
        ("0x7f6a4266d010 a\"b,c(\n", "line 1: not a library call"),
        ("malloc(8) = 0x1\nmalloc(8", "line 2: the call has no result"),
        ("malloc(8)", "line 1: the call has no result"),
        ("malloc(8) = ", "line 1: the call has no result"),
        ("<... malloc resumed> ) = 0", "line 1: resumes a call that nobody left"),
        ("1 a( <unfinished ...>\n2 <... a resumed> ) = 0", "line 2: resumes a call"),
        ("no\x1b\udcff", r"line 1: not a library call: 'no\x1b\udcff'"),
    ],
)
def test_ltrace_refuses(text: str, says: str) -> None:
    with pytest.raises(Malformed) as caught:
        ltrace.parse(text)
    assert says in str(caught.value)


SOURCE = r"""
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	void *small = malloc(100);
	void *large = malloc(8 << 20);

	puts("malloc(9) = 0x9\n+++ exited (status 9) +++");
	free(large);
	free(small);
	return 6;
}
"""


def test_a_real_run(tmp_path: Path) -> None:
    need("ltrace")
    program, log = built(tmp_path, SOURCE, "-Wl,-z,lazy"), tmp_path / "log"
    done = subprocess.run(
        ["ltrace", "-f", "-e", "malloc+free+puts", "-o", log, program],
        capture_output=True,
        timeout=60,
    )
    if not log.exists() or "malloc" not in log.read_text(errors="replace"):
        pytest.skip(f"ltrace sees nothing here: {decode(done.stderr)}")
    trace = ltrace.parse(decode(log.read_bytes()))
    assert [(call.name, call.args[0]) for call in trace.calls][:2] == [
        ("malloc", "100"),
        ("malloc", str(8 << 20)),
    ]
    small, large, said, *freed = trace.calls
    assert said.name == "puts"
    assert [call.args for call in freed] == [(large.result,), (small.result,)]
    assert small.value and large.value and small.value != large.value
    assert [end.status for end in trace.ends] == [6]
