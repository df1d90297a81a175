# SPDX-License-Identifier: MIT
"""valgrind(1), memcheck: the leaks and errors of a run, from its XML.

Run it as `valgrind --command-line-only=yes --leak-check=full --show-leak-kinds=all
--child-silent-after-fork=yes --xml=yes --xml-fd=N`: students can write a .valgrindrc.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from grader.observers import Malformed, lines

TOOL = "valgrind"
MOST_DEPTH = 32
LOST = ("definitely", "indirectly", "possibly")
_LEAKS = {
    "Leak_DefinitelyLost": "definitely",
    "Leak_IndirectlyLost": "indirectly",
    "Leak_PossiblyLost": "possibly",
    "Leak_StillReachable": "reachable",
}


@dataclass(frozen=True)
class Frame:
    """One function on a stack; what the debug information does not tell is None."""

    function: str | None
    file: str | None
    line: int | None
    object: str | None
    """The program or library."""


@dataclass(frozen=True)
class Error:
    """A wrong access, a jump on an unset value, a bad free ..."""

    kind: str
    """valgrind's own name: InvalidRead, UninitCondition, InvalidFree ..."""
    what: str
    """valgrind's sentence; its wording is not to be relied on."""
    stack: tuple[Frame, ...]
    """Innermost first."""


@dataclass(frozen=True)
class Leak:
    """Blocks with the same fate that the same stack allocated."""

    kind: str
    """definitely, indirectly, possibly (lost) or (still) reachable."""
    bytes: int
    blocks: int
    stack: tuple[Frame, ...]


@dataclass(frozen=True)
class Report:
    """A finished run."""

    pid: int
    errors: tuple[Error, ...]
    leaks: tuple[Leak, ...]
    signal: str | None
    """What killed the program, or None."""

    def leaked(self, *kinds: str) -> int:
        """Bytes leaked in these ways; by default the three in which memory is lost."""
        wanted = kinds or LOST
        return sum(leak.bytes for leak in self.leaks if leak.kind in wanted)


def where(stack: Iterable[Frame], files: Iterable[str]) -> Frame | None:
    """The innermost frame in one of these source files: the line to show a student."""
    wanted = set(files)
    return next((frame for frame in stack if frame.file in wanted), None)


def _tree(text: str) -> Element:
    """The document's root. A document type, which could define entities, is refused."""
    builder = TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise Malformed(TOOL, f"elements nested more than {MOST_DEPTH} deep")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def doctype(*_: object) -> None:
        raise Malformed(TOOL, "valgrind writes no document type")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        line = text.split("\n")[error.lineno - 1]
        raise Malformed(TOOL, str(error), error.lineno, line) from error
    return builder.close()


def _number(element: Element, path: str) -> int:
    word = element.findtext(path) or ""
    if not (word.isascii() and word.isdigit() and len(word) < 20):
        raise Malformed(TOOL, f"{path} is not a number: {word!r}")
    return int(word)


def _stack(element: Element) -> tuple[Frame, ...]:
    stack = element.find("stack")
    frames = [] if stack is None else stack.findall("frame")
    return tuple(
        Frame(
            frame.findtext("fn"), frame.findtext("file"),
            _number(frame, "line") if frame.find("line") is not None else None,
            frame.findtext("obj"),
        )
        for frame in frames
    )


def parse(text: str) -> Report:
    """The report of a run (format: valgrind's docs/internals/xml-output-protocol4.txt).

    Malformed if it is not well-formed, another tool's, of several processes or cut off.
    """
    lines(text, TOOL)
    root = _tree(text)
    if root.tag != "valgrindoutput" or root.findtext("tool") != "memcheck":
        raise Malformed(TOOL, "not a memcheck report")
    if "FINISHED" not in [state.text for state in root.iterfind("status/state")]:
        raise Malformed(TOOL, "the run did not finish")
    errors: list[Error] = []
    leaks: list[Leak] = []
    for element in root.iterfind("error"):
        kind = element.findtext("kind") or ""
        if kind in _LEAKS:
            size = _number(element, "xwhat/leakedbytes")
            blocks = _number(element, "xwhat/leakedblocks")
            leaks.append(Leak(_LEAKS[kind], size, blocks, _stack(element)))
        else:
            what = element.findtext("what") or element.findtext("xwhat/text") or ""
            errors.append(Error(kind, what, _stack(element)))
    signal = root.findtext("fatal_signal/signame")
    return Report(_number(root, "pid"), tuple(errors), tuple(leaks), signal)
