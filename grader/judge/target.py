# SPDX-License-Identifier: MIT
"""The file that a result is written to: there whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def target(path: Path, renamed: bool = True) -> Iterator[Callable[[str], None]]:
    """Open the file; yields what writes the text. An older file goes at once.

    It is opened here, because the judge may give up the right to do so. It
    appears under its name when it is written, so a run that was ended leaves
    none. If it cannot be `renamed` later, because that right is given up, too,
    or is no plain file, such as /dev/stdout, it is there and empty until then.

    Raises OSError if it cannot be opened.
    """
    mode = _mode(path)
    temporary = None
    if renamed and (mode is None or stat.S_ISREG(mode)):
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    else:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with open(os.open(temporary or path, flags, 0o644), "w", encoding="ascii") as file:

        def write(text: str) -> None:
            file.write(text)
            file.flush()
            if temporary is not None:
                temporary.replace(path)

        try:
            if temporary is not None:
                path.unlink(missing_ok=True)
            yield write
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def _mode(path: Path) -> int | None:
    """The st_mode of what has this name, a link itself; None: nothing."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None
