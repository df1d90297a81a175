# SPDX-License-Identifier: MIT
"""What a mapping is: a range of addresses, rights, and a source."""

from __future__ import annotations

from svg import DATA, MAPPING, TEXT, arrow, block, box, cover, line, picture, words

Y, HIGH = 150, 80  # the row of addresses


def range_() -> list[str]:
    return [
        words(0, 40, "addresses of one process, low to high", "soft"),
        line([(0, Y + HIGH / 2), (1160, Y + HIGH / 2)], "gap"),
        block(60, Y, 200, HIGH, TEXT, "mapping"),
        block(340, Y, 200, HIGH, DATA, "mapping"),
        block(840, Y, 240, HIGH, MAPPING, "mapping"),
        words(690, Y + 28, "nothing", "middle soft"),
        arrow([(340, Y - 30), (340, Y - 4)]),
        words(340, Y - 40, "start", "middle"),
        arrow([(540, Y - 30), (540, Y - 4)]),
        words(540, Y - 40, "end", "middle"),
        words(0, 340, "1 a range of addresses, whole pages", "strong"),
    ]


def rights() -> list[str]:
    return [
        words(160, Y + HIGH + 40, "r-x", "middle"),
        words(440, Y + HIGH + 40, "rw-", "middle"),
        words(960, Y + HIGH + 40, "rw-", "middle"),
        words(0, 385, "2 rights: read, write, execute", "strong"),
    ]


def source() -> list[str]:
    return [
        cover(0, Y + HIGH + 50, 1160, 4),
        words(0, 430, "3 a source: bytes of a file, or zeroes", "strong"),
        box(700, 330, 180, 90),
        words(790, 382, "file", "middle"),
        arrow([(700, 350), (620, 350), (620, 300), (200, 300), (200, Y + HIGH + 52)]),
        arrow([(620, 330), (620, 285), (470, 285), (470, Y + HIGH + 52)]),
        words(1000, 382, "zeroes", "middle"),
        arrow([(1000, 350), (1000, Y + HIGH + 52)]),
    ]


if __name__ == "__main__":
    print(
        picture(
            "What a mapping is",
            "Three mappings on a line of addresses, with nothing between them. Each is "
            "a range, with rights, and has a source: a file's bytes or zeroes.",
            450,
            [range_(), rights(), source()],
        )
    )
