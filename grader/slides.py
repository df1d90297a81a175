# SPDX-License-Identifier: MIT
"""`make slides`: the decks completed, checked, and given to Marp.

What builds them (Node, its packages, Chromium) is installed by
`./setup --with slides`; nothing else in the suite needs it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from grader.deck_faults import faults
from grader.decks import Deck, DeckError, deck_paths, read
from grader.errors import InputError
from grader.lab import ROOT

REMEDY = "./setup --with slides installs what builds the slides"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 540  # the most that all decks may take


class MissingError(InputError):
    """Something that builds the slides is not here; says the remedy."""


def chromium() -> str | None:
    """The path of the browser, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def missing() -> list[str]:
    """What building the slides needs and this machine does not have."""
    found = []
    if not shutil.which("node"):
        found.append("Node (`node`)")
    if not (ROOT / "slides/node_modules/@marp-team/marp-cli").is_dir():
        found.append("Marp (slides/node_modules)")
    if chromium() is None:
        found.append("Chromium")
    return found


def complete(decks: list[Deck], root: Path, target: Path) -> None:
    """Write what the engine is given: complete decks, and all that they show."""
    shutil.rmtree(target, ignore_errors=True)
    (target / "drawn").mkdir(parents=True)
    for deck in decks:
        text = deck.markdown()
        (target / deck.path.name).write_text(text, encoding="utf-8")
        for name in re.findall(r"!\[[^\]]*\]\(([\w-]+\.\w+)\)", text):
            shutil.copy(deck.path.parent / name, target / name)
        for name in re.findall(r"\]\(drawn/([\w-]+)\.svg\)", text):
            picture = draw(root / f"slides/draw/{name}.py")
            (target / f"drawn/{name}.svg").write_text(picture, encoding="utf-8")


def draw(script: Path) -> str:
    """The SVG that a drawing prints; DeckError."""
    done = subprocess.run(
        [sys.executable, "-B", script], capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        raise DeckError(f"{script}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def engine(script: str, *arguments: str | Path) -> str:
    """Run one of the scripts of slides/engine; what it printed. DeckError."""
    done = subprocess.run(
        ["node", str(ROOT / "slides/engine" / script), *map(str, arguments)],
        env={**os.environ, "CHROME_PATH": chromium() or "", "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
    )
    if done.returncode != 0:
        raise DeckError(f"{script}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def build(root: Path, target: Path) -> list[Path]:
    """Build every deck into a folder; the files. MissingError, DeckError."""
    lacks = missing()
    if lacks:
        raise MissingError(f"not here: {', '.join(lacks)}; {REMEDY}")
    decks = [read(path, root) for path in deck_paths(root)]
    found = [fault for deck in decks for fault in faults(deck, root)]
    if found:
        raise DeckError("\n".join(found))
    source = target / "source"
    complete(decks, root, source)
    engine("build.mjs", source, target)
    shutil.rmtree(source)
    return sorted(path for path in target.iterdir() if path.is_file())
