# SPDX-License-Identifier: MIT
"""Lab 02: a student's linkage.c, linked by the judge in all four ways, and run."""

from __future__ import annotations

import functools
import os
import posixpath
import random
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.box import Finished
from grader.checks.pause_02 import KINDS
from grader.judge.api import cannot_check, fail
from grader.judge.bench import Bench
from grader.observers import elf, strace, syscalls
from grader.outcome import Cause

HOW = dict(zip(KINDS, ("-pie", "-no-pie", "-static", "-static-pie")))
# No code shares a page with the headers: company.c writes there.
PAGES = "-Wl,-z,separate-code"
SUPPORT = ("pause.c", "maps.c", "maps_parse.c")
WORD_BYTES = 1 << 13  # a right program prints one word
TRACE_CHARACTERS = 1 << 20  # an honest log has some ten thousand
# Who refers to these asks the linker, the loader or the kernel, not the maps.
OTHER_SOURCES = {
    "_DYNAMIC",
    "__ehdr_start",
    "__executable_start",
    "_dl_find_object",
    "_r_debug",
    "backtrace_symbols",
    "backtrace_symbols_fd",
    "dl_iterate_phdr",
    "dladdr",
    "dladdr1",
    "dlinfo",
    "dlmopen",
    "dlopen",
    "dlsym",
    "dlvsym",
    "getauxval",
}
_DUPLICATES = ("dup", "dup2", "dup3", "fcntl")
_OWN_MAPS = re.compile(r"/proc/(self|thread-self|[0-9]+)(/task/[0-9]+)?/s?maps")


@dataclass(frozen=True)
class Four:
    """The four programs that one object file of linkage.c was linked into."""

    bench: Bench
    object: Path
    programs: Mapping[str, Path]
    stripped: Mapping[str, Path]
    stopped: list[str] = field(default_factory=list)
    """The first run that had to be stopped: there is no second one."""

    def copy(self, kind: str, name: str = "", stripped: bool = False) -> Path:
        """A copy of the program under `name`, or under one that says nothing."""
        source = (self.stripped if stripped else self.programs)[kind]
        target = self.bench.new_folder() / (name or secrets.token_hex(8))
        shutil.copyfile(source, target)
        target.chmod(0o755)
        return target

    def run(
        self,
        program: Path,
        before: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> str:
        """What the program said; `before` are the words before its own path."""
        if self.stopped:
            return self.stopped[0]
        return self._word(self.bench.box.run([*before, program], env=env))

    def run_deleted(self, kind: str) -> str:
        """What the program said, deleted after its start, before its main."""
        if self.stopped:
            return self.stopped[0]
        program = self.copy(kind)
        env = {"COMPANY_PROMPT": "delete me"}
        with self.bench.box.spawn([program], env=env) as process:
            process.wait_prompt()
            program.unlink()
            process.press_enter()
            done = process.finish()
        return self._word(replace(done, stdout=done.stdout.partition(b"\n")[2]))

    def run_watched(self, kind: str) -> str:
        """What the program said; fail if it looked at more than its maps."""
        if self.stopped:
            return self.stopped[0]
        program = self.copy(kind)
        env = {"COMPANY_ERASE": "1"}
        done = self.bench.box.run([program], trace=["strace", "-f"], env=env)
        word = self._word(done)
        if not done.trace_whole:
            cannot_check(Cause.PERMISSION, "strace did not see linkage to its end")
        if len(done.trace) > TRACE_CHARACTERS:
            return f"{word}\n(after far more system calls than it takes)"
        offence = _offence_in(strace.parse(done.trace).calls, program)
        if offence:
            fail(
                expected="it reads /proc/self/maps, and asks for nothing else that "
                "could tell how it is linked",
                actual=offence,
                input=f"linkage.c, linked by the judge as {kind}, under strace -f",
                rerun=f"strace -f build/linkage-{kind}",
            )
        return word

    def expect_no_other_source(self) -> None:
        """Fail if linkage.c refers to what tells without the maps.

        A weak reference may find nothing, so it asks whether the C library is
        inside.
        """
        done = self.bench.box.run(["nm", "-u", self.object])
        lines = done.stdout.decode("utf-8", "backslashreplace")
        names = re.findall(r"^ *([Uvw]) (\S+)$", lines, re.M)
        if (done.how, done.status) != ("exited", 0):
            words = done.stderr.decode("utf-8", "backslashreplace")
            cannot_check(Cause.TOOL, f"nm {done.describe()}: {words}")
        used = {
            f"{name} (a weak reference)" if mark in "vw" else name
            for mark, name in names
            if mark in "vw" or name in OTHER_SOURCES
        }
        if used:
            fail(
                expected="linkage.c learns how it is linked from its maps alone",
                actual=f"it uses {', '.join(sorted(used))}",
                input="linkage.c",
                rerun="nm -u build/linkage.o",
            )

    def expect_no_guess(self, kind: str) -> None:
        """Fail if a static program that cannot open its maps names a kind."""
        # No descriptor can be had, and none of those closed can be had again.
        argv = ["sh", "-c", 'ulimit -n 0; exec "$0"', str(self.copy(kind))]
        done = self.bench.box.run(argv)
        word = done.stdout.decode("utf-8", "backslashreplace").strip()
        if done.how != "exited" or done.status == 0 or word:
            fail(
                expected="nothing on standard output, and an exit status other than 0",
                actual=f"{word or 'nothing'}; it {done.describe()}",
                input=f"linkage.c, linked by the judge as {kind}, where "
                "/proc/self/maps cannot be opened",
                rerun=f"(ulimit -n 0; exec build/linkage-{kind})",
            )

    def expect(
        self,
        run: Callable[[str], str],
        how: str,
        rerun: str = "",
        kinds: tuple[str, ...] = KINDS,
    ) -> None:
        """Fail unless `run` of each kind, in random order, gives the kind's word."""
        order = random.sample(kinds, len(kinds))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            words = dict(zip(order, pool.map(run, order)))
        wrong = [kind for kind in order if words[kind] != kind]
        if wrong:
            fail(
                expected="\n".join(wrong),
                actual="\n".join(words[kind] for kind in wrong),
                input=f"linkage.c, linked by the judge as {', '.join(wrong)}; {how}",
                rerun=rerun or f"build/linkage-{wrong[0]}",
            )

    @functools.cached_property
    def libraries(self) -> tuple[Path, dict[str, Path]]:
        """The loader of dynamic programs, and their libraries by name.

        Asked of a program of the judge's: a student's may name any file.
        """
        program = self.bench.probe("nothing.c")
        loader = elf.read(program).interpreter or ""
        done = self.bench.box.run([loader, "--list", program])
        found = re.findall(r"^\s*(\S+) => (/.*) \(0x", done.stdout.decode(), re.M)
        return Path(loader), {name: Path(path) for name, path in found}

    def renamed_libraries(self) -> tuple[Path, Path]:
        """A copy of the loader, and a folder where it finds copies of the libraries.

        Their names in maps tell nothing: a symbolic link is not shown there,
        only what it leads to.
        """
        loader, libraries = self.libraries
        folder = self.bench.new_folder()
        copies = [folder / secrets.token_hex(8) for _ in range(1 + len(libraries))]
        for source, copy in zip((loader, *libraries.values()), copies):
            shutil.copyfile(source, copy)
            copy.chmod(0o755)
        for name, copy in zip(libraries, copies[1:]):
            (folder / name).symlink_to(copy.name)
        return copies[0], folder

    def _word(self, done: Finished) -> str:
        """What linkage said, if it ended well; else how it ended."""
        said = done.stdout[:WORD_BYTES].decode("utf-8", "backslashreplace").strip()
        if (done.how, done.status) == ("exited", 0):
            return said or "nothing"
        words = done.stderr[:WORD_BYTES].decode("utf-8", "backslashreplace").strip()
        word = f"{said}\n(it {done.describe()}) {words}".strip()
        if done.how not in ("exited", "signal"):
            self.stopped.append(word)
        return word


def link_four(bench: Bench) -> Four:
    """Compile linkage.c once, link it four ways, and see that they are four."""
    company = bench.probe("company.c", ("-c", "-fPIE"))
    folder = bench.root / "tree" / "support"
    sources = ["linkage.c", *(str(folder / name) for name in SUPPORT)]
    linkage, *others = bench.objects(sources, ("-fPIE",))
    # A library: who has written a reader of his own may call it the same.
    support = bench.produce("support.a", lambda path: ["ar", "rc", path, *others])

    def link(kind: str) -> tuple[Path, Path]:
        program = bench.link((company, linkage, support), kind, (HOW[kind], PAGES))
        return program, bench.produce(
            kind, lambda path: ["strip", program, "-o", path]
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = dict(zip(KINDS, pool.map(link, KINDS)))
    for kind, (program, _) in made.items():
        if (found := kind_of(program)) != kind:
            fail(
                expected=f"linked with cc {HOW[kind]}, linkage.c is {kind}",
                actual=found,
                input="linkage.c",
                rerun=f"readelf -hlW build/linkage-{kind}",
            )
    programs = {kind: program for kind, (program, _) in made.items()}
    stripped = {kind: stripped for kind, (_, stripped) in made.items()}
    return Four(bench, linkage, programs, stripped)


def kind_of(program: Path) -> str:
    """Which of the four an ELF file is, or in words what else."""
    file = elf.read(program)
    if file.kind not in ("ET_EXEC", "ET_DYN"):
        return f"no program ({file.kind})"
    if file.kind == "ET_EXEC" and file.is_pie:
        return "no program (ET_EXEC, but linked as a PIE)"
    if file.interpreter is None and file.needed:
        return f"no program (it needs {', '.join(file.needed)}, and has no loader)"
    linked = "static" if file.interpreter is None else "dynamic"
    return linked + ("-pie" if file.kind == "ET_DYN" else "")


def _offence_in(calls: Sequence[strace.Call], program: Path) -> str | None:
    """Why a run did more, or less, than reading its own maps, or None.

    company.c's mark divides the log: before it is the start of the C library,
    which in a static program asks for its own name.
    """
    marks = [
        index
        for index, call in enumerate(calls)
        if (call.name, call.args[:2]) == ("write", ("-1", '"company"'))
    ]
    if not marks:
        return "it does not begin as the judge's part of it does"
    before, after = calls[1 : marks[0]], calls[marks[0] + 1 :]
    start = [call for call in before if not call.name.startswith("readlink")]
    for call in (*start, *after):
        if offence := offence_of(call, program):
            return offence
    return None if _has_read_maps(after) else "it does not read /proc/self/maps"


def offence_of(call: strace.Call, program: Path) -> str | None:
    """Why a call is more than reading one's own maps, or None."""
    shown = f"{call.name}({', '.join(call.args)})"
    if call.name in ("execve", "execveat"):
        return f"it starts another program: {shown}"
    if call.name in ("link", "linkat", "symlink", "symlinkat", "rename", "renameat2"):
        return f"it gives a file another name: {shown}"
    if call.name == "prctl" and call.args[:1] == ("PR_GET_AUXV",):
        return f"it asks for its auxiliary vector: {shown}"
    for use in syscalls.uses([call]):
        if not use.path:  # AT_EMPTY_PATH: of a file that is open already
            continue
        path = posixpath.normpath(use.path)
        if _OWN_MAPS.fullmatch(path):
            continue
        if not path.startswith("/") or path.startswith("//"):
            return f"it uses a relative path: {shown}"
        if path == str(program) or path.startswith(("/proc", "/dev/fd", "/dev/std")):
            return f"it looks at more than its maps: {shown}"
    return None


def _has_read_maps(calls: Iterable[strace.Call]) -> bool:
    opened: set[str] = set()
    for call in calls:
        for use in syscalls.uses([call]):
            if use.opened and _OWN_MAPS.fullmatch(posixpath.normpath(use.path)):
                opened.add(str(call.value))
        if call.name in _DUPLICATES and call.args[0] in opened:
            opened.add(str(call.value))
        if call.name in ("read", "pread64", "readv") and (call.value or 0) > 0:
            if call.args[0] in opened:
                return True
    return False
