# SPDX-License-Identifier: MIT
"""Importing a submission: the lab's files get in, nothing else does anything.

Hostile folders and archives are built here; none of them is kept in git.
"""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import io
import lzma
import os
import socket
import stat
import subprocess
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.judge import members
from grader.judge.layout import ELSEWHERE
from grader.judge.submission import (
    REMEDY,
    BadSubmission,
    Submission,
    import_submission,
)
from grader.lab import Lab, Task

LAB = Lab(
    id="02-demo",
    number=2,
    title="A lab",
    minutes=10,
    programs=("demo",),
    hand_in=("demo.c", "answers.toml", "observations/*.txt"),
    given=("Makefile",),
    tools=(),
    tasks=(Task(1, "Do it", 100, ("a", "b", "c")),),
    parameters={},
    folder=Path("/nonexistent/02-demo"),
)
GOOD = {
    "student.toml": b'id = "7"\nname = "Case Seven"\n',
    "02-demo/demo.c": b"int main(void) { return 0; }\n",
    "02-demo/answers.toml": b"[answers]\n",
    "02-demo/observations/size.txt": b"text data bss\n",
}
FILES = ("answers.toml", "demo.c", "observations/size.txt")

Pack = Callable[[Path, dict[str, bytes]], Path]


def take(source: Path, *, flat: bool = True) -> tuple[Submission, dict[str, bytes]]:
    """Import into a new staging folder; what was written there, but the card."""
    with tempfile.TemporaryDirectory() as name:
        staging = Path(name, "staging")
        submission = import_submission(source, LAB, staging, flat=flat)
        written = {}
        for folder, folders, files in os.walk(staging):
            for entry in folders:
                assert stat.S_IMODE(Path(folder, entry).lstat().st_mode) == 0o755
            for entry in files:
                path = Path(folder, entry)
                status = path.lstat()
                assert stat.S_ISREG(status.st_mode) and status.st_nlink == 1
                assert stat.S_IMODE(status.st_mode) == 0o644
                relative = path.relative_to(staging).as_posix()
                written[relative] = path.read_bytes()
        assert "student.toml" in written
        del written["student.toml"]
        assert tuple(sorted(written)) == submission.files
        assert all(map(LAB.accepts, written))
    return submission, written


def notes_of(source: Path, *, flat: bool = True) -> str:
    return "\n".join(take(source, flat=flat)[0].notes)


def as_folder(where: Path, files: dict[str, bytes]) -> Path:
    target = where / "entry"
    target.mkdir()
    for name, data in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return target


def tar_bytes(infos: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in infos:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def plain(files: dict[str, bytes]) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(tarfile.TarInfo(name), data) for name, data in files.items()]


def tar_packer(compress: Callable[[bytes], bytes]) -> Pack:
    def pack(where: Path, files: dict[str, bytes]) -> Path:
        path = where / "entry.tar"
        path.write_bytes(compress(tar_bytes(plain(files))))
        return path

    return pack


def as_zip(where: Path, files: dict[str, bytes]) -> Path:
    path = where / "entry.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


PACKERS: dict[str, Pack] = {
    "folder": as_folder,
    "tar": tar_packer(bytes),
    "gz": tar_packer(gzip.compress),
    "bz2": tar_packer(bz2.compress),
    "xz": tar_packer(lzma.compress),
    "zip": as_zip,
}


@pytest.fixture(params=PACKERS)
def pack(request: pytest.FixtureRequest) -> Pack:
    return PACKERS[request.param]


# What is taken


def test_every_form_gives_the_same_submission(pack: Pack, tmp_path: Path) -> None:
    submission, written = take(pack(tmp_path, GOOD))
    assert written == {name: GOOD[f"02-demo/{name}"] for name in FILES}
    assert (submission.student.id, submission.student.name) == ("7", "Case Seven")
    assert submission.notes == ()
    other = {**GOOD, "student.toml": b'id = "8"\n'}
    (tmp_path / "other").mkdir()
    again, _ = take(as_zip(tmp_path / "other", other))
    assert (again.digest, again.student.id) == (submission.digest, "8")


@pytest.mark.parametrize(
    "card, folder",
    [("", "02-demo/"), ("", "02/"), ("me/", "me/02-demo/"), ("me/", "me/02/")]
    + [("repo-main/labs/", "repo-main/labs/02-demo/"), ("labs/", "labs/02-demo/")]
    + [("", ""), ("me/", "me/"), ("./", "./02-demo/"), ("02-demo/", "02-demo/")],
)
def test_the_lab_is_found_in(
    card: str, folder: str, pack: Pack, tmp_path: Path
) -> None:
    files = {f"{card}student.toml": GOOD["student.toml"]}
    files |= {folder + name: GOOD[f"02-demo/{name}"] for name in FILES}
    submission, written = take(pack(tmp_path, files))
    assert tuple(sorted(written)) == FILES
    assert submission.student.id == "7"


def test_tar_of_the_current_folder(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "entry.tar.gz"
    subprocess.run(["tar", "-C", good, "-czf", path, "."], check=True)
    submission, _ = take(path)
    assert (submission.files, submission.notes) == (FILES, ())


def test_another_lab_is_not_taken_for_this_one(pack: Pack, tmp_path: Path) -> None:
    files = {f"04-other/{name}": b"x" for name in FILES}
    submission, written = take(pack(tmp_path, files))
    assert written == {}
    assert "not handed in: 02-demo" in submission.notes
    assert not any("not on the lab's list" in note for note in submission.notes)


def test_loose_files_count_only_where_one_lab_is_asked_for(
    pack: Pack, tmp_path: Path
) -> None:
    source = pack(tmp_path, {name: b"x\n" for name in FILES})
    assert take(source)[0].files == FILES
    submission, written = take(source, flat=False)
    assert written == {}
    assert any("not in a folder 02-demo" in note for note in submission.notes)


def test_the_named_folder_wins_over_other_places(pack: Pack, tmp_path: Path) -> None:
    places = ("", "02/", "me/02-demo/", "02-demo/")
    files = {f"{place}demo.c": place.encode() for place in places}
    submission, written = take(pack(tmp_path, files))
    assert written == {"demo.c": b"02-demo/"}
    (second,) = [note for note in submission.notes if "second place" in note]
    assert "02, me/02-demo, ." in second


def test_a_repository_of_the_whole_suite(pack: Pack, tmp_path: Path) -> None:
    """Only the lab's own folder counts; the other labs' are not named."""
    top = "repo-main/labs/"
    files = {top + name: data for name, data in GOOD.items()}
    files |= {"repo-main/solutions/02-demo/demo.c": b"theirs", f"{top}Makefile": b"x"}
    files |= {f"{top}04-other/{name}": b"x" for name in FILES}
    submission, written = take(pack(tmp_path, files), flat=False)
    assert written == {name: GOOD[f"02-demo/{name}"] for name in FILES}
    assert submission.student.id == "7"
    (note,) = submission.notes
    assert "not on the lab's list: repo-main/solutions/02-demo/demo.c" in note


@pytest.mark.parametrize(
    "folder, said",
    [("a/b/02-demo/", True), ("42-me/src/02/", True), ("a/b/c/d/02-demo/", True)]
    + [("src/", True), ("a/b/04-other/", False), ("02-demo/build/", False)],
)
def test_what_lies_elsewhere_is_no_silent_zero(
    folder: str, said: bool, tmp_path: Path
) -> None:
    """As long as nothing of the lab is where it belongs."""
    files = {folder + name: b"x\n" for name in FILES}
    files |= {f"04-other/{name}": b"x" for name in FILES}
    submission, written = take(as_zip(tmp_path, files), flat=False)
    assert written == {}
    words = f"{ELSEWHERE}: {', '.join(folder + name for name in sorted(FILES))}"
    assert [note for note in submission.notes if ELSEWHERE in note] == [words] * said
    source = as_zip(tmp_path, files | {"02-demo/demo.c": b"x\n"})
    assert ELSEWHERE not in notes_of(source, flat=False)


def test_what_is_not_taken_is_said(pack: Pack, tmp_path: Path) -> None:
    files = {f"02-demo/{name}": b"x\n" for name in ("Demo.C", "Makefile.in", "demo.c")}
    files |= {"02-demo/.git/config": b"x"}
    files |= {"02-demo/a/b/demo.c": b"x", "02-demo/a/b/c/d/e/demo.c": b"x"}
    files |= {"02-demo/observations/-o.txt": b"x"}
    files |= {"02-demo/observations/caf\N{LATIN SMALL LETTER E WITH ACUTE}.txt": b"x"}
    notes = notes_of(pack(tmp_path, files))
    assert "not on the lab's list: 02-demo/Demo.C, 02-demo/Makefile.in" in notes
    for reason in ("not looked into", "nested too deep", "an unusual name"):
        assert f"ignored, {reason}: " in notes
    assert "not handed in: answers.toml" in notes
    assert "missing, so the class's default variant counts: student.toml" in notes


def test_what_the_lab_has_anyway_is_not_named(pack: Pack, tmp_path: Path) -> None:
    """Who packs the whole folder is told nothing about what make left there"""
    files = GOOD | {"02-demo/Makefile": b"x", "02-demo/build/demo": b"x"}
    submission, written = take(pack(tmp_path, files))
    assert (set(written), submission.notes) == (set(FILES), ())


def test_notes_are_short_and_safe(pack: Pack, tmp_path: Path) -> None:
    files = {f"junk-{number:04}": b"" for number in range(500)}
    files["red\x1b[31m\nignored: demo.c\N{RIGHT-TO-LEFT OVERRIDE}"] = b""
    files["n" * 250] = b""
    submission, _ = take(pack(tmp_path, files))
    assert any(note.endswith(" and 494 more") for note in submission.notes)
    for note in submission.notes:
        assert len(note) < 1200
        assert not set(note) & {"\x1b", "\n", "\N{RIGHT-TO-LEFT OVERRIDE}"}


@pytest.mark.parametrize(
    "card",
    [b"id = ", b"\xff", b"id = [1]", b'id = "' + b"9" * 300 + b'"', b"#" * 5000]
    + [b"a=" + b"[" * 4000, b"id = 0x" + b"f" * 4000],
    ids=range(7),
)
def test_a_bad_card_selects_the_default_variant(card: bytes, tmp_path: Path) -> None:
    submission, written = take(as_zip(tmp_path, {**GOOD, "student.toml": card}))
    assert (submission.student.id, submission.student.name) == ("", "")
    assert any("default variant" in note for note in submission.notes)
    assert tuple(sorted(written)) == FILES


def test_windows_line_ends_are_said(tmp_path: Path) -> None:
    source = as_zip(tmp_path, {**GOOD, "02-demo/demo.c": b"int x;\r\n"})
    assert "has Windows line ends (CRLF): demo.c" in take(source)[0].notes


def test_names_of_windows_archives_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "entry.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in GOOD.items():
            archive.writestr(name.replace("/", "\\"), data)
    assert take(path)[0].files == FILES


# Hostile folders


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A good submission as a folder, to be spoilt."""
    return as_folder(tmp_path, GOOD)


def test_links_are_not_followed(good: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret\n")
    (secret_folder := tmp_path / "folder").mkdir()
    (secret_folder / "a.txt").write_bytes(b"secret\n")
    (good / "02-demo/demo.c").unlink()
    (good / "02-demo/demo.c").symlink_to(secret)
    (good / "02-demo/answers.toml").unlink()
    (good / "02-demo/answers.toml").hardlink_to(secret)
    (good / "02").symlink_to(secret_folder)
    (good / "02-demo/observations/size.txt").unlink()
    (good / "02-demo/observations").rmdir()
    (good / "02-demo/observations").symlink_to(secret_folder)
    submission, written = take(good)
    assert written == {}
    notes = "\n".join(submission.notes)
    assert "ignored, a hard link: 02-demo/answers.toml" in notes
    assert "ignored, a symbolic link: 02, 02-demo/demo.c, 02-demo/observ" in notes


def test_a_linked_lab_folder_is_not_followed(good: Path, tmp_path: Path) -> None:
    (good / "02-demo").rename(tmp_path / "elsewhere")
    (good / "02-demo").symlink_to(tmp_path / "elsewhere")
    assert take(good)[1] == {}


def test_fifos_and_sockets_are_not_waited_for(good: Path) -> None:
    (good / "02-demo/demo.c").unlink()
    os.mkfifo(good / "02-demo/demo.c")
    here = os.getcwd()
    os.chdir(good)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("student.toml~")
        os.rename("student.toml~", "student.toml")
        os.chdir(here)
        started = time.monotonic()
        notes = notes_of(good)
    assert time.monotonic() - started < 5
    assert "ignored, a FIFO: 02-demo/demo.c" in notes
    assert "ignored, a socket: student.toml" in notes


def test_a_fifo_in_the_place_of_an_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "entry.tar.gz")
    with pytest.raises(BadSubmission, match="neither a folder nor a file"):
        take(tmp_path / "entry.tar.gz")


def test_a_sparse_giant_is_not_read(good: Path) -> None:
    os.truncate(good / "02-demo/demo.c", 1 << 40)
    submission, written = take(good)
    assert "demo.c" not in written
    assert "ignored, larger than 4 MiB: 02-demo/demo.c" in submission.notes


def test_set_id_bits_are_dropped(good: Path) -> None:
    (good / "02-demo/demo.c").chmod(0o6777)
    submission, written = take(good)  # take() looks at the mode
    assert "demo.c" in written
    assert "its set-id or sticky bit was dropped: 02-demo/demo.c" in submission.notes


@pytest.mark.parametrize("place", ["02-demo/", "me/02-demo/", ""])
def test_folders_of_the_list_are_taken(
    place: str, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lab may have its sources in folders, two levels deep."""
    lab = dataclasses.replace(
        LAB, hand_in=("game/src/*.c",), given=("game/src/game.h",)
    )
    monkeypatch.setattr("grader.tests.test_submission.LAB", lab)
    names = ("game/src/a.c", "game/src/b.c", "game/c.c", "game/src/game.h")
    source = pack(tmp_path, {f"{place}{name}": b"x" for name in names})
    submission, written = take(source)
    assert submission.files == tuple(written) == names[:2]
    (note,) = (note for note in submission.notes if "ignored" in note)
    assert note == f"ignored, not on the lab's list: {place}game/c.c"


@pytest.fixture
def deep(good: Path) -> Iterator[Path]:
    """A submission with folders so deep that recursion over them fails."""
    here = os.open(good / "02-demo", os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    yield good
    subprocess.run(["rm", "-rf", "--", good], check=True)


def test_deep_folders_are_not_entered(deep: Path) -> None:
    submission, _ = take(deep)
    assert submission.files == FILES
    assert "ignored, nested too deep: 02-demo/d/d/d/d/d/" in submission.notes


def test_a_crowded_folder_is_refused(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MEMBERS", 50)
    for number in range(50):
        (good / f"file-{number}").touch()
    with pytest.raises(BadSubmission, match="more than 50 files"):
        take(good)


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSubmission, match="gone: cannot be read .No such file"):
        take(tmp_path / "gone")


# Hostile archives


def info(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type = kind
    header.linkname = link
    header.mode = 0o6777
    return header


ESCAPES = ("../demo.c", "/tmp/demo.c", "02-demo/../../demo.c", "a/../02-demo/demo.c")


def test_names_that_lead_out_are_ignored(pack: Pack, tmp_path: Path) -> None:
    if pack is as_folder:
        return  # a folder cannot hold such names
    (tmp_path / "in").mkdir()
    source = pack(tmp_path / "in", {**GOOD, **dict.fromkeys(ESCAPES, b"evil")})
    before = sorted(tmp_path.rglob("*"))
    submission, written = take(source)
    assert written["demo.c"] == GOOD["02-demo/demo.c"]
    (note,) = submission.notes
    assert note == (
        "ignored, its name leads out of the submission: " + ", ".join(ESCAPES)
    )
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "kind, words",
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.FIFOTYPE, "a FIFO"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
        (b"Z", "a file of an unknown kind"),
    ],
)
def test_only_regular_members_are_taken(
    kind: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "entry.tar"
    odd = [(info("02-demo/demo.c", kind, "/etc/passwd"), b"")]
    path.write_bytes(tar_bytes(odd + plain({"02-demo/answers.toml": b"ok\n"})))
    submission, written = take(path)
    assert written == {"answers.toml": b"ok\n"}
    assert f"ignored, {words}: 02-demo/demo.c" in submission.notes


def test_writing_through_a_link_is_impossible(tmp_path: Path) -> None:
    path = tmp_path / "entry.tar"
    (victim := tmp_path / "victim").mkdir()
    link = info("02-demo/observations", tarfile.SYMTYPE, str(victim))
    path.write_bytes(
        tar_bytes([(link, b""), (info("02-demo/observations/a.txt"), b"x")])
    )
    assert take(path)[1] == {"observations/a.txt": b"x"}
    assert list(victim.iterdir()) == []


def test_links_and_encryption_in_a_zip_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "entry.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("02-demo/demo.c")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("02-demo/answers.toml", "x", zipfile.ZIP_BZIP2)
        archive.writestr("02-demo/observations/a.txt", "x")
    data = bytearray(path.read_bytes())
    last = data.rindex(b"PK\x01\x02")
    data[last + 8] |= 1  # the last member says that it is encrypted
    path.write_bytes(data)
    submission, written = take(path)
    assert written == {}
    for words in ("a symbolic link", "encrypted", "compressed in a way that is"):
        assert any(words in note for note in submission.notes)


def test_the_last_of_two_equal_names_counts(tmp_path: Path) -> None:
    path = tmp_path / "entry.tar"
    twice = [(info("02-demo/demo.c"), b"old"), (info("02-demo/demo.c"), b"new")]
    clash = [(info(f"02-demo/observations/{n}.txt"), b"x") for n in "aA"]
    path.write_bytes(tar_bytes(twice + clash))
    submission, written = take(path)
    assert written == {"demo.c": b"new", "observations/a.txt": b"x"}
    assert any("more than once" in note for note in submission.notes)
    assert any("but for its case" in note for note in submission.notes)


def test_bombs_are_refused(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "INFLATED_BYTES", 8 << 20)
    bomb = {f"02-demo/junk-{number}": bytes(3 << 20) for number in range(3)}
    source = pack(tmp_path, {**GOOD, **bomb})
    if pack in (as_folder, as_zip):  # what is not wanted is not read
        assert take(source)[0].files == FILES
        return
    with pytest.raises(BadSubmission, match="inflates to more than 8 MiB"):
        take(source)


def test_a_large_archive_is_not_read(tmp_path: Path) -> None:
    path = as_zip(tmp_path, GOOD)
    os.truncate(path, (32 << 20) + 1)
    with pytest.raises(BadSubmission, match="is larger than 32 MiB"):
        take(path)


def test_a_file_that_inflates_beyond_the_cap(pack: Pack, tmp_path: Path) -> None:
    big = {**GOOD, "02-demo/demo.c": bytes(members.FILE_BYTES + 1)}
    submission, written = take(pack(tmp_path, big))
    assert "demo.c" not in written and "answers.toml" in written
    assert any("larger than 4 MiB" in note for note in submission.notes)


def test_many_files_that_are_large_together(pack: Pack, tmp_path: Path) -> None:
    half = bytes(members.FILE_BYTES // 2)
    files = {f"02-demo/observations/{n}.txt": half for n in range(9)}
    with pytest.raises(BadSubmission, match="more than 16 MiB of a lab's files"):
        take(pack(tmp_path, files))


def test_too_many_members(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MEMBERS", 40)
    files = {f"file-{number}": b"" for number in range(41)}
    with pytest.raises(BadSubmission, match="more than 40 files"):
        take(pack(tmp_path, files))


def test_time_is_up(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pack(tmp_path, GOOD)
    clock = iter(range(0, 1_000_000, 15))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    with pytest.raises(BadSubmission, match="longer than 20 seconds"):
        take(source)


def test_an_archive_in_an_archive_stays_closed(tmp_path: Path) -> None:
    inner = as_zip(tmp_path, GOOD).read_bytes()
    (tmp_path / "outer").mkdir()
    outer = as_zip(tmp_path / "outer", {"02-demo/entry.zip": inner})
    submission, written = take(outer)
    assert written == {}
    assert "ignored, not on the lab's list: 02-demo/entry.zip" in submission.notes


@pytest.mark.parametrize(
    "head",
    [b"", b"\0" * 10240, b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"hello\n", b"PK\5\6"]
    + [b"PK\3\4garbage", b"\x1f\x8bgarbage", b"BZh9garbage", b"\xfd7zXZ\0garbage"]
    + [b"\0" * 257 + b"ustar" + b"\0" * 300],
)
def test_garbage_is_named_and_so_is_the_remedy(head: bytes, tmp_path: Path) -> None:
    path = tmp_path / "case-x.tar.gz"
    path.write_bytes(head)
    with pytest.raises(BadSubmission) as caught:
        take(path)
    assert str(caught.value).startswith("case-x.tar.gz: is ")
    assert str(caught.value).endswith(REMEDY)


def test_a_tar_that_loses_files_behind_a_damaged_header(tmp_path: Path) -> None:
    data = bytearray(tar_bytes(plain(GOOD)))
    at = data.index(b"02-demo/answers.toml")
    data[at + 148] ^= 0x55  # its checksum
    path = tmp_path / "entry.tar"
    path.write_bytes(data)
    with pytest.raises(BadSubmission, match="is damaged"):
        take(path)


def test_a_giant_extension_header_is_not_parsed(tmp_path: Path) -> None:
    header = info("02-demo/demo.c")
    header.pax_headers = {"comment": "1" * 60_000}
    path = tmp_path / "entry.tar"
    path.write_bytes(tar_bytes([(header, b"x")]))
    with pytest.raises(BadSubmission, match="extension header of 600"):
        take(path)


# Properties

PROPERTY = settings(deadline=None, database=None)
PARTS = st.sampled_from(
    ["02-demo", "02", "04-other", "me", "..", ".", "", "demo.c", "Demo.c", "a.txt"]
    + ["answers.toml", "observations", "student.toml", "build", ".git", "-x.txt"]
    + ["\x1b[2J.txt", "\N{LATIN SMALL LETTER E WITH ACUTE}.txt", "n" * 120, "a\nb"]
)
NAMES = st.lists(PARTS, min_size=1, max_size=6).map("/".join)
KINDS = st.sampled_from(
    [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
    + [tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.CONTTYPE, b"Z"]
)


@contextmanager
def written(data: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "entry")
        path.write_bytes(data)
        yield path
        assert os.listdir(name) == ["entry"]


@PROPERTY
@given(st.lists(st.tuples(NAMES, KINDS, st.binary(max_size=40)), max_size=12))
def test_no_tar_writes_anything_but_the_lab(
    entries: list[tuple[str, bytes, bytes]],
) -> None:
    infos = []
    for name, kind, data in entries:
        regular = kind in (tarfile.REGTYPE, tarfile.CONTTYPE)
        infos.append((info(name, kind, "/etc/passwd"), data if regular else b""))
    with written(tar_bytes(infos)) as path:
        try:
            take(path)  # asserts what was written
        except BadSubmission as error:
            assert not entries and "is not a tar" in str(error)


@PROPERTY
@given(st.dictionaries(NAMES, st.binary(max_size=40), max_size=12))
def test_tar_and_zip_agree(files: dict[str, bytes]) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            # As tarfile has it, a name that ends in a slash is a folder's.
            archive.writestr(name or ".", b"" if name.endswith("/") else data)
    folders = {name for name in files if name.endswith("/")}
    infos = [
        (
            info(name or ".", tarfile.DIRTYPE if name in folders else tarfile.REGTYPE),
            b"" if name in folders else data,
        )
        for name, data in files.items()
    ]
    with written(tar_bytes([*infos, (info("last"), b"")])) as one:
        with written(file.getvalue()) as other:
            assert take(one)[1] == take(other)[1]


WHOLE = {
    "tar": tar_bytes(plain(GOOD)),
    "gz": gzip.compress(tar_bytes(plain(GOOD))),
    "xz": lzma.compress(tar_bytes(plain(GOOD))),
}
with tempfile.TemporaryDirectory() as _name:
    WHOLE["zip"] = as_zip(Path(_name), GOOD).read_bytes()
with written(WHOLE["tar"]) as _path:
    DIGEST = take(_path)[0].digest


@PROPERTY
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_a_cut_archive_loses_nothing_in_silence(form: str, draw: st.DataObject) -> None:
    whole = WHOLE[form]
    length = draw.draw(st.integers(0, len(whole) - 1))
    with written(whole[:length]) as path:
        try:
            submission, _ = take(path)
        except BadSubmission as error:
            assert "entry: " in str(error)
        else:
            assert (form, submission.digest) == ("tar", DIGEST)


@PROPERTY
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_a_spoilt_archive_is_harmless(form: str, draw: st.DataObject) -> None:
    data = bytearray(WHOLE[form])
    places = st.integers(0, len(data) - 1)
    for at in draw.draw(st.lists(places, min_size=1, max_size=5)):
        data[at] = draw.draw(st.integers(0, 255))
    with written(bytes(data)) as path:
        try:
            submission, _ = take(path)
        except BadSubmission as error:
            assert "\n" not in str(error)
        else:
            assert len(submission.files) <= len(FILES)
