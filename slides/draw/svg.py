# SPDX-License-Identifier: MIT
"""What all drawings share: memview's colours and words, in letters for a room.

A drawing is WIDTH wide and shown at that size on a slide, so that 24 is 24
pixels there. Each function returns a piece of SVG; a step is what one more key
press adds, so the last step shows all. A step that takes something away puts
`paper` over it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import hypot

WIDTH = 1160
LETTER = 14.5  # the width of a letter of 24 pixels
# Okabe and Ito's, as in memview: text, rodata, data, heap, mapping, library,
# stack, kernel's.
TEXT, RODATA, DATA, HEAP, MAPPING, LIBRARY, STACK, KERNEL = (
    "a0", "a1", "a3", "a5", "a6", "a7", "a8", "a9",
)  # fmt: skip
STYLE = (
    "svg{--paper:#fff;--ink:#111;--soft:#595959}"
    'text{font:24px "DejaVu Sans Mono","Liberation Mono",monospace;'
    "fill:var(--ink);white-space:pre}"
    ".paper{fill:var(--paper)}"
    ".soft{fill:var(--soft)}"
    ".strong{font-weight:bold}"
    ".middle{text-anchor:middle}.end{text-anchor:end}"
    ".light{fill:#fff}"
    ".bar{fill:none;stroke:var(--ink);stroke-width:2}"
    ".frame{fill:none;stroke:var(--ink);stroke-width:4}"
    ".gone{fill:none;stroke:var(--ink);stroke-width:2;stroke-dasharray:8 6}"
    ".gap{stroke:var(--soft);stroke-width:2;stroke-dasharray:3 6;fill:none}"
    ".line{stroke:var(--ink);stroke-width:3;fill:none}"
    ".tip{fill:var(--ink)}"
    ".a0{fill:#0072b2}.a1{fill:#56b4e9}.a3{fill:#009e73}.a5{fill:#e69f00}"
    ".a6{fill:#cc79a7}.a7{fill:#999}.a8{fill:#d55e00}.a9{fill:#777}"
)


def words(x: float, y: float, text: str, kind: str = "") -> str:
    """A line of text; `middle` and `end` in kind say what x is."""
    mark = f' class="{kind}"' if kind else ""
    return f'<text{mark} x="{x:g}" y="{y:g}">{escape(text)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str = "bar") -> str:
    """A rectangle: filled with an area's colour, or an outline."""
    form = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect class="{kind}" {form}/>'


def block(
    x: float, y: float, width: float, height: float, area: str, text: str = ""
) -> str:
    """An outlined rectangle of an area's colour, with a word in it."""
    kind = "middle light" if area == TEXT else "middle"
    label = words(x + width / 2, y + height / 2 + 9, text, kind) if text else ""
    return box(x, y, width, height, area) + box(x, y, width, height) + label


def line(points: Sequence[tuple[float, float]], kind: str = "line") -> str:
    """A line through the points."""
    path = "L".join(f"{x:g} {y:g}" for x, y in points)
    return f'<path class="{kind}" d="M{path}"/>'


def arrow(points: Sequence[tuple[float, float]], kind: str = "line") -> str:
    """A line through the points, with a tip at the last one."""
    (x1, y1), (x2, y2) = points[-2:]
    far = hypot(x2 - x1, y2 - y1)
    dx, dy = 16 * (x2 - x1) / far, 16 * (y2 - y1) / far
    left = f"{x2 - dx - dy / 2:g} {y2 - dy + dx / 2:g}"
    right = f"{x2 - dx + dy / 2:g} {y2 - dy - dx / 2:g}"
    tip = f'<path class="tip" d="M{x2:g} {y2:g}L{left}L{right}Z"/>'
    return line([*points[:-1], (x2 - dx, y2 - dy)], kind) + tip


def cover(x: float, y: float, width: float, height: float) -> str:
    """Paper over what an earlier step has drawn."""
    return box(x, y, width, height, "paper")


def picture(title: str, said: str, height: int, steps: Sequence[Sequence[str]]) -> str:
    """The whole drawing; `said` is for who does not see it."""
    groups = "".join(
        f'<g data-step="{number}">\n' + "\n".join(step) + "\n</g>\n"
        for number, step in enumerate(steps, 1)
    )
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>\n'
        f"<title>{escape(title)}</title>\n<desc>{escape(said)}</desc>\n"
        f"<style>{STYLE}</style>\n{box(0, 0, WIDTH, height, 'paper')}\n{groups}</svg>"
    )
