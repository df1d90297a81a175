# SPDX-License-Identifier: MIT
"""The decks in slides/ and the banks of questions: read, completed, scheduled.

A deck is slides/NN-name.md: Markdown for Marp, slides divided by `---` lines,
front matter with title, lang and minutes. A slide is a heading, what is to be
seen, and a note, which is a comment with the parts of PARTS. Lines of a deck
that something else takes the place of:

    <!-- code LAB/FILE NAME -->    the region NAME of solutions/LAB/FILE
    <!-- quiz PATH -->             a bank's questions, each followed by its answer

A bank (labs/NN-name/quiz.md) has per question a `##` heading, the options
`- a) TEXT`, and in a <details> the answer: `**b)** REASON` and a capture.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.captures import find
from grader.errors import InputError
from grader.markers import regions

PARTS = ("Ask", "Demo", "Expect", "If it fails")
LIMIT = 45  # minutes that a lecture may take
_KEYS = ("title", "lang", "minutes")
_NAME = re.compile(r"[0-9]{2}-[a-z0-9-]+\.md")
_CODE = re.compile(r"<!-- code ([\w-]+/[\w.-]+) ([a-z0-9-]+) -->")
_QUIZ = re.compile(r"<!-- quiz ([\w/.-]+) -->")
_NOTE = re.compile(r"<!--\n(.*?)\n-->", re.DOTALL)
_FENCED = re.compile(r"^(`{3,}).*?^\1$", re.DOTALL | re.MULTILINE)
_OPTION = re.compile(r"^- ([a-z])\) (.+)$", re.MULTILINE)
_ANSWER = re.compile(
    r"<details>\n<summary>Answer</summary>\n\n\*\*([a-z])\)\*\* (.*?)\n</details>",
    re.DOTALL,
)


class DeckError(InputError):
    """A deck or a bank that cannot be shown: FILE:LINE, and the remedy."""


@dataclass(frozen=True)
class Slide:
    """One slide's Markdown, and the line of the deck that it begins in."""

    line: int
    text: str

    def heading(self) -> str:
        """The claim; empty if there is none, or not exactly one."""
        text = _FENCED.sub("", self.text)
        found: list[str] = re.findall(r"^# (.+)$", text, re.MULTILINE)
        return found[0] if len(found) == 1 else ""

    def note(self) -> dict[str, str]:
        """The note by its parts; empty if there is none or a part is missing."""
        found = _NOTE.search(self.text)
        names = "|".join(PARTS)
        form = rf"^({names}): (.+?)(?=\n(?:{names}): |\Z)"
        parts = re.findall(form, found[1] if found else "", re.DOTALL | re.MULTILINE)
        return dict(parts) if tuple(name for name, _ in parts) == PARTS else {}


@dataclass(frozen=True)
class Deck:
    """A deck, with the code and the questions that it names in their places."""

    path: Path
    title: str
    lang: str
    minutes: int
    slides: tuple[Slide, ...]

    def markdown(self) -> str:
        """What Marp is given."""
        head = f"title: {self.title}\nlang: {self.lang}\ntheme: labs\npaginate: true"
        slides = "\n\n---\n\n".join(slide.text.strip() for slide in self.slides)
        return f"---\n{head}\n---\n\n{slides}\n"


@dataclass(frozen=True)
class Question:
    """A question of a bank, with all that its answer shows."""

    text: str
    options: dict[str, str]
    right: str
    reason: str
    """Prose; then the measurement: a captured block."""
    command: str


def deck_paths(root: Path) -> list[Path]:
    """The decks of a suite, in the order of the course."""
    return sorted(
        path for path in root.glob("slides/*.md") if _NAME.fullmatch(path.name)
    )


def read(path: Path, root: Path) -> Deck:
    """A deck, completed; DeckError."""
    lines = path.read_text(encoding="utf-8").split("\n")
    ends = [at for at, line in enumerate(lines) if line == "---"]
    if ends[:1] != [0] or len(ends) < 2:
        raise DeckError(f"{path}:1: no front matter; write {', '.join(_KEYS)}")
    head = dict(line.partition(": ")[::2] for line in lines[1 : ends[1]])
    if tuple(head) != _KEYS or not head["minutes"].isdecimal():
        raise DeckError(f"{path}:1: the front matter is {', '.join(_KEYS)}, in order")
    slides = tuple(_slides(lines, ends[1] + 1, path, root))
    return Deck(path, head["title"], head["lang"], int(head["minutes"]), slides)


def _slides(lines: list[str], start: int, path: Path, root: Path) -> Iterator[Slide]:
    shown: list[str] = []
    fence = False
    first = start + 1
    for number, line in enumerate(lines[start:], start + 1):
        fence ^= line.startswith("```")
        quiz, code = _QUIZ.fullmatch(line), _CODE.fullmatch(line)
        if quiz:
            for question in questions(root / quiz[1]):
                yield Slide(number, _asked(question))
                yield Slide(number, _answered(question))
        elif code and not fence:
            shown += _cut(root / "solutions" / code[1], code[2], f"{path}:{number}")
        elif line == "---" and not fence:
            yield Slide(first, "\n".join(shown))
            shown, first = [], number + 1
        elif not (line.startswith("<!-- capture") and not fence):
            shown.append(line)
    if "".join(shown).strip():
        yield Slide(first, "\n".join(shown))


def _cut(path: Path, name: str, where: str) -> list[str]:
    """A region of a solution as a fenced block."""
    if not path.is_file():
        raise DeckError(f"{where}: there is no {path}")
    for region in regions(path.read_text(encoding="utf-8"), path):
        if region.name == name:
            code = textwrap.dedent("\n".join(region.code)).strip("\n")
            language = "c" if path.suffix in (".c", ".h") else "make"
            return [f"```{language}", *code.split("\n"), "```"]
    raise DeckError(f"{where}: {path} has no region {name}")


def questions(path: Path) -> list[Question]:
    """The questions of a bank; DeckError."""
    if not path.is_file():
        raise DeckError(f"{path}: there is no such bank of questions")
    found = []
    for section in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
        text = section.partition("\n")[0]
        options = dict(_OPTION.findall(section))
        answer = _ANSWER.search(section)
        captures, _ = find(answer[2]) if answer else ([], [])
        if not answer or len(options) < 3 or answer[1] not in options or not captures:
            words = "needs options `- a) TEXT`, and an answer with its capture"
            raise DeckError(f"{path}: question `{text}` {words}")
        kept = [line for line in answer[2].split("\n") if "<!-- capture" not in line]
        reason = "\n".join(kept).strip()
        found.append(Question(text, options, answer[1], reason, captures[0].command))
    return found


def _note(question: Question, ask: str, fails: str) -> str:
    reason = " ".join(question.reason.partition("\n\n")[0].split("\n"))
    demo = f"`{question.command}`"
    said = (ask, demo, f"{question.right}) {reason}", fails)
    lines = [f"{part}: {words}" for part, words in zip(PARTS, said)]
    return "\n".join(["<!--", *lines, "-->"])


def _asked(question: Question) -> str:
    options = "\n".join(f"- {key}) {text}" for key, text in question.options.items())
    ask = f"Hands up for {', '.join(question.options)}."
    note = _note(question, ask, "the next slide has the measurement.")
    return f"# {question.text}\n\n{options}\n\n{note}"


def _answered(question: Question) -> str:
    note = _note(question, "Who chose another one, and why?", "show the captured run.")
    claim = f"{question.right}) {question.options[question.right]}"
    return f"# {claim}\n\n{question.reason}\n\n{note}"


def schedule(decks: list[Deck]) -> str:
    """The minutes of each lecture and of all, as a table."""
    rows = [(deck.path.stem, deck.minutes, deck.title) for deck in decks]
    total = sum(deck.minutes for deck in decks)
    lines = [f"{'deck':<20} minutes  title"]
    lines += [f"{name:<20} {minutes:>7}  {title}" for name, minutes, title in rows]
    return "\n".join([*lines, f"{'all':<20} {total:>7}"])
