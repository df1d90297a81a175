# SPDX-License-Identifier: MIT
"""The store of results: whole or not at all, once, and never at another's cost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from grader.classroom.store import Store, StoreError

ROOT = Path(__file__).resolve().parents[2]

WRITER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
sys.dont_write_bytecode = True
from pathlib import Path
from grader.classroom.store import Store
with Store(Path(sys.argv[1])) as store:
    for number in range(4):
        store.put(f"key-{{number}}", "student", "lab", str(number) * 9000)
        print(number, flush=True)
"""


def test_what_was_put_is_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    with Store(path) as store:
        assert store.get("key") is None
        store.put("key", "student", "lab", "result")
        store.put("key", "student", "lab", "again")
    with Store(path) as store:
        assert store.get("key") == "again"
        assert store.get("other") is None


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace kills the writer")
def test_a_kill_at_any_system_call_loses_no_result(tmp_path: Path) -> None:
    """SIGKILL at the 1st, 2nd, 3rd ... call that changes a file."""
    calls = "pwrite64,fsync,fdatasync,unlink,ftruncate"
    killed = 0
    for when in range(1, 200):
        path = tmp_path / f"{when}.sqlite"
        done = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"]
            + ["-e", f"inject={calls}:signal=KILL:when={when}"]
            + [sys.executable, "-I", "-c", WRITER, path],
            capture_output=True,
            text=True,
        )
        said = done.stdout.split()
        if done.returncode == 0:
            assert said == ["0", "1", "2", "3"]
            break
        if not killed and done.stderr:
            pytest.skip(f"strace cannot trace here: {done.stderr}")
        killed += 1
        with Store(path) as store:
            kept = [n for n in range(4) if store.get(f"key-{n}") == str(n) * 9000]
            assert all(store.get(f"key-{n}") is None for n in range(4) if n not in kept)
            # The one that was being written may be there; no other.
            assert kept in (list(range(len(said))), list(range(len(said) + 1)))
            store.put("key-9", "student", "lab", "goes on")
    assert killed > 20


def foreign(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE precious (value)")
    database.execute("INSERT INTO precious VALUES (42)")
    database.commit()
    database.close()


def later_form(path: Path) -> None:
    Store(path).__exit__(None, None, None)
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()


def damaged(path: Path) -> None:
    with Store(path) as store:
        for number in range(50):
            store.put(f"key-{number}", "student", "lab", "x" * 3000)
    data = bytearray(path.read_bytes())
    data[8192:20480] = os.urandom(12288)
    path.write_bytes(data)


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all\n" * 99)


def cut(path: Path) -> None:
    damaged(path)
    os.truncate(path, 9000)


@pytest.mark.parametrize(
    "spoil, words",
    [
        (foreign, "belongs to another program"),
        (later_form, "its form is 99, not 1"),
        (damaged, "damaged|malformed"),
        (garbage, "not a database"),
        (cut, "damaged|malformed|disk image"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_kept(
    spoil: object, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "results.sqlite"
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=words) as caught:
        Store(path)
    assert str(path) in str(caught.value)
    assert "Move it away" in str(caught.value)
    assert path.read_bytes() == before


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "results.sqlite").mkdir()
    with pytest.raises(StoreError, match="unable to open"):
        Store(tmp_path / "results.sqlite")


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    with Store(path) as store:
        store.put("key", "student", "lab", "result")
        store._database.execute("PRAGMA max_page_count = 4")
        with pytest.raises(StoreError, match="full; what is in it is kept. Make room"):
            store.put("another", "student", "lab", "x" * 99_999)
    with Store(path) as store:
        assert store.get("key") == "result"
        assert store.get("another") is None


def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / "results.sqlite").touch()
    with Store(tmp_path / "results.sqlite") as store:
        store.put("key", "student", "lab", "result")
        assert store.get("key") == "result"
