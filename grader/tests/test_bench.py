# SPDX-License-Identifier: MIT
"""What the judge compiles: whole or not at all, and where no student can write."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.judge import bench as judge_bench
from grader.judge.api import CannotCheck
from grader.outcome import Cause
from grader.tests.driven import LAB, SOURCES, light_bench
from grader.tests.test_box import LEVELS

PLANT = """
for folder in "$@"; do
    echo planted >"$folder/planted" && echo "$folder"
done 2>/dev/null
"""


# At the level limits root is no judge.
@pytest.mark.parametrize("level", [name for name in LEVELS if name != "limits"])
def test_a_build_writes_to_its_own_folder_alone(level: str) -> None:
    """What the judge has compiled, and its other programs, stay as they are."""
    with light_bench(level) as bench:
        compiled = bench.compile(SOURCES, "library.so", ["-shared", "-fPIC"]).parent
        places = (bench.folder, bench.root / "probes", compiled.parent, compiled)
        done = bench.box.run(
            ["sh", "-c", PLANT, "plant", *places, bench.build_folder],
            writable=(bench.build_folder,),
        )
        assert done.stdout.decode().split() == [str(bench.build_folder)]
        assert not any(Path(place, "planted").exists() for place in places)


def test_what_does_not_compile_is_told_in_the_compilers_words(tmp_path: Path) -> None:
    """In the order of the sources, and nothing is linked of the others."""
    (tmp_path / "rc.c").write_text("#error first\n")
    (tmp_path / "tree.c").write_text("#error second\n")
    with light_bench("auto", tmp_path) as bench:
        with pytest.raises(CannotCheck) as told:
            bench.compile(SOURCES, "library")
    assert told.value.cause is Cause.BUILD
    assert told.value.why.startswith("0-rc.o, 1-tree.o: not made\n")
    first, second = map(told.value.why.index, ("#error first", "#error second"))
    assert first < second
    assert str(bench.root) not in told.value.why


def test_what_does_not_link_is_told_too(tmp_path: Path) -> None:
    """With the name of the program that was not made."""
    (tmp_path / "rc.c").write_text("void nobody(void); void f(void) { nobody(); }\n")
    with light_bench("auto", tmp_path) as bench:
        with pytest.raises(CannotCheck) as told:
            bench.compile(["rc.c"], "library")
    assert told.value.why.startswith("library: not made\n")


@pytest.mark.parametrize(
    "plant", ["ln -s /etc/passwd counts", "mkdir counts", "mkfifo counts"]
)
def test_a_product_is_a_regular_file(plant: str) -> None:
    """A rule of a student's may have made anything else of that name."""
    with light_bench("auto") as bench:
        bench.box.run(
            ["sh", "-c", plant],
            writable=(bench.build_folder,),
            cwd=bench.build_folder,
        )
        bench._made["counts"] = ""
        with pytest.raises(CannotCheck, match="not a file of a program's size"):
            bench.program("counts")


def test_a_students_copy_judges_given_files_as_they_were_handed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a student changed in them is put aside, and said."""
    kept = tmp_path / ".skeletons" / LAB.id
    folder = tmp_path / "lab"
    for place in (kept, folder):
        place.mkdir(parents=True)
        (place / "rc.h").write_text("as it was\n")
        (place / "tree.h").write_text("as it was\n")
    (folder / "rc.h").write_text("changed\n")
    monkeypatch.setattr(judge_bench, "ROOT", tmp_path)
    (note,) = judge_bench._put_back_given(LAB, folder)
    assert note.startswith("rc.h is not as it was handed out")
    assert (folder / "rc.h").read_text() == "as it was\n"
