# SPDX-License-Identifier: MIT
"""What is wrong in a deck, as far as it can be told without a browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from grader.decks import LIMIT, Deck, Slide

_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:c|h|md|mk|toml|py|svg)")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
_TARGET = re.compile(r"^([a-z][\w -]*):(?!=)", re.MULTILINE)
_MAKEFILES = ("Makefile", "support/Makefile", "support/lab.mk", "support/python.mk")
_SHELL = ("cd", "for", "ulimit", "m", "q", "do", "done", "true")


def faults(deck: Deck, root: Path) -> list[str]:
    """FILE:LINE: what is wrong, and the remedy; empty if nothing is."""
    found = []
    name = deck.path.name
    if deck.lang != "en" or not deck.title:
        found.append(f"{name}:1: needs a title and `lang: en`")
    if not 0 < deck.minutes <= LIMIT:
        found.append(f"{name}:1: a lecture has 1 to {LIMIT} minutes")
    seen: dict[str, int] = {}
    for slide in deck.slides:
        for words in _slide(slide, deck, root):
            found.append(f"{name}:{slide.line}: {words}")
        earlier = seen.setdefault(slide.heading(), slide.line)
        if slide.heading() and earlier != slide.line:
            found.append(f"{name}:{slide.line}: the heading of line {earlier} again")
    return found


def _slide(slide: Slide, deck: Deck, root: Path) -> Iterator[str]:
    if not slide.heading():
        yield "needs one heading, the claim"
    if not slide.note():
        yield "needs a note: Ask, Demo, Expect, If it fails"
    for alt, target in _IMAGE.findall(slide.text):
        if not alt.strip():
            yield f"{target} needs a text for who does not see it"
        if "://" in target:
            yield f"{target} is somewhere else; keep it here"
        elif not _picture(target, deck, root):
            yield f"there is no picture {target}"
    for span in _SPAN.findall(slide.text):
        yield from _missing(span, deck, root)
    for span in _SPAN.findall(slide.note().get("Demo", "")):
        yield from _unknown(span, deck, root)


def _picture(target: str, deck: Deck, root: Path) -> bool:
    if target.startswith("drawn/"):
        return (root / "slides/draw" / Path(target).name).with_suffix(".py").is_file()
    return (deck.path.parent / target).is_file()


def _folders(deck: Deck, root: Path) -> list[Path]:
    """Where a path on a slide may begin: the top, the deck's lab, any lab."""
    own = [root / "labs" / deck.path.stem, root / "solutions" / deck.path.stem]
    return [root, *own, *root.glob("labs/*"), *root.glob("solutions/*")]


def _missing(span: str, deck: Deck, root: Path) -> Iterator[str]:
    """The paths in a code span that are nowhere."""
    written = re.findall(r"(?:>|-o |--record )(build/[\w.-]+)", span)
    for word in re.split(r"[\s;|&()'\"<>]+", span):
        word = word.rpartition("=")[2]
        if word.startswith(tuple(written)):
            continue
        if _PATH.fullmatch(word) and not _exists(word, deck, root):
            yield f"there is no {word}"


def _exists(word: str, deck: Deck, root: Path) -> bool:
    folders = _folders(deck, root)
    if any((folder / word).exists() for folder in folders):
        return True
    folder, _, name = word.rpartition("/")
    if folder == "build" or word.startswith("build/"):  # a program, or its steps
        stem = word.split("/")[1].partition(".")[0]
        stems = {stem, *(stem[:at.start()] for at in re.finditer("-", stem))}
        files = [f"{one}.c" for one in stems] + [f"memview/{one}.c" for one in stems]
        made = [*folders, root / "support"]
        return any((place / file).exists() for place in made for file in files)
    if folder.startswith("observations"):
        return any(name in path.read_text() for path in root.glob("labs/*/README.md"))
    return name == "" and any((place / folder).exists() for place in folders)


def _unknown(span: str, deck: Deck, root: Path) -> Iterator[str]:
    """The commands in a code span that nobody could run."""
    for command in re.split(r"\s*(?:;|\|\||&&|\||\bdo\b)\s*", span):
        words = command.replace("(", " ").replace(")", " ").split()
        while words and re.fullmatch(r"\w+=\S*", words[0]):
            words.pop(0)
        if not words:
            continue
        if words[0] == "make":
            yield from _verbs(words[1:], root)
        elif not (
            words[0] in _SHELL
            or shutil.which(words[0])
            or _PATH.fullmatch(words[0].removeprefix("./"))
            and _exists(words[0].removeprefix("./"), deck, root)
            or _in_setup(words[0], root)
        ):
            yield f"there is no command {words[0]}"


def _in_setup(tool: str, root: Path) -> bool:
    """Whether ./setup installs it: it need not be on the machine of the build."""
    setup = root / "setup"
    return setup.is_file() and f"\n{tool}|" in setup.read_text()


def _verbs(words: list[str], root: Path) -> Iterator[str]:
    targets: set[str] = set()
    for name in _MAKEFILES:
        if (root / name).is_file():
            text = (root / name).read_text()
            targets.update(*map(str.split, _TARGET.findall(text)))
            for line in re.findall(r"^\.PHONY: (.*(?:\\\n.*)*)", text, re.MULTILINE):
                targets.update(line.replace("\\", " ").split())
    for word in words:
        if "=" not in word and not word.startswith(("-", "build/")):
            if word not in targets:
                yield f"there is no make {word}"
