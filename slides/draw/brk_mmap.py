# SPDX-License-Identifier: MIT
"""brk and mmap: one moves the heap's end, the other makes a mapping elsewhere."""

from __future__ import annotations

from svg import HEAP, LIBRARY, MAPPING, STACK, TEXT, arrow, block, box, cover
from svg import line, picture, words

Y, HIGH = 170, 90


def before() -> list[str]:
    return [
        words(0, 40, "addresses, low to high", "soft"),
        line([(0, Y + HIGH / 2), (1160, Y + HIGH / 2)], "gap"),
        block(10, Y, 150, HIGH, TEXT, "program"),
        block(200, Y, 130, HIGH, HEAP, "heap"),
        block(850, Y, 130, HIGH, LIBRARY, "libc"),
        block(1040, Y, 110, HIGH, STACK, "stack"),
        words(330, Y - 50, "break", "middle"),
        arrow([(330, Y - 40), (330, Y - 4)]),
    ]


def by_brk() -> list[str]:
    return [
        cover(280, Y - 76, 110, 72),
        block(200, Y, 250, HIGH, HEAP, "heap"),
        words(450, Y - 50, "break", "middle"),
        arrow([(450, Y - 40), (450, Y - 4)]),
        arrow([(330, Y + HIGH + 24), (446, Y + HIGH + 24)]),
        words(200, Y + HIGH + 70, "brk moves one end", "strong"),
        words(200, Y + HIGH + 105, "small blocks, one behind the other"),
    ]


def by_mmap() -> list[str]:
    return [
        block(690, Y, 150, HIGH, MAPPING, "block"),
        box(686, Y - 4, 158, HIGH + 8, "frame"),
        arrow([(765, Y + HIGH + 150), (765, Y + HIGH + 10)]),
        words(765, Y + HIGH + 180, "mmap makes a mapping", "middle strong"),
        words(765, Y + HIGH + 215, "one large block, goes back alone", "middle"),
    ]


if __name__ == "__main__":
    print(
        picture(
            "brk and mmap",
            "A process: program, heap, libc, stack. brk moves the end of the heap up. "
            "mmap makes a mapping for one block in the free space far above the heap.",
            490,
            [before(), by_brk(), by_mmap()],
        )
    )
