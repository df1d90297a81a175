# SPDX-License-Identifier: MIT
"""The five mappings of an executable: four segments of the file, one of them cut."""

from __future__ import annotations

from svg import DATA, RODATA, TEXT, arrow, block, box, cover, picture, words

HIGH, TOP = 64, 60
SEGMENTS = [
    ("headers", RODATA, 1),
    ("code", TEXT, 1),
    ("constants", RODATA, 1),
    ("variables", DATA, 2),
]


def row(number: int) -> float:
    return TOP + number * (HIGH + 12)


def file() -> list[str]:
    drawn = [words(180, 40, "the file's segments", "middle")]
    for number, (name, area, rows) in enumerate(SEGMENTS):
        height = rows * HIGH + (rows - 1) * 12
        drawn.append(block(20, row(number), 320, height, area, name))
    return drawn


def mappings() -> list[str]:
    rows = [
        ("r--", "file header, symbols", RODATA),
        ("r-x", "code", TEXT),
        ("r--", "constants", RODATA),
    ]
    drawn = [words(640, 40, "the mappings", "middle")]
    for number, (rights, name, area) in enumerate(rows):
        y = row(number)
        drawn += [
            arrow([(350, y + HIGH / 2), (450, y + HIGH / 2)]),
            block(460, y, 120, HIGH, area, rights),
            words(600, y + HIGH / 2 + 9, name),
        ]
    y = row(3)
    return drawn + [
        arrow([(350, y + HIGH + 6), (450, y + HIGH + 6)]),
        block(460, y, 120, 2 * HIGH + 12, DATA, "rw-"),
        words(600, y + HIGH + 15, "variables"),
    ]


def relro() -> list[str]:
    y = row(3)
    return [
        cover(455, y - 4, 705, 2 * HIGH + 24),
        block(460, y, 120, HIGH, RODATA, "r--"),
        words(600, y + HIGH / 2 + 9, "addresses, written once"),
        block(460, row(4), 120, HIGH, DATA, "rw-"),
        words(600, row(4) + HIGH / 2 + 9, "variables"),
        words(600, row(4) + HIGH / 2 + 55, "the loader takes the right to write", "soft"),
        box(456, y - 4, 128, HIGH + 8, "frame"),
    ]


if __name__ == "__main__":
    print(
        picture(
            "The five mappings of an executable",
            "Four segments of a file become mappings: headers, code, constants, "
            "variables. The first pages of the variables lose the right to write, "
            "and so four segments are five mappings.",
            500,
            [file(), mappings(), relro()],
        )
    )
