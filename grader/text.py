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


def shortened(text: str, characters: int) -> str:
    """The text, or its beginning and end if it is longer than `characters`.

    What was left out is named in its place.
    """
    if len(text) <= characters:
        return text
    head, tail = text[: characters * 3 // 4], text[-(characters // 4) :]
    return f"{head}\n[... {len(text) - characters} characters left out ...]\n{tail}"


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
