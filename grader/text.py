# SPDX-License-Identifier: MIT
"""Text of unknown origin, made fit to be shown on a terminal."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text with every control character but the newline spelled out.

    Format characters (which reorder or hide text) and lone surrogates (bytes
    that were not UTF-8) are spelled out as well.
    """
    return "".join(
        character
        if character == "\n" or unicodedata.category(character) not in _UNSAFE
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
