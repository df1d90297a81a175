# SPDX-License-Identifier: MIT
"""Demand paging: a mapping is a promise, and a page comes when it is touched."""

from __future__ import annotations

from svg import MAPPING, arrow, block, box, cover, picture, words

PAGES, SIDE, LEFT, TOP, FRAMES = 8, 100, 20, 70, 300


def page(number: int, kind: str) -> str:
    return box(LEFT + number * 110, TOP, SIDE, SIDE, kind)


def filled(number: int, frame: int) -> list[str]:
    """A page that has been touched, and the RAM that it has got."""
    x, to = LEFT + number * 110 + SIDE / 2, LEFT + frame * 110 + SIDE / 2
    return [
        block(x - SIDE / 2, TOP, SIDE, SIDE, MAPPING, "page"),
        block(to - SIDE / 2, FRAMES, SIDE, SIDE, MAPPING, "RAM"),
        arrow([(x, TOP + SIDE + 4), (to, FRAMES - 4)]),
    ]


def counted(pages: int, say: str) -> list[str]:
    return [
        cover(0, 420, 1160, 90),
        words(LEFT, 450, f"size: {PAGES} pages    in RAM: {pages}", "strong"),
        words(LEFT, 490, say),
    ]


def promised() -> list[str]:
    return [
        words(LEFT, 40, "the mapping", "soft"),
        *(page(number, "gone") for number in range(PAGES)),
        *counted(0, "mmap has made a promise: no page has RAM yet"),
    ]


def touched() -> list[str]:
    return [
        *filled(2, 3),
        *counted(1, "a write to one page: a page fault, and the kernel gives it RAM"),
    ]


def again() -> list[str]:
    return [
        *filled(5, 4),
        *counted(2, "a second page: one more fault; the first page costs nothing now"),
    ]


if __name__ == "__main__":
    print(
        picture(
            "Demand paging",
            "A mapping of eight pages, none of them in RAM. Two are written to, one "
            "after the other: each gets RAM at its first touch, the others never do.",
            510,
            [promised(), touched(), again()],
        )
    )
