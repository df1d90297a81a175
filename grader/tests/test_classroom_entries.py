# SPDX-License-Identifier: MIT
"""Who handed in: what exports look like, and what is no submission."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from unittest import mock

import pytest

from grader.classroom.entries import ClassError, find_entries


def keys(folder: Path) -> list[str]:
    return [entry.key for entry in find_entries(folder)[0]]


def make(folder: Path, *names: str) -> Path:
    """Folders for names that end in a slash, empty files for the others."""
    for name in names:
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return folder


def test_folders_and_archives_are_students(tmp_path: Path) -> None:
    make(tmp_path, "b/", "a.tar.gz", "d.zip", "c.TGZ", "f.tar.xz", "e.tar")
    assert keys(tmp_path) == ["a", "b", "c", "d", "e", "f"]


def test_what_a_teacher_keeps_beside_is_ignored_and_said(tmp_path: Path) -> None:
    make(tmp_path, "a/", "expected.toml", "grades.csv", "submission_metadata.yml")
    make(tmp_path, ".git/", ".DS_Store", "README.md")
    (tmp_path / "latest").symlink_to("a")
    entries, ignored = find_entries(tmp_path)
    assert [entry.key for entry in entries] == ["a"]
    assert set(ignored) == set(os.listdir(tmp_path)) - {"a", ".git", ".DS_Store"}


def test_a_wrong_form_is_somebody_s_submission(tmp_path: Path) -> None:
    make(tmp_path, "a.rar", "b.7z", "c.c", "d")
    assert keys(tmp_path) == ["a.rar", "b.7z", "c.c", "d"]


def test_moodle(tmp_path: Path) -> None:
    name = "Some Name_4711_assignsubmission_file_"
    make(tmp_path, f"{name}/hand-in.zip", "Other_12_assignsubmission_file/02-demo/")
    entries, _ = find_entries(tmp_path)
    assert [entry.key for entry in entries] == ["Other_12", "Some Name_4711"]
    assert entries[1].source == tmp_path / name / "hand-in.zip"
    assert entries[0].source.is_dir()


def test_what_a_student_typed_into_moodle_is_no_second_student(tmp_path: Path) -> None:
    for name, kind in (("A", "file"), ("A", "onlinetext"), ("B", "onlinetext")):
        make(tmp_path, f"{name}_1_assignsubmission_{kind}_/onlinetext.html")
    entries, ignored = find_entries(tmp_path)
    assert [entry.key for entry in entries] == ["A_1", "B_1"]
    assert "_file_" in entries[0].source.name
    assert ignored == ("A_1_assignsubmission_onlinetext_",)


def test_canvas(tmp_path: Path) -> None:
    make(tmp_path, "namesome_LATE_123_4567_hand-in-1.zip", "other_8_9_x.tar.gz")
    assert keys(tmp_path) == ["namesome_123", "other_8"]


def test_gradescope(tmp_path: Path) -> None:
    make(tmp_path, "submission_123/02-demo/", "submission_124/02-demo/")
    assert keys(tmp_path) == ["submission_123", "submission_124"]


def test_two_entries_of_one_student_keep_their_whole_names(tmp_path: Path) -> None:
    make(tmp_path, "a/", "a.zip", "a.tar.gz", "b.zip", "b.zip.tar", "c.zip.tar")
    assert keys(tmp_path) == ["a", "a.tar.gz", "a.zip", "b", "b.zip.tar", "c.zip"]
    make(tmp_path, "canvas_1_2_x.zip", "canvas_1_3_y.zip")
    assert keys(tmp_path)[-2:] == ["canvas_1_2_x.zip", "canvas_1_3_y.zip"]


def test_hostile_names(tmp_path: Path) -> None:
    names = [b"\xff\xfe", b"-rf", b"=cmd|x", b"a\nb", b"\x1b[2J", b" ", b"x" * 255]
    for name in names:
        os.mkdir(os.fsencode(tmp_path) + b"/" + name)
    assert sorted(keys(tmp_path)) == sorted(map(os.fsdecode, names))


def test_one_archive_in_a_folder_is_read_but_no_link(tmp_path: Path) -> None:
    make(tmp_path, "a/x.zip", "b/x.zip", "b/y.zip", "c/.hidden", "c/x.zip", "d/")
    (tmp_path / "d" / "x.zip").symlink_to(tmp_path / "a" / "x.zip")
    sources = [entry.source.relative_to(tmp_path) for entry in find_entries(tmp_path)[0]]
    assert list(map(str, sources)) == ["a/x.zip", "b", "c/x.zip", "d"]


def test_a_class_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ClassError, match="gone: No such file or directory"):
        find_entries(tmp_path / "gone")
    (tmp_path / "export.zip").touch()
    with pytest.raises(ClassError, match="export.zip: is not a folder; unpack"):
        find_entries(tmp_path / "export.zip")
    assert find_entries(make(tmp_path, "empty/") / "empty") == ((), ())


def test_a_class_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its names can be listed, and nothing else."""
    make(tmp_path, "class/a/")
    error = PermissionError(errno.EACCES, "Permission denied", "a")
    monkeypatch.setattr(Path, "is_symlink", mock.Mock(side_effect=error))
    with pytest.raises(ClassError, match="class: Permission denied; .* may read"):
        find_entries(tmp_path / "class")
