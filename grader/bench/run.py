# SPDX-License-Identifier: MIT
"""`make bench LAB=08`: pairs of retain and release a second, side by side.

The subjects take turns, so that whatever else the machine does meets all of
them. Printed and plotted are medians, and the quartiles as their spread.
"""

from __future__ import annotations

import shlex
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "grader" / "bench" / "refcount"
# A student's copy of the suite has no solutions: then his own is measured.
SOLUTION = next(
    place
    for tree in ("solutions", "labs")
    if (place := ROOT / tree / "08-refcount").is_dir()
)
FOLDER = ROOT / "build" / "bench-08"
ROUNDS = 15
FLAGS = ("-O2", "-D_GNU_SOURCE", "-pthread", f"-I{SOURCES}", f"-I{SOLUTION}")


@dataclass(frozen=True)
class Subject:
    """What is measured: its name in words, and how it is built."""

    name: str
    words: str
    compiler: str
    sources: tuple[Path, ...]
    package: str = ""  # of pkg-config


@dataclass(frozen=True)
class Way:
    """One column: the arguments of pairs.c, but the number of pairs."""

    words: str
    kind: str
    threads: int
    pairs: int


SUBJECTS = (
    Subject("rc", "rc, this lab", "cc", (SOURCES / "rc.c", SOLUTION / "rc.c")),
    Subject("shared_ptr", "std::shared_ptr", "c++", (SOURCES / "shared_ptr.cc",)),
    Subject("glib", "g_rc_box, g_atomic_rc_box", "cc", (SOURCES / "glib.c",),
            "glib-2.0"),
)
WAYS = (
    Way("plain, 1 thread", "plain", 1, 10_000_000),
    Way("atomic, 1 thread", "atomic", 1, 4_000_000),
    Way("atomic, 2 threads on one object", "atomic", 2, 1_000_000),
)


@dataclass(frozen=True)
class Figure:
    """Pairs a second: the median of all rounds, and the quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        """From one value a round."""
        low, median, high = statistics.quantiles(values, n=4)
        return cls(median, low, high)


def build(subject: Subject) -> Path | None:
    """Compile; None, and why is said, if this machine cannot."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / subject.name
    main = FOLDER / "pairs.o"
    try:
        flags: list[str] = []
        if subject.package:
            flags = shlex.split(_run("pkg-config", "--cflags", "--libs",
                                     subject.package))
        _run("cc", *FLAGS, "-c", SOURCES / "pairs.c", "-o", main)
        _run(subject.compiler, *FLAGS, *subject.sources, main, *flags, "-o", path)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        words = getattr(error, "stderr", "") or str(error)
        first = words.strip().splitlines()[0]
        print(f"  without {subject.words}: {first}; ./setup --with bench installs it")
        return None
    return path


def _run(*argv: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in argv], capture_output=True, text=True, check=True
    )
    return done.stdout


def measure(programs: dict[str, Path], rounds: int) -> dict[tuple[str, str], Figure]:
    """Every subject in every way, in turns; by name and way."""
    rates: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds):
        for way in WAYS:
            names = list(programs)
            # Nobody is always the first after somebody else.
            names = names[turn % len(names) :] + names[: turn % len(names)]
            for name in names:
                argv = (programs[name], way.kind, str(way.threads), str(way.pairs))
                nanoseconds = int(_run(*argv))
                rate = way.threads * way.pairs / nanoseconds * 1e9
                rates.setdefault((name, way.words), []).append(rate)
    return {key: Figure.of(values) for key, values in rates.items()}


def table(figures: dict[tuple[str, str], Figure], names: Sequence[str]) -> str:
    """Millions of pairs a second: median (quartiles), and the first's ratio."""
    words = {subject.name: subject.words for subject in SUBJECTS}
    lines = []
    for way in WAYS:
        lines.append(f"{way.words}: millions of pairs a second")
        own = figures[names[0], way.words].median
        for name in names:
            figure = figures[name, way.words]
            lines.append(
                f"  {words[name]:<28}{figure.median / 1e6:8.1f}  "
                f"({figure.low / 1e6:.1f} to {figure.high / 1e6:.1f})  "
                f"{words[names[0]].split(',')[0]} is {own / figure.median:.2f} times it"
            )
    return "\n".join(lines)


def plot(figures: dict[tuple[str, str], Figure], names: Sequence[str]) -> str:
    """The same as bars, an SVG; the thin line is the spread."""
    colours = ("#1b6ca8", "#c25b18", "#4f7f3b")
    words = {subject.name: subject.words for subject in SUBJECTS}
    rows: list[str] = []
    y = 30
    for way in WAYS:
        most = max(figures[name, way.words].high for name in names)
        rows.append(f'<text x="10" y="{y}" font-weight="bold">{escape(way.words)}</text>')
        y += 10
        for name, colour in zip(names, colours):
            figure = figures[name, way.words]
            wide, low, high = (
                340 * value / most for value in (figure.median, figure.low, figure.high)
            )
            rows.append(
                f'<text x="200" y="{y + 13}" text-anchor="end">{escape(words[name])}'
                f'</text><rect x="210" y="{y}" width="{wide:.1f}" height="16" '
                f'fill="{colour}"/><path d="M{210 + low:.1f} {y + 8}H{210 + high:.1f}" '
                f'stroke="black"/><text x="{220 + max(wide, high):.0f}" y="{y + 13}">'
                f"{figure.median / 1e6:.1f} M/s</text>"
            )
            y += 22
        y += 26
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="660" height="{y}" '
        f'font-family="sans-serif" font-size="12">\n<title>Pairs of retain and '
        "release a second</title>\n" + "\n".join(rows) + "\n</svg>\n"
    )


def main(argv: Sequence[str]) -> int:
    """Measure, print the table, write build/bench-08/pairs.svg."""
    if not argv or argv[0] not in ("08", "8", "08-refcount"):
        print("Which lab? make bench LAB=08", file=sys.stderr)
        return 2
    rounds = int(argv[1]) if len(argv) > 1 else ROUNDS
    built = {subject.name: build(subject) for subject in SUBJECTS}
    programs = {name: path for name, path in built.items() if path is not None}
    if "rc" not in programs:
        return 1
    try:
        figures = measure(programs, max(rounds, 2))
    except subprocess.CalledProcessError as error:
        name = Path(error.cmd[0]).name
        print(f"bench: {name} ends with status {error.returncode}", file=sys.stderr)
        print("Does make check LAB=08 pass?", file=sys.stderr)
        return 1
    print(table(figures, list(programs)))
    target = FOLDER / "pairs.svg"
    target.write_text(plot(figures, list(programs)), encoding="utf-8")
    print(f"Plotted: {target.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
