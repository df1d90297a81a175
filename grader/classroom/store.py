# SPDX-License-Identifier: MIT
"""Results that outlive a kill: one SQLite file, one transaction a result.

A result is in the file whole or not at all (SQLite's rollback journal, with
every fsync that it offers), and at most once (its key is the primary key).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType

from grader.errors import InputError

APPLICATION = 0x50_4D_4C_47  # "PMLG": PRAGMA application_id
VERSION = 1  # PRAGMA user_version: the form of the table


class StoreError(InputError):
    """A results file that cannot be used; what is in it is kept."""


class Store:
    """The results of one output folder. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open or create; StoreError if the file is damaged or not ours."""
        self._path = path
        try:
            if path.exists() and path.stat().st_size:
                self._look()
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA synchronous = EXTRA")
            self._create()
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from None

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def get(self, key: str) -> str | None:
        """The stored result, or None."""
        try:
            row = self._database.execute(
                "SELECT result FROM results WHERE key = ?", (key,)
            ).fetchone()
        except sqlite3.Error as error:
            raise self._error(error) from None
        return None if row is None else str(row[0])

    def put(self, key: str, student: str, lab: str, result: str) -> None:
        """Store a result for good, before this returns.

        `student` and `lab` are for who looks into the file by hand.
        """
        try:
            self._database.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)",
                (key, student, lab, result),
            )
        except sqlite3.Error as error:
            raise self._error(error) from None

    def _look(self) -> None:
        """Only read: is it whole, and is it ours?"""
        database = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=rw", uri=True)
        try:
            (application,) = database.execute("PRAGMA application_id").fetchone()
            (version,) = database.execute("PRAGMA user_version").fetchone()
            tables = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if tables != (0,) or application:
                if application != APPLICATION:
                    raise self._error("it belongs to another program")
                if version != VERSION:
                    raise self._error(f"its form is {version}, not {VERSION}")
            verdict = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != ("ok",):
                raise self._error(f"it is damaged: {verdict[0]}")
        finally:
            database.close()

    def _create(self) -> None:
        self._database.executescript(
            f"""
            BEGIN IMMEDIATE;
            PRAGMA application_id = {APPLICATION};
            PRAGMA user_version = {VERSION};
            CREATE TABLE IF NOT EXISTS results (
                key TEXT PRIMARY KEY,
                student TEXT NOT NULL,
                lab TEXT NOT NULL,
                result TEXT NOT NULL
            ) STRICT, WITHOUT ROWID;
            COMMIT;
            """
        )

    def _error(self, why: Exception | str) -> StoreError:
        code = getattr(why, "sqlite_errorcode", None)
        remedy = "Make room" if code == sqlite3.SQLITE_FULL else "Move it away"
        return StoreError(
            f"{self._path}: {why}; what is in it is kept. {remedy}, or choose "
            "another OUT=folder, and run again"
        )
