# SPDX-License-Identifier: MIT
"""strace: every call once, whatever the program wrote into its arguments."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.observers import Malformed, decode, strace, syscalls
from grader.tests.observed import built, need, quick

FORKING = r"""
15332 execve("/usr/bin/prlimit", ["prlimit", "./demo"], 0x7ffd /* 37 vars */) = 0
15332 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3
15332 execve("./demo", ["./demo"], 0x7ffdd1fb1d80 /* 37 vars */) = 0
15332 brk(NULL)                         = 0x5637760ea000
15332 access("/etc/ld.so.preload", R_OK) = -1 ENOENT (No such file or directory)
15332 openat(AT_FDCWD, "/lib/libc.so.6", O_RDONLY|O_CLOEXEC) = 3
15332 read(3, "\177ELF\2\1\1\3\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0"..., 832) = 832
15332 newfstatat(3, "", {st_mode=S_IFREG|0755, st_size=1926232, ...}, AT_EMPTY_PATH) = 0
15332 mmap(NULL, 1974096, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, 3, 0) = 0x7f9165918000
15332 prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0
15332 brk(0x56377610b000)               = 0x56377610b000
15332 mmap(NULL, 303104, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f91658cb000
15332 rt_sigprocmask(SIG_BLOCK, ~[RTMIN RT_1], [], 8) = 0
15332 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f9165915a10) = 15335
15335 set_robust_list(0x7eff553d4a20, 24 <unfinished ...>
15332 wait4(-1,  <unfinished ...>
15335 <... set_robust_list resumed>)    = 0
15335 munmap(0x7f91658cb000, 303104)    = 0
15335 exit_group(3)                     = ?
15335 +++ exited with 3 +++
15332 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 15335
15332 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=15335, si_uid=0} ---
15332 write(1, "x, (y) = \"z\" <unfinished ...>\n", 30) = 30
15332 readlink("/proc/self/exe", 0x7ffd, 64) = -1 EACCES (Permission denied)
15332 umask(022)                        = 022
15332 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=3, tv_nsec=0}, 0x7ff) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)
15332 restart_syscall(<... resuming interrupted clock_nanosleep ...>) = 0
15332 exit_group(5)                     = ?
15332 +++ exited with 5 +++
""".lstrip()

THREAD_EXECS = r"""
24421 futex(0x7fd864fe0990, FUTEX_WAIT_BITSET, 24422, NULL, FUTEX_BITSET_MATCH_ANY <unfinished ...>
24422 execve("/bin/true", ["/bin/true"], 0x7ffc272c5288 /* 37 vars */ <unfinished ...>
24421 <... futex resumed>)              = ?
24421 +++ superseded by execve in pid 24422 +++
24421 <... execve resumed>)             = 0
24421 brk(NULL)                         = 0x1000
24421 exit_group(0)                     = ?
24421 +++ exited with 0 +++
""".lstrip()

SEVERAL_ON_STDERR = r"""
execve("/bin/sh", ["sh"], 0x7ffd /* 3 vars */) = 0
strace: Process 15348 attached
[pid 15347] wait4(-1,  <unfinished ...>
[pid 15348] clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=3, tv_nsec=0},  <unfinished ...>
[pid 15347] <... wait4 resumed>0x7ff, 0, NULL) = ? ERESTARTSYS (To be restarted)
[pid 15347] --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER} ---
[pid 15347] wait4(-1,  <unfinished ...>
[pid 15348] <... clock_nanosleep resumed> <unfinished ...>) = ?
[pid 15348] +++ killed by SIGKILL (core dumped) +++
<... wait4 resumed>[{WIFSIGNALED(s)}], 0, NULL) = 15348
read(0, <detached ...>
""".lstrip()

DESCRIBED = r"""
openat(AT_FDCWD</tmp/a, (b>, "f", O_RDONLY) = 3</tmp/d\74a\76b\"c,\nd)/f>
read(3</tmp/d\74a\76b\"c,\nd)/f>, "hi\n", 131072) = 3
write(1</dev/pts/0<char 136:0>>, ")", 1) = 1
connect(4<TCP:[127.0.0.1:4->127.0.0.1:80]>, {sa_family=AF_INET}, 16) = 0
mmap(NULL, 4, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|21<<MAP_HUGE_SHIFT, -1, 0) = 0x7f00
clone3({flags=CLONE_VM, stack_size=0x7fff80} => {parent_tid=[24456]}, 88) = 24456
fcntl(3</dev/null>, F_GETFL) = 0x8000 (flags O_RDONLY|O_LARGEFILE)
rt_sigreturn({mask=[]}) = -1 EINTR (Interrupted system call)
ioctl(3</dev/null>, FAKE) = -1 (errno 512)
getppid()                               = 0
""".lstrip()


def test_calls_signals_and_ends_of_two_processes() -> None:
    trace = strace.parse(FORKING)
    assert len(trace.calls) == 24
    by_name = {call.name: call for call in trace.calls}
    wait = by_name["wait4"]
    assert wait.args == ("-1", "[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]", "0", "NULL")
    assert (wait.value, wait.line, wait.error) == (15335, 16, None)
    assert trace.calls.index(wait) < trace.calls.index(by_name["munmap"])
    assert by_name["set_robust_list"].args == ("0x7eff553d4a20", "24")
    assert by_name["read"].args[1].endswith('"...')
    assert by_name["newfstatat"].args[2] == (
        "{st_mode=S_IFREG|0755, st_size=1926232, ...}"
    )
    assert by_name["write"].args[1] == r'"x, (y) = \"z\" <unfinished ...>\n"'
    access = by_name["access"]
    assert (access.value, access.error) == (-1, "ENOENT")
    assert access.result == "-1 ENOENT (No such file or directory)"
    assert by_name["umask"].value == 0o22
    nap = by_name["clock_nanosleep"]
    assert (nap.value, nap.error) == (None, "ERESTART_RESTARTBLOCK")
    assert (by_name["exit_group"].value, by_name["exit_group"].result) == (None, "?")
    assert [(s.pid, s.name) for s in trace.signals] == [(15332, "SIGCHLD")]
    assert [(e.pid, e.status, e.signal) for e in trace.ends] == [
        (15335, 3, None),
        (15332, 5, None),
    ]


def test_questions_about_calls() -> None:
    calls = strace.parse(FORKING).calls
    own = syscalls.after_exec(calls, "./demo")
    assert own[0].name == "brk" and len(own) == len(calls) - 3
    assert {call.pid for call in own} == {15332, 15335}
    assert syscalls.after_exec(calls, "/bin/demo") == ()
    assert [use.path for use in syscalls.uses(own) if use.opened] == ["/lib/libc.so.6"]
    assert [(use.call.name, use.directory, use.path) for use in syscalls.uses(own)] == [
        ("access", "", "/etc/ld.so.preload"),
        ("openat", "AT_FDCWD", "/lib/libc.so.6"),
        ("newfstatat", "3", ""),
        ("readlink", "", "/proc/self/exe"),
    ]
    (mapped,) = syscalls.anonymous(own)
    assert (mapped.address, mapped.length) == (0x7F91658CB000, 303104)
    assert syscalls.unmapped(own) == ((0x7F91658CB000, 303104),)
    assert syscalls.breaks(own) == (0x5637760EA000, 0x56377610B000)


def test_a_thread_that_executes_a_program_takes_its_leaders_place() -> None:
    trace = strace.parse(THREAD_EXECS)
    assert [(call.pid, call.name, call.value) for call in trace.calls[:2]] == [
        (24421, "futex", None),
        (24421, "execve", 0),
    ]
    assert [c.name for c in syscalls.after_exec(trace.calls, "/bin/true")] == [
        "brk",
        "exit_group",
    ]


def test_a_log_without_a_file_of_its_own() -> None:
    trace = strace.parse(SEVERAL_ON_STDERR)
    assert [(call.pid, call.name, call.value) for call in trace.calls] == [
        (None, "execve", 0),
        (15347, "wait4", None),
        (15348, "clock_nanosleep", None),
        (15347, "wait4", 15348),
        (None, "read", None),
    ]
    assert trace.calls[-1].args == ("0",)
    assert [(end.pid, end.signal) for end in trace.ends] == [(15348, "SIGKILL")]


def test_descriptors_with_names_and_odd_results() -> None:
    calls = strace.parse(DESCRIBED).calls
    assert [len(call.args) for call in calls] == [3, 3, 3, 3, 6, 2, 2, 1, 2, 0]
    assert [call.value for call in calls] == [3, 3, 1, 0, 0x7F00, 24456, 32768, -1, -1, 0]
    assert [call.error for call in calls[-3:]] == ["EINTR", "errno 512", None]
    (use,) = syscalls.uses(calls)
    assert (use.directory, use.path) == ("AT_FDCWD</tmp/a, (b>", "f")
    assert [mapped.length for mapped in syscalls.anonymous(calls)] == [4]


def quoted(data: bytes) -> str:
    """A string as strace prints it (string_quote in its util.c)."""
    escapes = {b"\n": r"\n", b"\t": r"\t", b'"': r"\"", b"\\": r"\\"}
    text = ""
    for at in range(len(data)):
        byte, digit = data[at : at + 1], data[at + 1 : at + 2].isdigit()
        plain = byte.decode() if 32 <= byte[0] < 127 else ""
        octal = f"\\{byte[0]:03o}" if digit else f"\\{byte[0]:o}"
        text += escapes.get(byte) or plain or octal
    return f'"{text}"'


STRINGS = st.binary(max_size=12).map(quoted) | st.sampled_from(
    ['") = 7"', '" <unfinished ...>"', '"\\\\"', '"a, b"...', '"/* "']
)
WORDS = st.sampled_from(
    ["NULL", "-1", "0x7f00", "A|B", "1<<3", "~[]", "0 /* x */", "3</a, (b>", "[a b]"]
)
ARGS = st.recursive(
    WORDS | STRINGS,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from(
            [
                "{a=%s}" % ", b=".join(parts),
                "[%s]" % ", ".join(parts),
                "makedev(%s)" % ", ".join(parts),
                "{%s, ...}" % ", ".join(parts),
            ]
        )
    ),
    max_leaves=6,
)


@quick
@given(st.lists(ARGS, max_size=5), st.sampled_from(["0", "-1 EIO (x) = 3", "?", "0x7"]))
def test_arguments_are_split_where_they_end(args: list[str], result: str) -> None:
    (call,) = strace.parse(f"demo({', '.join(args)})   = {result}\n").calls
    assert (call.args, call.result) == (tuple(args), result)


@quick
@given(st.lists(ARGS, min_size=1, max_size=4), st.integers(0, 4))
def test_a_call_in_two_lines_is_one_call(args: list[str], cut: int) -> None:
    before, after = args[:cut], args[cut:]
    first = ", ".join(before) + (", " if before and after else "")
    text = (
        f"7 demo({first} <unfinished ...>\n"
        "8 other() = 1\n"
        f"7 <... demo resumed>{', '.join(after)}) = 0\n"
    )
    one, other = strace.parse(text).calls
    assert (one.name, one.args, one.value, one.line) == ("demo", tuple(args), 0, 1)
    assert other.pid == 8


@quick
@given(st.binary())
def test_a_string_is_the_bytes_that_the_program_passed(data: bytes) -> None:
    found = strace.string(quoted(data))
    assert found is not None
    assert found.encode("utf-8", "surrogateescape") == data


def test_what_is_no_whole_string() -> None:
    for arg in ("", "NULL", '"a"...', '"a', 'a"', '"a" "b"'):
        assert strace.string(arg) is None
    assert strace.string(r'"\x41\101\1b\e"') == "AA\x01be"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "strace: empty"),
        ("read(0, \"abc\", 3) = 3\nread(0, \"ab", "line 2: not a system call"),
        ("read(0, {[}], 3) = 3", "line 1: not a system call"),
        ("read(0, 3) = three", "line 1: not a system call"),
        ("read(0, /* 3) = 3", "line 1: not a system call"),
        ("1 <... read resumed>) = 3", "line 1: resumes a call that nobody left"),
        ("1 a( <unfinished ...>\n1 <... b resumed>) = 0", "line 2: resumes a call"),
        ("1 a( <unfinished ...>\n1 b( <unfinished ...>", "line 2: not the start"),
        (" <unfinished ...>", "line 1: not the start of a system call"),
        ("hello, world\x1b[2J", r"not a system call: 'hello, world\x1b[2J'"),
    ],
)
def test_strace_refuses(text: str, says: str) -> None:
    with pytest.raises(Malformed) as caught:
        strace.parse(text)
    assert says in str(caught.value)


SOURCE = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	static const char text[] = "\") = 7\n7 brk(NULL) = 1\n";
	char *block = malloc(8 << 20);
	int file = open("/dev/null", O_WRONLY);

	memset(block, 1, 8 << 20);
	if (write(file, text, strlen(text)) < 0 || open("/no/such \"file\n", 0) >= 0)
		return 1;
	free(block);
	if (fork() == 0) {
		close(file);
		_exit(3);
	}
	wait(NULL);
	return 4;
}
"""


def test_a_real_run(tmp_path: Path) -> None:
    need("strace")
    program, log = built(tmp_path, SOURCE), tmp_path / "log"
    done = subprocess.run(["strace", "-f", "-o", log, program], capture_output=True)
    if not log.exists() or not log.stat().st_size:
        pytest.skip(f"strace may not trace here: {decode(done.stderr)}")
    trace = strace.parse(decode(log.read_bytes()))
    own = syscalls.after_exec(trace.calls, str(program))
    assert done.returncode == 4
    assert [(end.status, end.signal) for end in trace.ends] == [(3, None), (4, None)]
    assert {call.pid for call in own} == {end.pid for end in trace.ends}
    used = {use.path: use.opened for use in syscalls.uses(own)}
    assert used["/dev/null"] and not used['/no/such "file\n']
    blocks = [m for m in syscalls.anonymous(own) if m.length >= 8 << 20]
    assert len(blocks) == 1
    assert (blocks[0].address, blocks[0].length) in syscalls.unmapped(own)
    breaks = syscalls.breaks(own)
    assert list(breaks) == sorted(breaks)
    (write,) = [call for call in own if call.name == "write"]
    assert strace.string(write.args[1]) == '") = 7\n7 brk(NULL) = 1\n'
