# SPDX-License-Identifier: MIT
"""The decks: what can be told of their text, and what real Chromium shows.

Each property has a toy deck that lacks it, so each test is seen to fail.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from grader import slides
from grader.captures import captured, find
from grader.deck_faults import faults
from grader.decks import LIMIT, Deck, DeckError, deck_paths, questions, read, schedule
from grader.lab import ROOT, all_labs
from grader.slides import MissingError, build, complete, draw, engine, missing

PATHS = deck_paths(ROOT)
HEAD = "---\ntitle: A toy\nlang: en\nminutes: 10\n---\n\n"
NOTE = "<!--\nAsk: What?\nDemo: `make`\nExpect: Labs.\nIf it fails: go on.\n-->\n"
PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 90" width="400" height="90">
<style>text{font-size:24px}</style>
<g data-step="1"><text x="0" y="25">one</text></g>
<g data-step="2"><text x="0" y="55">two</text></g>
<g data-step="3"><text x="0" y="85">three</text></g>
</svg>
"""
BANK = """\
# Questions

## How many?

- a) one
- b) two
- c) three

<details>
<summary>Answer</summary>

**b)** Count them.

<!-- capture: seq 2 -->
```console
$ seq 2
1
2
# Linux 6.1 x86_64, glibc 2.36, 2026-01-01
```
</details>
"""


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    """A suite with one lab, one bank, and no deck yet."""
    for folder in ("slides", "labs/01-x", "solutions/01-x"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "Makefile").write_text(".PHONY: labs check\nlabs:\n")
    (tmp_path / "labs/01-x/quiz.md").write_text(BANK)
    (tmp_path / "slides/x.svg").write_text(PICTURE)
    region = "/* BEGIN 1 add: add them. */\n\treturn a +\n\t\tb;\n\t//~ return 0;\n"
    (tmp_path / "solutions/01-x/x.c").write_text(f"\t{region}\t/* END 1 add */\n")
    return tmp_path


def deck(root: Path, text: str) -> Deck:
    path = root / "slides/01-x.md"
    path.write_text(text)
    return read(path, root)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.stem))
def test_a_deck_has_no_fault(path: Path) -> None:
    """Front matter, claims, notes, alt texts; every path and command named exists."""
    assert faults(read(path, ROOT), ROOT) == []


def test_no_lecture_is_over_the_limit() -> None:
    decks = [read(path, ROOT) for path in PATHS]
    assert all(deck.minutes <= LIMIT for deck in decks)
    last = schedule(decks).splitlines()[-1]
    assert last.split() == ["all", str(sum(deck.minutes for deck in decks))]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.stem))
def test_a_deck_ends_with_the_questions_of_its_lab(path: Path) -> None:
    """And the lab's handout has the same questions."""
    (bank,) = re.findall(r"<!-- quiz (\S+) -->\n*\Z", path.read_text())
    assert 3 <= len(questions(ROOT / bank)) <= 4
    if (ROOT / "labs" / path.stem).is_dir():
        assert bank == f"labs/{path.stem}/quiz.md"
        assert "](quiz.md)" in (ROOT / "labs" / path.stem / "README.md").read_text()


def test_every_bank_is_in_a_deck() -> None:
    banks = [*ROOT.glob("labs/*/quiz.md"), *ROOT.glob("slides/quiz/*.md")]
    shown = "".join(path.read_text() for path in PATHS)
    for bank in banks:
        assert f"<!-- quiz {bank.relative_to(ROOT)} -->" in shown


def test_a_bank_is_the_labs_own_file() -> None:
    """No student hands it in, and nobody is told that it was ignored."""
    for lab in all_labs():
        assert "quiz.md" in lab.given and not lab.accepts("quiz.md")


def test_every_capture_says_on_what_and_when() -> None:
    for path in captured(ROOT):
        for capture in find(path.read_text(encoding="utf-8"))[0]:
            if not capture.picture:
                assert capture.body and len(capture.body) > 2
                assert re.match(r"# Linux \S+ \w+, .+, \d{4}-", capture.body[-1])


@pytest.mark.parametrize("path", sorted(ROOT.glob("slides/*.svg")), ids=lambda path: str(path.stem))
def test_a_captured_picture_is_shown(path: Path) -> None:
    shown = "".join(deck.read_text() for deck in PATHS)
    assert f"]({path.name})" in shown


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.stem))
def test_drawings_are_the_same_each_time(path: Path) -> None:
    """They say in words what is to be seen."""
    for name in set(re.findall(r"\(drawn/(\w+)\.svg\)", path.read_text())):
        picture = draw(ROOT / f"slides/draw/{name}.py")
        assert picture == draw(ROOT / f"slides/draw/{name}.py")
        assert re.search(r"<title>.+</title>\n<desc>.+</desc>", picture)


def test_the_lock_file_names_no_addresses_to_fetch_from() -> None:
    """But a sum for every package, and one version of each that we name."""
    lock = json.loads((ROOT / "slides/package-lock.json").read_text())
    wanted = json.loads((ROOT / "slides/package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"[0-9.]+", version) for version in wanted.values())
    for name, package in lock["packages"].items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")


GOOD = f"{HEAD}# Claim\n\n![three words](x.svg)\n\n{NOTE}"


def test_a_good_toy_has_no_fault(root: Path) -> None:
    assert faults(deck(root, GOOD), root) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("lang: en", "lang: de", "`lang: en`"),
        ("minutes: 10", "minutes: 46", "1 to 45 minutes"),
        ("# Claim", "Claim", "needs one heading"),
        ("# Claim", "# Claim\n\n# Claim again", "needs one heading"),
        ("Expect: Labs.\n", "", "needs a note"),
        (NOTE, "", "needs a note"),
        (NOTE, f"{NOTE}\n---\n\n# Claim\n\n{NOTE}", " again"),
        ("three words", "", "who does not see it"),
        ("x.svg", "y.svg", "there is no picture y.svg"),
        ("x.svg", "https://a.example/x.svg", "keep it here"),
        ("x.svg", "drawn/y.svg", "there is no picture"),
        ("What?", "What is in `labs/01-y/y.c`?", "there is no labs/01-y/y.c"),
        ("`make`", "`make gread`", "there is no make gread"),
        ("`make`", "`straze build/x`", "there is no command straze"),
        ("`make`", "`cat x.c | sert`", "there is no command sert"),
        ("`make`", "`build/y 3`", "there is no build/y"),
    ],
)
def test_a_broken_toy_is_told(root: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    assert says in "\n".join(faults(deck(root, GOOD.replace(old, new)), root))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# Claim\n", "no front matter"),
        (HEAD.replace("minutes: 10\n", ""), "the front matter is"),
        (f"{HEAD}<!-- code 01-x/x.c sub -->\n", "has no region sub"),
        (f"{HEAD}<!-- code 01-x/y.c add -->\n", "there is no"),
        (f"{HEAD}<!-- quiz labs/01-y/quiz.md -->\n", "no such bank"),
    ],
)
def test_a_deck_that_cannot_be_read(root: Path, text: str, says: str) -> None:
    with pytest.raises(DeckError, match=says):
        deck(root, text)


def test_code_is_cut_out_by_its_marker(root: Path) -> None:
    made = deck(root, f"{HEAD}# Claim\n\n<!-- code 01-x/x.c add -->\n")
    assert made.slides[0].text.endswith("```c\nreturn a +\n\tb;\n```\n")


def test_a_question_is_two_slides(root: Path) -> None:
    made = deck(root, f"{HEAD}# Claim\n\n{NOTE}\n---\n\n<!-- quiz labs/01-x/quiz.md -->\n")
    claim, asked, answered = made.slides
    assert [one.heading() for one in made.slides] == ["Claim", "How many?", "b) two"]
    assert "Count them" not in asked.text.partition("<!--")[0]
    assert "```console\n$ seq 2\n1\n2\n# Linux" in answered.text
    assert "<!-- capture" not in made.markdown()
    assert claim.note() and asked.note() and answered.note()


@pytest.mark.parametrize(
    ("old", "new"), [("- c) three\n", ""), ("**b)**", "**d)**"), ("<!-- capture", "<!--")]
)
def test_a_bank_needs_options_and_a_measured_answer(
    root: Path, old: str, new: str
) -> None:
    bank = root / "labs/01-x/quiz.md"
    bank.write_text(BANK.replace(old, new))
    with pytest.raises(DeckError, match="How many"):
        questions(bank)


def test_what_is_missing_is_named_with_the_remedy(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slides, "ROOT", root)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingError, match="Node .*Marp .*Chromium.*--with slides"):
        build(root, root / "build")
    assert not (root / "build").exists()


def toy(body: str) -> str:
    return f"{HEAD.replace('minutes: 10', 'theme: labs')}{body}\n\n{NOTE}"


TOYS = {
    "good": toy("# Claim\n\n![three words](x.svg)"),
    "fits": toy("# Claim\n\n" + "- one more\n" * 20),
    "fits-wide": toy('# Claim\n\n<p style="width:1500px">wide</p>'),
    "console": toy('# Claim\n\n<script>console.error("wrong")</script>'),
    "request": toy("# Claim\n\n![a picture](http://127.0.0.1:9/x.png)"),
    "alt": toy("# Claim\n\n![](x.svg)"),
    "steps": toy("# Claim\n\n![three words](steps.svg)"),
    "size": toy('# Claim\n\n<p style="font-size:20px">small</p>'),
    "size-drawn": toy("# Claim\n\n![three words](small.svg)"),
    "contrast": toy('# Claim\n\n<p style="color:#888">pale</p>'),
    "contrast-drawn": toy("# Claim\n\n![three words](pale.svg)"),
    "size-memview": toy("# Claim\n\n![memview's own picture](memview.svg)"),
}


@pytest.fixture(name="built", scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All decks and all toys as HTML."""
    lacks = missing()
    if lacks:
        pytest.skip(f"not here: {', '.join(lacks)}; {slides.REMEDY}")
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    complete([read(path, ROOT) for path in PATHS], ROOT, source)
    for name, text in TOYS.items():
        (source / f"toy-{name}.md").write_text(text)
    pale = '<text fill="#999" '
    (source / "x.svg").write_text(PICTURE)
    shutil.copy(ROOT / "labs/04-alloc-size/alloc_size.svg", source / "memview.svg")
    (source / "steps.svg").write_text(PICTURE.replace('<g data-step="3"', '<g  data-step="3"'))
    (source / "small.svg").write_text(PICTURE.replace("24px", "20px"))
    (source / "pale.svg").write_text(PICTURE.replace("<text ", pale))
    engine("build.mjs", source, target, "html")
    return target


@pytest.fixture(name="found", scope="module")
def _found(built: Path) -> dict[str, set[str]]:
    """What Chromium has found in each deck: rule and matter, by the deck's name."""
    files = sorted(built.glob("*.html"))
    found: dict[str, set[str]] = {file.stem: set() for file in files}
    for one in json.loads(engine("inspect.mjs", *files)):
        words = f"{one['rule']}: slide {one['slide']}: {one['what']}"
        found[Path(one["deck"]).stem].add(words)
    return found


@pytest.mark.parametrize("name", [*(path.stem for path in PATHS), "toy-good"])
def test_a_deck_in_chromium(found: dict[str, set[str]], name: str) -> None:
    """It fits, is large and dark enough, steps there and back, and asks nobody."""
    assert found[name] == set()


@pytest.mark.parametrize("name", [name for name in TOYS if name != "good"])
def test_a_broken_toy_in_chromium(found: dict[str, set[str]], name: str) -> None:
    assert name.partition("-")[0] in {one.partition(":")[0] for one in found[f"toy-{name}"]}


def test_a_picture_of_memview_steps(found: dict[str, set[str]]) -> None:
    """It is inlined as it is; the one thing against it are its small letters."""
    rules = {one.partition(":")[0] for one in found["toy-size-memview"]}
    assert rules == {"size"}


@pytest.mark.parametrize("name", [path.stem for path in PATHS])
def test_a_deck_is_one_file(built: Path, name: str) -> None:
    """Nothing in it is fetched from anywhere: no address but names of formats."""
    text = (built / f"{name}.html").read_text(encoding="utf-8")
    for mark in (r"<link\b.*", r"\bsrc=\"(?!data:).*", r"@import.*", r"url\((?!\"?data:).*"):
        assert not [place[:90] for place in re.findall(mark, text) if "http" in place[:90]]


def test_all_kinds_of_pages_are_made(built: Path, tmp_path: Path) -> None:
    """PDF, PDF with notes, the plain page, and the sheet, of a toy."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "toy.md").write_text(TOYS["good"])
    (source / "x.svg").write_text(PICTURE)
    engine("build.mjs", source, tmp_path)
    for name in ("toy.pdf", "toy-notes.pdf"):
        assert (tmp_path / name).read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "toy-sheet.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "toy.html").stat().st_size > 10_000
    plain = (tmp_path / "toy-plain.html").read_text()
    for part in ("<h1>A toy</h1>", "<h2>Claim</h2>", 'aria-label="three words"', "Ask: "):
        assert part in plain
    assert "<script" not in plain
