# SPDX-License-Identifier: MIT
"""Console blocks and pictures in handouts and slides: run, not typed.

    <!-- capture only="heap|total": build/alloc_size at "after malloc": pmap PID -->
    ```console
    ...

The body is what sh(1) prints for the command in a copy of the suite, which the
block calls `~`; its last line says on what and when. `PROGRAM at "LABEL": TOOL`
runs the tool while the program stands at that prompt, with the program's number
for PID; several may follow in the program's order. Other prompts get Enter.

    only="REGEX"   keep the lines in which it finds something; `...` for gaps
    in=FOLDER      solutions/LAB: the lab with the solution's programs, the
                   default in that lab's handout and deck; labs/LAB: with the
                   skeletons; `.`: the suite's top, the default elsewhere

A block is rewritten when its command no longer prints lines of the same kinds:
the same columns with other numbers are the same kind.

    <!-- capture in=solutions/LAB: COMMAND -->
    ![what is to be seen](FOLDER/NAME.svg)

Here the command prints an SVG, and NAME.svg, beside the Markdown file or below
it, holds it; the kinds are those of the picture's elements.
"""

from __future__ import annotations

import datetime
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from grader.errors import InputError
from grader.text import printable

NAME = "process-memory-labs"
SECONDS = 300.0  # the most that a command may take
SOURCES = ("c", "make", "python", "sh", "toml")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*(.*)")
_MARKER = re.compile(r'<!-- capture((?: (?:in=[\w./-]+|only="[^"]+"))*): (\S.*) -->')
_IMAGE = re.compile(r"!\[[^\]]+\]\(([\w-]+(?:/[\w-]+)*\.svg)\)")
_ELEMENT = re.compile(r"<(\w+)(?: class=\"([^\"]*)\")?")
_OPTION = re.compile(r'(in|only)=(?:"([^"]+)"|(\S+))')
_AT = re.compile(r' at "([^"]+)": ')
_PROMPT = re.compile(r"\[([0-9]+)\] (.*): press Enter")
_TOKEN = re.compile(r"[^\s\[\](){}<>:,;=\"']+")
_KINDS = {
    "address": re.compile(
        r"0x[0-9a-f]+|[0-9a-f]{8,16}-[0-9a-f]{8,16}"
        r"|(?=.*[0-9])(?:[0-9a-f]{12,16}|(?=.*[a-f])[0-9a-f]{8,11})"
    ),
    "number": re.compile(r"[-+]?[0-9][0-9.]*(?:[KMG]i?B?|kB|%)?"),
    "rights": re.compile(r"[r-][w-][x-][ps-]{1,2}"),
}


class CaptureError(InputError):
    """A capture that cannot be made; says why."""


@dataclass(frozen=True)
class Capture:
    """A marker in its line (from 1), and what the block below it shows."""

    line: int
    command: str
    options: dict[str, str]
    body: tuple[str, ...] | None
    """None if there is no block yet."""
    picture: str = ""
    """The name of the file that holds it, if it is an SVG."""


def find(text: str) -> tuple[list[Capture], list[tuple[int, str]]]:
    """The captures of a Markdown text; and what is wrong in it, with its line.

    Wrong is every fenced block that is neither a capture nor source to type.
    """
    lines = text.split("\n")
    captures, wrong, at = [], [], 0
    while at < len(lines):
        marker = _MARKER.fullmatch(lines[at])
        fence = at + 1 if marker else at
        language, last = _fenced(lines, fence)
        if last == len(lines):
            wrong.append((fence + 1, "a block without an end; add its fence"))
        if marker:
            options = {key: a or b for key, a, b in _OPTION.findall(marker[1])}
            image = _IMAGE.fullmatch(lines[fence]) if fence < len(lines) else None
            if image:
                captures.append(Capture(at + 1, marker[2], options, None, image[1]))
                at = fence + 1
                continue
            body = tuple(lines[fence + 1 : last]) if language == "console" else None
            captures.append(Capture(at + 1, marker[2], options, body))
            if body is None:
                wrong.append((at + 1, "no console block below; run make captures"))
                last = at
        elif lines[at].lstrip().startswith("<!-- capture"):
            wrong.append((at + 1, "not a marker; write `<!-- capture: COMMAND -->`"))
        elif language == "console":
            wrong.append((at + 1, "typed; write `<!-- capture: COMMAND -->` above"))
        elif language not in (None, *SOURCES):
            wrong.append((at + 1, f"`{language}` is none of {', '.join(SOURCES)}"))
        at = last + 1
    return captures, wrong


def _fenced(lines: list[str], start: int) -> tuple[str | None, int]:
    """The language and last line of the fenced block at start; None if it is none."""
    fence = _FENCE.fullmatch(lines[start]) if start < len(lines) else None
    if not fence:
        return None, min(start, len(lines) - 1)
    for last in range(start + 1, len(lines)):
        if lines[last].strip() == fence[1]:
            return fence[2], last
    return fence[2], len(lines)


def kinds(body: tuple[str, ...]) -> frozenset[str]:
    """The kinds of lines that a block shows, but for gaps and the last line."""
    return frozenset(_kind(line) for line in body[:-1] if line != "...")


def _kind(line: str) -> str:
    if line.startswith("$ "):
        return re.sub(r"\b[0-9]+\b", "N", line)
    found: list[str] = []
    for token in _TOKEN.findall(line):
        names = [name for name, form in _KINDS.items() if form.fullmatch(token)]
        if names or found[-1:] != ["words"]:
            found.append(names[0] if names else "words")
    return " ".join(found)


def transcript(command: str, folder: Path) -> list[str]:
    """What a terminal would show of a command, and of its tools at the prompts."""
    program, *asked = _AT.split(command)
    shown = [f"$ {program}"]
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    with subprocess.Popen(
        ["sh", "-c", program],
        cwd=folder,
        env={**kept, "LC_ALL": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1"},
        stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="surrogateescape",
        start_new_session=True,
    ) as process:
        assert process.stdout
        late = threading.Timer(SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        late.start()
        try:
            for line in process.stdout:
                shown.append(printable(line.rstrip()))
                prompt = _PROMPT.fullmatch(shown[-1])
                while prompt and asked and asked[0] == prompt[2]:
                    _, tool, *asked = asked
                    shown += transcript(re.sub(r"\bPID\b", prompt[1], tool), folder)
                if prompt and process.stdin:
                    with suppress(BrokenPipeError):
                        os.write(process.stdin.fileno(), b"\n")
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        finally:
            late.cancel()
            os.killpg(process.pid, signal.SIGKILL)  # while the number is still its own
    status = process.returncode
    if status < 0 or status in (126, 127):  # a signal, or not to be run
        raise CaptureError(f"status {status} after: {' / '.join(shown[-2:])}")
    if asked:
        raise CaptureError(f"no pause at {asked[0]!r} in: {' / '.join(shown[-3:])}")
    return shown


def stage(root: Path, top: Path, solution: str = "") -> None:
    """Copy the suite to a new folder; in one lab, if any, with the solution's files."""
    made = shutil.ignore_patterns(
        "build", "grades", "observations", "node_modules", ".*"
    )
    shutil.copytree(root, top, ignore=made, symlinks=True)
    if solution:
        kept_back = shutil.ignore_patterns("answers.sh", "*.md", "build")
        source, target = top / "solutions" / solution, top / "labs" / solution
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=kept_back)


@contextmanager
def _suite(root: Path, solution: str) -> Iterator[Path]:
    """A copy of the suite; in one lab, if any, with the solution's programs."""
    with tempfile.TemporaryDirectory(prefix="captures-") as name:
        top = Path(name, NAME)
        stage(root, top, solution)
        yield top


def _run(capture: Capture, root: Path, default: str) -> list[str]:
    """What a terminal shows of a capture's command now; CaptureError."""
    kind, _, lab = capture.options.get("in", default).partition("/")
    with _suite(root, lab if kind == "solutions" else "") as top:
        folder = top / "labs" / lab if lab else top
        if lab:
            transcript("make -s", folder)
        lines = transcript(capture.command, folder)
        return [line.replace(str(top.parent), "~") for line in lines]


def made(capture: Capture, root: Path, default: str) -> tuple[str, ...]:
    """The lines of a capture's block, from running it now; CaptureError."""
    lines = _run(capture, root, default)
    if any(_FENCE.fullmatch(line) for line in lines):
        raise CaptureError("the output holds a fence")
    shown: list[str] = []
    for line in lines:
        if line.startswith("$ ") or re.search(capture.options.get("only", ""), line):
            shown.append(line)
        elif shown[-1] != "...":
            shown.append("...")
    kernel = re.match(r"[0-9.]*[0-9]", os.uname().release)
    system = f"Linux {kernel[0] if kernel else '?'} {os.uname().machine}"
    libc = os.confstr("CS_GNU_LIBC_VERSION") or "another libc"
    return (*shown, f"# {system}, {libc}, {datetime.date.today()}")


def drawn(capture: Capture, root: Path, default: str) -> str:
    """A capture's picture, from running it now; CaptureError."""
    lines = _run(capture, root, default)[1:]
    if not lines or not (lines[0].startswith("<svg ") and lines[-1] == "</svg>"):
        raise CaptureError(f"prints no SVG but: {' / '.join(lines[:3])}")
    return "\n".join(lines) + "\n"


def captured(root: Path) -> list[Path]:
    """The Markdown files that captures are made for."""
    patterns = ("README.md", "labs/*/*.md", "slides/*.md", "slides/quiz/*.md")
    return [path for pattern in patterns for path in sorted(root.glob(pattern))]


def _default(path: Path, root: Path) -> str:
    """Where the commands of a handout or a deck run: in its lab, if there is one."""
    for name in (path.parent.name, path.stem):
        if (root / "labs" / name).is_dir():
            return f"solutions/{name}"
    return "."


def update(root: Path, write: bool = True) -> tuple[list[str], list[str]]:
    """Run the captures of README.md, labs and slides.

    Two lists of FILE:LINE and its matter: blocks and pictures that showed lines of
    other kinds, rewritten if `write`; and what is left as it is, because it cannot
    be run, or is a block that is neither captured nor source.
    """
    changed, faults = [], []
    for path in captured(root):
        lines = path.read_text(encoding="utf-8").split("\n")
        captures, wrong = find("\n".join(lines))
        left, new = dict(wrong), dict[int, str]()
        default = _default(path, root)
        for capture in reversed(captures):
            try:
                if capture.picture:
                    place = path.parent / capture.picture
                    if _redraw(place, drawn(capture, root, default), write):
                        new[capture.line] = f"{capture.picture} shows other things"
                    continue
                body = made(capture, root, default)
            except (CaptureError, OSError) as error:
                left[capture.line] = str(error)
                continue
            old = capture.body
            if old is None or kinds(old) != kinds(body):
                left.pop(capture.line, None)  # if it was that there is no block
                new[capture.line] = f"`{capture.command}` prints other lines"
                end = capture.line + (0 if old is None else len(old) + 2)
                lines[capture.line : end] = ["```console", *body, "```"]
        name = path.relative_to(root)
        changed += [f"{name}:{at}: {new[at]}" for at in sorted(new)]
        faults += [f"{name}:{at}: {left[at]}" for at in sorted(left)]
        if write and new:
            path.write_text("\n".join(lines), encoding="utf-8")
    return changed, faults


def _redraw(place: Path, picture: str, write: bool) -> bool:
    """Whether the file is missing or has elements of other kinds; written then."""
    if place.is_file():
        old = place.read_text(encoding="utf-8")
        if set(_ELEMENT.findall(old)) == set(_ELEMENT.findall(picture)):
            return False
    if write:
        place.parent.mkdir(exist_ok=True)
        place.write_text(picture, encoding="utf-8")
    return True


def check(root: Path) -> list[str]:
    """All that `update` would tell, with nothing written; empty if all is as shown."""
    changed, faults = update(root, write=False)
    return changed + faults
