# SPDX-License-Identifier: MIT
"""The markers in a solution's source: what of it a student is to write.

A marked region of solutions/NN-name/FILE

    /* BEGIN 2 decide: say which mapping holds the address. */
    return maps_find(maps, address);
    //~ return NULL;
    /* END 2 decide */

becomes in labs/NN-name/FILE, with the indentation of its BEGIN,

    /* TODO 2: say which mapping holds the address. See make hint STEP=2 */
    return NULL;

The grammar, by line; `BLANK` is any run of spaces and tabs, also none:

    begin = BLANK OPEN "BEGIN " TASK " " NAME ": " prompt CLOSE
    end   = BLANK OPEN "END " TASK " " NAME CLOSE
    tilde = BLANK LEADER [" " text]     the skeleton has it as BLANK text

    TASK  = a lab's task: 1 to 99, without a leading zero
    NAME  = lower-case words and numbers, joined by hyphens; unique in a lab
    C (.c, .h, .S):        OPEN = "/* "  CLOSE = " */"  LEADER = "//~"
    all others (make, TOML, shell):  OPEN = "# "  CLOSE = ""  LEADER = "#~"

A prompt may go on in further lines: in C up to the end of the comment, each
line with "* " before it; elsewhere as long as a line ends in a backslash, each
with "# " before it. Regions do not nest. Tilde lines stand in regions.
Whatever looks like a marker but is none is an error: no solution may leak.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import InputError

COLUMNS = 80
TAB = 8
C_SUFFIXES = (".c", ".h", ".S")

_LEADERS = ("//~", "#~")
_MARKER = re.compile(
    r"(?:/\*+|//+|#+)[ \t]*(?:(BEGIN|END)\b|((?i:begin|end))[ \t]+[0-9])"
)
_NAMED = r"(?P<task>[1-9][0-9]?) (?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)"
_BEGIN = re.compile(rf"BEGIN {_NAMED}: (?P<prompt>\S.*)")
_END = re.compile(rf"END {_NAMED}")


class SkeletonError(InputError):
    """A source that no skeleton can be cut from: FILE:LINE, and the remedy."""


@dataclass(frozen=True)
class Region:
    """One marked part of a solution; lines count from 1."""

    name: str
    task: int
    prompt: str
    """What the student is to do, on one line."""
    first: int
    """The line of BEGIN."""
    last: int
    """The line of END."""
    code: tuple[str, ...]
    """The solution's lines between the markers, without the skeleton's."""


@dataclass(frozen=True)
class _Syntax:
    """How a language writes comments."""

    open: str
    close: str
    next: str
    """What further lines of a comment start with."""
    leader: str

    def read(self, lines: Sequence[str], at: int) -> tuple[str, int] | None:
        """What the comment at an index says, and the index after it; or None."""
        said: list[str] = []
        lead = self.open
        for after, line in enumerate(lines[at:], at + 1):
            text = line.strip(" \t")
            if not text.startswith(lead):
                return None
            last = text.endswith("*/") if self.close else not text.endswith("\\")
            text = text.removesuffix("*/" if self.close else "\\")
            said.append(text.removeprefix(lead).strip(" \t"))
            if last:
                return " ".join(said).rstrip(), after
            lead = self.next.strip()
        return None

    def write(self, indent: str, text: str) -> Iterator[str]:
        """A comment, on as few lines of 80 columns as it needs."""
        line = f"{indent}{self.open}{text}{self.close}"
        if len(line.expandtabs(TAB)) <= COLUMNS:
            yield line
            return
        width = COLUMNS - len(f"{indent}{self.next}".expandtabs(TAB))
        if self.close:
            yield indent + self.open.rstrip()
        for row in textwrap.wrap(text, width, break_long_words=False):
            yield f"{indent}{self.next}{row}"
        if self.close:
            yield indent + self.close


_C = _Syntax("/* ", " */", " * ", "//~")
_HASH = _Syntax("# ", "", "# ", "#~")


class Source:
    """One file, its skeleton's lines and its regions; SkeletonError if wrong."""

    def __init__(self, text: str, path: Path) -> None:
        self.path = path
        self.regions: list[Region] = []
        self.skeleton: list[str] = []
        self._syntax = _C if path.suffix in C_SUFFIXES else _HASH
        self._lines = text.split("\n")
        at = 0
        while at < len(self._lines):
            at = self._take(at)

    def wrong(self, number: int, words: str) -> SkeletonError:
        """An error in a line."""
        return SkeletonError(f"{self.path}:{number}: {words}")

    def _kind(self, at: int) -> str:
        """What a line is: BEGIN, END, a tilde line, or none of these (empty)."""
        line = self._lines[at]
        if line.endswith("\r"):
            raise self.wrong(at + 1, "ends in CR LF; convert it: sed -i 's/\\r$//'")
        if line.lstrip(" \t").startswith(_LEADERS):
            return "tilde"
        match = _MARKER.search(line)
        return (match[1] or match[2]).upper() if match else ""

    def _take(self, at: int) -> int:
        """Take a line, or the region that starts there; the index of the next."""
        kind = self._kind(at)
        if kind == "tilde":
            raise self.wrong(at + 1, "a tilde line outside a region; move it into one")
        if kind == "END":
            raise self.wrong(at + 1, "the END of no region; add its BEGIN")
        if kind == "BEGIN":
            return self._region(at)
        self.skeleton.append(self._lines[at])
        return at + 1

    def _region(self, begin: int) -> int:
        task, name, prompt, at = self._begin(begin)
        line = self._lines[begin]
        todo = f"TODO {task}: {prompt} See make\N{NO-BREAK SPACE}hint STEP={task}"
        for row in self._syntax.write(line[: -len(line.lstrip(" \t"))], todo):
            self.skeleton.append(row.replace("\N{NO-BREAK SPACE}", " "))
        code: list[str] = []
        for at in range(at, len(self._lines)):
            kind = self._kind(at)
            if kind == "BEGIN":
                raise self.wrong(at + 1, f"inside region {name}; end that one first")
            if kind == "END":
                self._end(at, f"END {task} {name}")
                self.regions.append(
                    Region(name, task, prompt, begin + 1, at + 1, tuple(code))
                )
                return at + 1
            if kind == "tilde":
                self.skeleton.append(self._tilde(at))
            else:
                code.append(self._lines[at])
        raise self.wrong(begin + 1, f"no END; add `END {task} {name}`")

    def _begin(self, at: int) -> tuple[int, str, str, int]:
        """Task, name and prompt of a region, and the index of its first line."""
        text, after = self._syntax.read(self._lines, at) or ("", 0)
        match = _BEGIN.fullmatch(text)
        if not match:
            example = "BEGIN 2 name: what to do."
            raise self.wrong(at + 1, f"not a marker; write `{self._comment(example)}`")
        name, prompt = match["name"], match["prompt"]
        if name in [region.name for region in self.regions]:
            raise self.wrong(at + 1, f"a second region {name}; rename one")
        if prompt[-1] not in ".!?":
            prompt += "."
        return int(match["task"]), name, prompt, after

    def _end(self, at: int, wanted: str) -> None:
        text, after = self._syntax.read(self._lines, at) or ("", 0)
        if text != wanted or after != at + 1:
            words = f"not the END that is due; write `{self._comment(wanted)}`"
            raise self.wrong(at + 1, words)

    def _tilde(self, at: int) -> str:
        line = self._lines[at]
        text = line.lstrip(" \t")
        if not text.startswith(self._syntax.leader):
            words = f"the other languages' tilde; write `{self._syntax.leader}`"
            raise self.wrong(at + 1, words)
        shown = text.removeprefix(self._syntax.leader).removeprefix(" ")
        return line[: -len(text)] + shown if shown else ""

    def _comment(self, text: str) -> str:
        return f"{self._syntax.open}{text}{self._syntax.close}"


def cut(text: str, path: Path) -> str:
    """The skeleton of a solution's source; SkeletonError: FILE:LINE, the remedy."""
    return "\n".join(Source(text, path).skeleton)


def regions(text: str, path: Path) -> list[Region]:
    """The marked regions of a solution's source, in order; errors as in `cut`."""
    return Source(text, path).regions
