# SPDX-License-Identifier: MIT
"""The skeletons: all of a solution but its marked regions, nothing of those."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.lab import LABS, ROOT
from grader.skeletons import Region, SkeletonError, check, cut, generate, regions

C = """\
int find(int key)
{
	/* BEGIN 2 find: say where the key is */
	return search(key);
	//~ (void)key;
	//~
	//~ 	return -1;
	/* END 2 find */
}
"""

MAKE = """\
all:
# BEGIN 1 link: link it. \\
#         Each kind once.
	$(LINK) -static
#~ 	$(LINK)
# END 1 link
"""


def test_a_region_becomes_its_prompt_and_its_tilde_lines() -> None:
    assert cut(C, Path("a.c")) == (
        "int find(int key)\n"
        "{\n"
        "\t/* TODO 2: say where the key is. See make hint STEP=2 */\n"
        "\t(void)key;\n"
        "\n"
        "\t\treturn -1;\n"
        "}\n"
    )
    assert cut(MAKE, Path("link.mk")) == (
        "all:\n"
        "# TODO 1: link it. Each kind once. See make hint STEP=1\n"
        "\t$(LINK)\n"
    )


@pytest.mark.parametrize("name", ["Makefile", "a.mk", "a.toml", "a.sh", "a"])
def test_all_but_c_has_the_shells_comments(name: str) -> None:
    assert "-static" not in cut(MAKE, Path(name))


def test_regions_tell_where_they_are_and_what_they_hold() -> None:
    assert regions(C, Path("a.c")) == [
        Region("find", 2, "say where the key is.", 3, 8, ("\treturn search(key);",))
    ]
    (region,) = regions(MAKE, Path("a.mk"))
    assert (region.prompt, region.first, region.last) == (
        "link it. Each kind once.",
        2,
        6,
    )
    assert region.code == ("\t$(LINK) -static",)


def test_a_long_prompt_is_wrapped_at_80_columns() -> None:
    prompt = "say " + "word " * 30 + "and end"
    text = f"\t\t/* BEGIN 12 long-one: {prompt}\n\t\t * here */\n\t\t/* END 12 long-one */"
    rows = cut(text, Path("a.h")).split("\n")
    assert rows[0] == "\t\t/*"
    assert rows[1].startswith("\t\t * TODO 12: say word")
    assert rows[-1] == "\t\t */"
    assert all(len(row.expandtabs(8)) <= 80 for row in rows)
    said = " ".join(row.strip("\t */") for row in rows).strip()
    assert said == f"TODO 12: {prompt} here. See make hint STEP=12"
    assert "make hint STEP=12" in rows[-2]
    text = f"# BEGIN 3 b: {prompt}\n# END 3 b\n"
    rows = cut(text, Path("a.mk")).split("\n")
    assert all(row.startswith("# ") and len(row) <= 80 for row in rows[:-1])
    assert rows[-1] == ""


@given(st.integers(0, 60), st.integers(1, 99))
def test_no_line_of_a_prompt_is_longer_than_80_columns(words: int, task: int) -> None:
    prompt = " ".join(["of"] * words + ["it"])
    text = f"\t/* BEGIN {task} a: {prompt} */\n\t/* END {task} a */"
    skeleton = cut(text, Path("a.c"))
    assert all(len(row.expandtabs(8)) <= 80 for row in skeleton.split("\n"))
    assert skeleton.count("of") == words


ORDINARY = ["x", "", "\tbegin = 2;", "#if 0", "/* the end */", "# BEGINNING", "~x"]


@given(st.lists(st.sampled_from(ORDINARY)))
def test_a_file_without_markers_is_its_own_skeleton(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert cut(text, Path("a.c")) == text == cut(text, Path("a.mk"))
    assert regions(text, Path("a.c")) == []


def test_the_last_line_may_lack_its_newline() -> None:
    assert cut(C.rstrip("\n"), Path("a.c")) == cut(C, Path("a.c")).rstrip("\n")
    assert cut(C.rpartition("\n}")[0], Path("a.c")).endswith("return -1;")


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("/* BEGIN 2 a: b */\nx\n", 1, "no END; add `END 2 a`"),
        ("x\n/* END 2 a */\n", 2, "the END of no region; add its BEGIN"),
        ("/* BEGIN 2 a: b */\n/* END 2 b */", 2, "write `/* END 2 a */`"),
        ("/* BEGIN 2 a: b */\n/* END 3 a */", 2, "write `/* END 2 a */`"),
        ("/* BEGIN 2 a: b */\n/* END 2 a", 2, "write `/* END 2 a */`"),
        ("/* BEGIN 2 a: b */\n/* BEGIN 2 c: d */", 2, "inside region a; end that one"),
        ("/* BEGIN 2 a: b */\n/* END 2 a */\n" * 2, 3, "a second region a; rename one"),
        ("/* BEGIN 0 a: b */", 1, "write `/* BEGIN 2 name: what to do. */`"),
        ("/* BEGIN 02 a: b */", 1, "write `/* BEGIN"),
        ("/* BEGIN 100 a: b */", 1, "write `/* BEGIN"),
        ("/* BEGIN two a: b */", 1, "write `/* BEGIN"),
        ("/* BEGIN 2 A: b */", 1, "write `/* BEGIN"),
        ("/* BEGIN 2 a */", 1, "write `/* BEGIN"),
        ("/* BEGIN 2 a: */", 1, "write `/* BEGIN"),
        ("/* BEGIN 2 a: b", 1, "write `/* BEGIN"),
        ("/* BEGIN 2 a: b\nc */", 1, "write `/* BEGIN"),
        ("/*BEGIN 2 a: b */", 1, "write `/* BEGIN"),
        ("// BEGIN 2 a: b", 1, "write `/* BEGIN"),
        ("# BEGIN 2 a: b", 1, "write `/* BEGIN"),
        ("/* begin 2 a: b */", 1, "write `/* BEGIN"),
        ("x(); /* BEGIN 2 a: b */", 1, "write `/* BEGIN"),
        ("//~ x", 1, "a tilde line outside a region; move it into one"),
        ("/* BEGIN 2 a: b */\n#~ x\n/* END 2 a */", 2, "write `//~`"),
        ("x\r\ny\r\n", 1, "ends in CR LF; convert it"),
        ("x\n/* BEGIN 2 a: b */\ny\r\n/* END 2 a */", 3, "ends in CR LF"),
    ],
)
def test_an_error_names_file_line_and_remedy(text: str, line: int, remedy: str) -> None:
    with pytest.raises(SkeletonError) as caught:
        cut(text, Path("solutions/01-x/a.c"))
    assert str(caught.value).startswith(f"solutions/01-x/a.c:{line}: ")
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("/* BEGIN 2 a: b */", "write `# BEGIN 2 name: what to do.`"),
        ("## BEGIN 2 a: b", "write `# BEGIN"),
        ("# BEGIN 2 a: b \\\nx", "write `# BEGIN"),
        ("# BEGIN 2 a: b\n//~ x", "write `#~`"),
    ],
)
def test_errors_in_other_languages_show_their_comments(text: str, remedy: str) -> None:
    with pytest.raises(SkeletonError) as caught:
        cut(text, Path("a.mk"))
    assert remedy in str(caught.value)


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> tuple[Path, Path]:
    solution, lab = tmp_path / "solutions/01-x", tmp_path / "labs/01-x"
    (solution / "part").mkdir(parents=True)
    (solution / "build").mkdir()
    lab.mkdir(parents=True)
    (solution / "a.c").write_text(C)
    (solution / "part/link.mk").write_text(MAKE)
    (solution / "run").write_text("#!/bin/sh\n")
    (solution / "run").chmod(0o755)
    (solution / "answers.sh").write_text("echo 42\n")
    (solution / "notes.md").write_text("The answer is 42.\n")
    (solution / "build/a.o").write_text("made")
    for name in ("README.md", "Makefile", "lab.toml", "answers.toml"):
        (lab / name).write_text("by hand\n")
    return tmp_path / "solutions", tmp_path / "labs"


def test_generate_writes_programs_and_nothing_else(tree: tuple[Path, Path]) -> None:
    solutions, labs = tree
    lab = labs / "01-x"
    made = [lab / "a.c", lab / "part/link.mk", lab / "run"]
    assert len(check(solutions, labs)) == 3
    assert generate(solutions, labs) == made
    assert check(solutions, labs) == []
    assert generate(solutions, labs) == []
    assert (lab / "a.c").read_text() == cut(C, Path("a.c"))
    assert (lab / "run").stat().st_mode & 0o100
    assert (lab / "Makefile").read_text() == "by hand\n"
    assert {path.name for path in lab.rglob("*") if path.is_file()} == {
        *(path.name for path in made),
        *("README.md", "Makefile", "lab.toml", "answers.toml"),
    }


def test_check_lists_what_differs(tree: tuple[Path, Path]) -> None:
    solutions, labs = tree
    generate(solutions, labs)
    (labs / "01-x/a.c").write_text(C)
    (labs / "01-x/run").chmod(0o644)
    (labs / "01-x/part/link.mk").unlink()
    (labs / "01-x/a.c.orig~").write_text("an editor's")
    found = check(solutions, labs)
    assert [line.partition(": ")[0] for line in found] == [
        str(labs / "01-x" / name) for name in ("a.c", "part/link.mk", "run")
    ]
    assert all("run make skeletons" in line for line in found)
    assert len(generate(solutions, labs)) == 3
    assert check(solutions, labs) == []


def test_a_file_that_no_solution_has_is_stale(tree: tuple[Path, Path]) -> None:
    solutions, labs = tree
    generate(solutions, labs)
    (solutions / "01-x/a.c").rename(solutions / "01-x/b.c")
    stale = f"{labs / '01-x/a.c'}: no solution has it; remove it"
    assert stale in check(solutions, labs)
    with pytest.raises(SkeletonError, match="no solution has it"):
        generate(solutions, labs)
    assert (labs / "01-x/b.c").exists()
    (labs / "01-x/a.c").unlink()
    assert check(solutions, labs) == []


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("b.c", C.encode(), "b.c:3: region find is in a.c too; rename one"),
        ("b.c", b"\xff", "b.c:1: not UTF-8; convert it"),
        ("b.c", b"//~", "b.c:1: a tilde line outside"),
    ],
)
def test_a_wrong_source_leaves_the_labs_as_they_are(
    tree: tuple[Path, Path], name: str, data: bytes, says: str
) -> None:
    solutions, labs = tree
    (solutions / "01-x" / name).write_bytes(data)
    for act in (generate, check):
        with pytest.raises(SkeletonError) as caught:
            act(solutions, labs)
        assert says in str(caught.value)
    assert not (labs / "01-x/a.c").exists()


def test_the_committed_skeletons_are_what_the_solutions_make() -> None:
    assert check(ROOT / "solutions", LABS) == []
