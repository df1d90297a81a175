# SPDX-License-Identifier: MIT
"""What a student's objects may not have to do with the driver: told by symbols.

The two lie in one program, so a library can find the driver's variables without
their names, or act as the C library towards it. This makes both a matter of
searching memory, which no library does by mistake; see memory.py for what the
judge takes from elsewhere.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from pathlib import Path

from grader.judge import fail
from grader.observers import elf

_REAL = "__real_"  # begins the linker's name for what --wrap replaces
_here = ctypes.CDLL(None)


def expect_apart(driver: Iterable[Path], library: Iterable[Path]) -> None:
    """Fail if an object of the library uses a name of the driver's, or defines
    a function of the C library that the driver calls.
    """
    symbols = [symbol for path in driver for symbol in elf.symbols(path)]
    exported = {s.name for s in symbols if s.is_defined and not s.is_local}
    called = {s.name.removeprefix(_REAL) for s in symbols if not s.is_defined}
    for path in library:
        for symbol in elf.symbols(path):
            name = symbol.name
            if not symbol.is_defined and (name in exported or name.startswith(_REAL)):
                fail(
                    expected="a library that knows nothing of the program around it",
                    actual=f"it uses `{name}`, which the judge's driver defines",
                    hint="Use what the lab's headers and the C library declare.",
                )
            if (
                symbol.is_defined
                and not symbol.is_local
                and name in called
                and hasattr(_here, name)
            ):
                fail(
                    expected="a library that leaves the C library's functions alone",
                    actual=f"it defines `{name}`, and other parts of the program "
                    "call that",
                    hint=f"Make `{name}` static, or give it another name.",
                )
