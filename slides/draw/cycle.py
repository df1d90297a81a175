# SPDX-License-Identifier: MIT
"""Reference counts and a cycle: two objects that keep each other alive."""

from __future__ import annotations

from svg import HEAP, arrow, block, box, cover, picture, words

Y, HIGH, WIDE, A, B = 140, 120, 240, 380, 820


def thing(x: float, name: str) -> list[str]:
    return [block(x, Y, WIDE, HIGH, HEAP), words(x + WIDE / 2, Y + 45, name, "middle")]


def count(x: float, number: int) -> list[str]:
    return [
        box(x + 4, Y + 64, WIDE - 8, 50, HEAP),
        words(x + WIDE / 2, Y + 96, f"count {number}", "middle strong"),
    ]


def say(text: str) -> list[str]:
    return [cover(0, 400, 1160, 50), words(20, 434, text, "strong")]


def chain() -> list[str]:
    return [
        box(20, Y + 20, 200, 80, "bar"),
        words(120, Y + 68, "variable", "middle"),
        *thing(A, "parent"),
        *thing(B, "child"),
        arrow([(224, Y + 60), (A - 4, Y + 60)]),
        arrow([(A + WIDE + 4, Y + 40), (B - 4, Y + 40)]),
        *count(A, 1),
        *count(B, 1),
        *say("one reference to each: each count is 1"),
    ]


def ring() -> list[str]:
    middle = Y + HIGH + 70
    return [
        arrow([(B + 120, Y + HIGH), (B + 120, middle), (A + 120, middle), (A + 120, Y + HIGH + 4)]),
        *count(A, 2),
        *say("the child refers to its parent: the parent's count is 2"),
    ]


def lost() -> list[str]:
    return [
        cover(0, Y, A - 2, HIGH),
        box(20, Y + 20, 200, 80, "gone"),
        words(120, Y + 68, "gone", "middle soft"),
        *count(A, 1),
        *say("the variable is gone: nobody can reach them, and no count is 0"),
    ]


def weak() -> list[str]:
    middle = Y + HIGH + 70
    return [
        cover(A + 100, Y + HIGH + 2, B - A + 60, 76),
        arrow(
            [(B + 120, Y + HIGH), (B + 120, middle), (A + 120, middle), (A + 120, Y + HIGH + 4)],
            "gone",
        ),
        words((A + B) / 2 + 120, middle + 34, "weak: does not count", "middle"),
        *count(A, 0),
        *count(B, 0),
        *say("a weak edge back: the parent's count is 0, so both are freed"),
    ]


if __name__ == "__main__":
    print(
        picture(
            "Reference counts and a cycle",
            "A variable refers to a parent, the parent to a child, the child back to "
            "the parent. When the variable is gone the two keep each other at count 1. "
            "With a weak edge back both counts become 0.",
            460,
            [chain(), ring(), lost(), weak()],
        )
    )
