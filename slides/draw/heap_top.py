# SPDX-License-Identifier: MIT
"""The heap's top: what lies below a block in use cannot go back."""

from __future__ import annotations

from svg import HEAP, arrow, block, box, cover, line, picture, words

Y, HIGH, LEFT, WIDE, COUNT = 150, 100, 20, 130, 7
END = LEFT + COUNT * WIDE


def used(number: int) -> str:
    return block(LEFT + number * WIDE, Y, WIDE, HIGH, HEAP, "in use")


def free(number: int) -> str:
    x = LEFT + number * WIDE
    middle = words(x + WIDE / 2, Y + HIGH / 2 + 9, "free", "middle")
    return cover(x, Y, WIDE, HIGH) + box(x, Y, WIDE, HIGH) + middle


def break_at(x: float) -> list[str]:
    return [
        cover(0, Y - 90, 1160, 86),
        words(x, Y - 50, "break", "middle"),
        arrow([(x, Y - 40), (x, Y - 4)]),
    ]


def say(text: str, kind: str = "") -> list[str]:
    return [cover(0, Y + HIGH + 40, 1160, 60), words(LEFT, Y + HIGH + 80, text, kind)]


def full() -> list[str]:
    return [
        words(LEFT, 40, "the heap, low to high", "soft"),
        line([(END, Y + HIGH / 2), (1160, Y + HIGH / 2)], "gap"),
        *map(used, range(COUNT)),
        *break_at(END),
        *say("seven blocks are in use"),
    ]


def all_but_one() -> list[str]:
    return [
        *map(free, range(COUNT - 1)),
        *say("six are freed: the break cannot move, the block at the top holds it"),
    ]


def all_free() -> list[str]:
    top = LEFT + WIDE
    return [
        cover(top, Y - 4, 1160 - top, HIGH + 8),
        line([(top, Y + HIGH / 2), (1160, Y + HIGH / 2)], "gap"),
        *break_at(top),
        arrow([(END, Y + HIGH / 2 + 30), (top + 8, Y + HIGH / 2 + 30)]),
        *say("the last one is freed: the break moves, nearly all goes back", "strong"),
    ]


if __name__ == "__main__":
    print(
        picture(
            "The heap's top",
            "Seven blocks fill the heap. Six are freed and the heap stays as large as "
            "it was. When the block at the top is freed as well, the break moves down.",
            370,
            [full(), all_but_one(), all_free()],
        )
    )
