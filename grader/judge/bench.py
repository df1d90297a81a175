# SPDX-License-Identifier: MIT
"""The bench: the pristine lab with one submission laid over it.

    BENCH/tree/support, BENCH/tree/labs/NN-name   what make(1) sees
    BENCH/probes                                  the judge's own programs
    BENCH/evidence                                logs; the judge's alone
    BENCH/scratch-*                               one for each boxed program
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.box import Box, BoxError, Limits, open_box
from grader.judge.api import CannotCheck
from grader.lab import ROOT, Lab, Value
from grader.outcome import Cause
from grader.variant import Student, variant_of

BUILD_LIMITS = Limits(
    wall=120.0, cpu=60, memory=2048 << 20, processes=128, file_size=64 << 20
)
PROGRAM_BYTES = 64 << 20
PROBES = Path(__file__).resolve().parent.parent / "probes"
# The judge's own compilations; a lab's Makefile has its own in lab.mk.
CFLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O1", "-g")


@dataclass
class Bench:
    """One submission, ready to be looked at; see `open_bench`."""

    lab: Lab
    student: Student
    variant: dict[str, Value]
    box: Box
    root: Path
    notes: list[str] = field(default_factory=list)  # what the result says besides
    _made: dict[str, str] = field(default_factory=dict)
    """What make said when it built a product."""
    _compiled: dict[str, Path] = field(default_factory=dict)
    # The build folder belongs to one box at a time.
    _building: threading.Lock = field(default_factory=threading.Lock)

    def of(self, student: Student) -> Bench:
        """The same programs, as another student runs them."""
        variant = variant_of(self.lab, student)
        return replace(self, student=student, variant=variant)

    @property
    def folder(self) -> Path:
        """The lab's folder, as make sees it; products are in build/."""
        return self.root / "tree" / "labs" / self.lab.id

    @property
    def build_folder(self) -> Path:
        """Where make and `compile` put their products."""
        return self.folder / "build"

    def program(self, name: str) -> Path:
        """A program, or another product, of the lab's Makefile.

        It is built when it is asked for first. If make does not make it, or
        makes no regular file: cannot check (build).
        """
        self.build(name)
        return self._product(self.build_folder / name, self._made[name])

    def build(self, *names: str) -> None:
        """Have make build several products at once, as far as it can."""
        new = [name for name in names if name not in self._made]
        if new:
            targets = [f"build/{name}" for name in new]
            words = self._boxed_build(
                ["make", "-k", "-j2", "-f", "Makefile", *targets]
            )
            self._made |= dict.fromkeys(new, words)

    def compile(
        self, sources: Sequence[str], output: str, flags: Sequence[str] = ()
    ) -> Path:
        """Compile and link C sources with the judge's own flags, boxed.

        `sources` are names in the lab's folder, or absolute paths. Returns
        build/OUTPUT; if there is none: cannot check (build), with the
        compiler's words.
        """
        place = self.root / "tree" / "support"
        cc = ["cc", *CFLAGS, "-I", str(place), *flags]
        path = self.build_folder / output
        script = _side_by_side(cc, [str(self.folder / name) for name in sources], path)
        return self._product(path, self._boxed_build(["sh", "-c", script]))

    def probe(self, source: str, flags: Sequence[str] = ()) -> Path:
        """A program of the judge's own, grader/probes/SOURCE, compiled once."""
        key = shlex.join([source, *flags])
        if key not in self._compiled:
            path = self.root / "probes" / f"{len(self._compiled)}-{Path(source).stem}"
            done = subprocess.run(
                ["cc", *CFLAGS, *flags, str(PROBES / source), "-o", str(path)],
                capture_output=True,
                text=True,
                errors="replace",
            )
            if done.returncode != 0:
                raise CannotCheck(Cause.GRADER, f"probe {source}: {done.stderr}")
            path.chmod(0o755)
            self._compiled[key] = path
        return self._compiled[key]

    def without_place(self, text: str) -> str:
        """A transcript's text as if the tree were at /: where it is here, is
        nobody's business.
        """
        return text.replace(str(self.root / "tree"), "")

    def shown(self, text: str) -> str:
        """A text with the bench's own path taken out of it."""
        return text.replace(f"{self.folder}/", "").replace(f"{self.root}/", "")

    def _product(self, path: Path, words: str) -> Path:
        try:
            status = path.lstat()
        except FileNotFoundError:
            raise CannotCheck(
                Cause.BUILD, f"build/{path.name} was not built\n{words}".strip()
            ) from None
        if not stat.S_ISREG(status.st_mode) or status.st_size > PROGRAM_BYTES:
            raise CannotCheck(
                Cause.BUILD, f"build/{path.name} is not a file of a program's size"
            )
        return path

    def _boxed_build(self, argv: Sequence[str]) -> str:
        with self._building:
            done = self.box.run(
                argv,
                limits=BUILD_LIMITS,
                writable=(self.build_folder,),
                cwd=self.folder,
            )
        words = (done.stdout + done.stderr).decode("utf-8", "replace")
        if done.how != "exited":
            words += f"\nthe build {done.describe()}"
        return self.shown(words)


@contextlib.contextmanager
def open_bench(
    lab: Lab, submitted: Path, student: Student, level: str
) -> Iterator[Bench]:
    """Lay `submitted` (a staging folder of ours) over the pristine lab.

    `level` is a box level or "auto". Everything is removed on the way out.
    """
    root = Path(tempfile.mkdtemp(prefix="process-memory-lab-"))
    try:
        root.chmod(0o711)
        (root / "evidence").mkdir(mode=0o700)
        (root / "probes").mkdir(mode=0o755)
        tree = root / "tree"
        pristine = shutil.ignore_patterns("build", "observations", "tests", ".*")
        shutil.copytree(ROOT / "support", tree / "support", ignore=pristine)
        folder = tree / "labs" / lab.id
        shutil.copytree(lab.folder, folder, ignore=pristine)
        for name in os.listdir(folder):
            if lab.accepts(name):
                (folder / name).unlink()
        shutil.copytree(submitted, folder, dirs_exist_ok=True)
        (folder / "build").mkdir()
        _make_readable(tree)
        try:
            box = open_box(level, (tree, root / "probes"), root / "evidence")
        except BoxError as error:
            raise CannotCheck(Cause.PERMISSION, str(error)) from None
        yield Bench(lab, student, variant_of(lab, student), box, root)
    finally:
        # rm(1) follows no link and takes folders of any depth.
        subprocess.run(["rm", "-rf", "--", str(root)], check=False)


def objects_of(path: Path, count: int) -> list[Path]:
    """Where `Bench.compile` leaves its sources' objects, in their order."""
    return [path.with_name(f"{path.name}-{number}.o") for number in range(count)]


def _side_by_side(cc: Sequence[str], sources: Sequence[str], path: Path) -> str:
    """A shell script that compiles all sources at once, and links if all are.

    The compiler's words come in the order of the sources.
    """
    objects = list(map(str, objects_of(path, len(sources))))
    compile_all = [
        f"{shlex.join([*cc, '-c', source, '-o', made])} >{made}.words 2>&1 &"
        for source, made in zip(sources, objects)
    ]
    show = [f"cat {made}.words && [ -f {made} ] || failed=yes" for made in objects]
    link = f"[ $failed ] || {shlex.join([*cc, *objects, '-o', str(path)])}"
    return "\n".join(["failed=", *compile_all, "wait", *show, link])


def _make_readable(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        os.chmod(folder, 0o755)
        for name in files:
            path = Path(folder, name)
            mode = path.stat().st_mode
            path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)
