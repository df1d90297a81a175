# SPDX-License-Identifier: MIT
"""Captures: what a handout shows is what its command prints, told by line kinds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader import captures
from grader.captures import CaptureError, check, find, kinds, made, transcript, update
from grader.lab import ROOT

PAUSING = """\
#!/bin/sh
echo "hello from WHOM"
echo "[$$] before: press Enter"
read -r line
echo "[$$] after: press Enter"
read -r line
echo "bye"
"""

MAKEFILE = """\
all: build/demo
build/demo: demo.sh
\tmkdir -p build
\tcp demo.sh $@
\tchmod +x $@
"""


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    for folder, whom in (("labs", "a skeleton"), ("solutions", "a solution")):
        lab = tmp_path / folder / "01-x"
        lab.mkdir(parents=True)
        (lab / "demo.sh").write_text(PAUSING.replace("WHOM", whom))
    (tmp_path / "labs/01-x/Makefile").write_text(MAKEFILE)
    (tmp_path / "labs/01-x/README.md").write_text("# X\n")
    (tmp_path / "README.md").write_text("# Top\n")
    return tmp_path


def capture(marker: str) -> captures.Capture:
    """The one capture of a text."""
    (found,), wrong = find(marker)
    assert wrong == [(1, "no console block below; run make captures")]
    return found


def body(root: Path, marker: str) -> list[str]:
    """What a lab's handout would show, without the last line."""
    lines = made(capture(marker), root, "solutions/01-x")
    assert re.fullmatch(r"# Linux [0-9.]+ \w+, .+, \d{4}-\d\d-\d\d", lines[-1])
    return list(lines[:-1])


def test_a_command_runs_in_the_lab_with_the_solution(root: Path) -> None:
    assert body(root, "<!-- capture: build/demo | head -n 1; ls -->") == [
        "$ build/demo | head -n 1; ls",
        "hello from a solution",
        *("Makefile", "README.md", "build", "demo.sh"),
    ]
    assert not (root / "labs/01-x/build").exists()


PICTURE = """\
<!-- capture in=labs/01-x: cat drawn -->
![what is to be seen](pictures/drawn.svg)
"""
DRAWN = '<svg xmlns="x">\n<text class="soft">3 KiB</text>\n</svg>\n'


def test_a_picture_is_drawn_and_kept_beside(root: Path) -> None:
    """It is written where it is missing or shows elements of other kinds."""
    (root / "labs/01-x/drawn").write_text(DRAWN)
    (root / "README.md").write_text(PICTURE)
    said = ["README.md:1: pictures/drawn.svg shows other things"]
    assert check(root) == said and not (root / "pictures").exists()
    assert update(root) == (said, [])
    assert (root / "pictures/drawn.svg").read_text() == DRAWN
    (root / "labs/01-x/drawn").write_text(DRAWN.replace("3", "4"))
    assert update(root) == ([], [])
    assert (root / "pictures/drawn.svg").read_text() == DRAWN
    (root / "labs/01-x/drawn").write_text(DRAWN.replace("soft", "bold"))
    assert check(root) == said
    assert (root / "README.md").read_text() == PICTURE


def test_a_command_that_draws_nothing_is_told(root: Path) -> None:
    (root / "README.md").write_text(PICTURE)
    (line,) = check(root)
    assert line.startswith("README.md:1: prints no SVG but: ")


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        (" in=labs/01-x", "hello from a skeleton"),
        (" in=solutions/01-x", "hello from a solution"),
    ],
)
def test_in_chooses_the_folder(root: Path, option: str, shown: str) -> None:
    assert shown in body(root, f"<!-- capture{option}: build/demo -->")
    assert body(root, "<!-- capture in=.: ls -d l* -->") == ["$ ls -d l*", "labs"]


def test_the_copys_place_is_shown_as_home(root: Path) -> None:
    assert body(root, "<!-- capture: pwd -->")[1] == "~/process-memory-labs/labs/01-x"


def test_a_tool_runs_while_the_program_stands_at_a_prompt(root: Path) -> None:
    tool = "kill -0 PID && echo PIDS PID"
    shown = body(
        root, f'<!-- capture: build/demo at "before": {tool} at "after": {tool} -->'
    )
    number = shown[2].partition("]")[0][1:]
    asked = [f"$ kill -0 {number} && echo PIDS {number}", f"PIDS {number}"]
    assert shown == [
        "$ build/demo",
        "hello from a solution",
        f"[{number}] before: press Enter",
        *asked,
        f"[{number}] after: press Enter",
        *asked,
        "bye",
    ]


def test_only_trims_by_pattern_and_marks_gaps(root: Path) -> None:
    command = "printf 'a 1\\nb 2\\nc 3\\nb 4\\nd\\nd\\n'"
    assert body(root, f'<!-- capture only="^b|: c": {command} -->')[1:] == [
        *("...", "b 2", "...", "b 4", "..."),
    ]


def test_control_characters_are_spelled_out_and_long_lines_kept(root: Path) -> None:
    shown = body(root, "<!-- capture: printf '\\033[1m%0300d' 7 -->")
    assert shown[1] == "\\x1b[1m" + "0" * 299 + "7"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("no-such-tool", "status 127 after: $ no-such-tool / "),
        ("kill -9 $$", "status -9 after: $ kill"),
        ('build/demo at "middle": true', "no pause at 'middle' in: "),
        ('build/demo at "after": no-such-tool PID', "status 127 after"),
        ("echo '```'", "the output holds a fence"),
    ],
)
def test_what_cannot_be_captured(root: Path, command: str, says: str) -> None:
    with pytest.raises(CaptureError) as caught:
        made(capture(f"<!-- capture: {command} -->"), root, "solutions/01-x")
    assert says in str(caught.value)


def test_a_command_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captures, "SECONDS", 0.5)
    with pytest.raises(CaptureError, match="status -9"):
        transcript("cat /dev/zero | tail -c 1 & wait", tmp_path)


def test_kinds_are_columns_not_values() -> None:
    old = (
        "$ pmap 4711",
        "4711:   build/demo 64",
        "000055f1bc50c000      8K r---- demo",
        "000055f1d3ad7000    132K rw---   [ anon ]",
        "...",
        " total             2924K",
        "# Linux 6.1 x86_64, glibc 2.36, 2026-01-01",
    )
    other = (
        "$ pmap 12",
        "12:   build/demo 96",
        "0000aaaac50c0000   1024K rw--- ld-linux-aarch64.so.1",
        " total                4K",
        "# Linux 7.0 aarch64, glibc 2.41, 2027-01-01",
    )
    assert kinds(old) == kinds(other)
    assert kinds(old) == {
        "$ pmap N",
        "number words number",
        "address number rights words",
        "words number",
    }
    wider = (*other[:2], "000055f1bc50c000   8   8   0 r---- demo", *other[3:])
    assert kinds(wider) != kinds(old)
    assert kinds(("$ pmap -x 12", *other[1:])) != kinds(old)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("mmap(NULL, 266240, PROT_READ) = 0x7f00", "words number words address"),
        ("00400000-00401000 r-xp 00000000 fe:00 12345678 /x", None),
        ("555555554000-555555556000 rw-p 0 00:01 7 /y z", None),
        ("RSS 12345678 kB, 5.2%", "words number words number"),
        ("deadbeef0 added", "address words"),
        ("", ""),
    ],
)
def test_the_kind_of_a_line(line: str, kind: str | None) -> None:
    if kind is None:
        (found,) = kinds((line, "# made"))
        assert found.startswith("address rights number ")
    else:
        assert kinds((line, "# made")) == {kind}


HANDOUT = """\
# X

Type this:

```sh
make
```

<!-- capture: build/demo -->

Look at it.
"""


@pytest.mark.parametrize(
    ("deck", "shown"), [("01-x", "hello from a solution"), ("00-y", "slides")]
)
def test_a_decks_captures_run_in_its_lab(root: Path, deck: str, shown: str) -> None:
    """Or at the top, where no lab has its name."""
    (root / "slides").mkdir()
    path = root / "slides" / f"{deck}.md"
    path.write_text("# X\n\n<!-- capture: test -d slides && ls || build/demo -->\n")
    assert len(update(root)[0]) == 1
    assert f"\n{shown}\n" in path.read_text()


def test_update_makes_a_block_once(root: Path) -> None:
    handout = root / "labs/01-x/README.md"
    handout.write_text(HANDOUT)
    told = ["labs/01-x/README.md:9: `build/demo` prints other lines"]
    assert check(root) == told
    assert handout.read_text() == HANDOUT
    assert update(root) == (told, [])
    text = handout.read_text()
    assert "```console\n$ build/demo\nhello from a solution\n[" in text
    assert text.startswith(HANDOUT.partition("\nLook")[0].rstrip("\n"))
    assert text.endswith("\n```\n\nLook at it.\n")
    assert update(root) == ([], []) and check(root) == []
    assert handout.read_text() == text


def test_a_block_is_rewritten_only_for_other_kinds_of_lines(root: Path) -> None:
    handout = root / "labs/01-x/README.md"
    handout.write_text(HANDOUT)
    update(root)
    text = handout.read_text()
    aged = re.sub(r"\[[0-9]+\]", "[1]", text).replace("20", "19")
    handout.write_text(aged)
    assert update(root) == ([], [])
    assert handout.read_text() == aged
    handout.write_text(aged.replace("bye", "bye 1 0xffff"))
    assert len(update(root)[0]) == 1
    assert "bye\n# Linux" in handout.read_text()


def test_update_tells_what_it_cannot_make_and_makes_the_rest(root: Path) -> None:
    markers = "<!-- capture: no-such-tool -->\n\n<!-- capture: echo x -->\n"
    (root / "README.md").write_text(f"{markers}\n```console\n$ y\n```\n")
    changed, faults = update(root)
    assert [line.partition(" ")[0] for line in changed] == ["README.md:3:"]
    assert [line.partition(" ")[0] for line in faults] == ["README.md:1:", "README.md:5:"]
    assert "```console\n$ echo x\nx\n# Linux" in (root / "README.md").read_text()


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("x\n```console\n$ ls\n```", 2, "typed; write `<!-- capture: COMMAND"),
        ("```\nls\n```", 1, "`` is none of c, make, python, sh, toml"),
        ("- x\n\n  ```text\n  ls\n  ```", 3, "`text` is none of"),
        ("~~~console\nls\n~~~", 1, "typed; write"),
        ("```c\nint x;\n", 1, "a block without an end"),
        ("<!-- capture: ls -->\n\n```console\n```", 1, "no console block below"),
        ("<!-- capture: ls -->\n```sh\n```", 1, "no console block below"),
        ("<!-- capture ls -->", 1, "not a marker; write `<!-- capture: COMMAND -->`"),
        ("<!-- capture if=x: ls -->", 1, "not a marker"),
        ("<!-- capture: -->", 1, "not a marker"),
    ],
)
def test_a_block_is_a_capture_or_source(text: str, line: int, says: str) -> None:
    _, wrong = find(text)
    assert wrong[0][0] == line
    assert says in wrong[0][1]


def test_sources_and_captures_are_not_wrong() -> None:
    text = "```c\n```console\n```\n<!-- capture: ls -->\n```console\n$ ls\n# x\n```\n"
    (found,), wrong = find(text + "````make\n```\n````\n")
    assert wrong == []
    assert (found.line, found.command, found.body) == (4, "ls", ("$ ls", "# x"))


def test_the_handouts_show_nothing_that_was_typed() -> None:
    """Nor does any other Markdown of the tree."""
    made = {"build", "grades", "node_modules"}
    every = [
        path
        for path in ROOT.rglob("*.md")
        if not made & set(path.relative_to(ROOT).parts)
    ]
    assert {*captures.captured(ROOT), ROOT / "grader/README.md"} <= {*every}
    wrong = {path: find(path.read_text(encoding="utf-8"))[1] for path in every}
    assert [f"{path}:{at}: {why}" for path in wrong for at, why in wrong[path]] == []
