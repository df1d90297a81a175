# SPDX-License-Identifier: MIT
"""The bench: the pristine lab with one submission laid over it.

    BENCH/tree/support, BENCH/tree/labs/NN-name   what make(1) sees
    BENCH/probes                                  the judge's own programs
    BENCH/judged                                  what it compiled of a student's
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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.box import Box, BoxError, BoxLate, Finished, Limits, open_box
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
        """Where make puts its products: the student's rules may write there."""
        return self.folder / "build"

    def new_folder(self) -> Path:
        """An empty folder of the judge's that boxed programs may read."""
        folder = Path(tempfile.mkdtemp(dir=self.root / "judged"))
        folder.chmod(0o755)
        return folder

    def program(self, name: str) -> Path:
        """A program, or another product, of the lab's Makefile.

        It is built when it is asked for first. If make does not make it, or
        makes no regular file: cannot check (build).
        """
        self.build(name)
        return _product(self.build_folder / name, self._made[name])

    def build(self, *names: str) -> None:
        """Have make build several products at once, as far as it can."""
        new = [name for name in names if name not in self._made]
        if new:
            targets = [f"build/{name}" for name in new]
            argv = ["make", "-k", "-j2", "-f", "Makefile", *targets]
            _, words = self._boxed_build(argv, self.build_folder)
            self._made |= dict.fromkeys(new, words)

    def compile(
        self, sources: Sequence[str], output: str, flags: Sequence[str] = ()
    ) -> Path:
        """Compile and link C sources with the judge's own flags, boxed.

        `sources` are names in the lab's folder, or absolute paths. Nothing of
        the student's runs where the program is made. If it is not made:
        cannot check (build), with the compiler's words.
        """
        return self.link(self.objects(sources, flags), output, flags)

    def objects(
        self, sources: Sequence[str], flags: Sequence[str] = ()
    ) -> tuple[Path, ...]:
        """Compile C sources side by side, and do not link; see `compile`."""
        folder = self.new_folder()
        cc = ["cc", *CFLAGS, "-I", str(self.root / "tree" / "support"), *flags, "-c"]
        objects = tuple(
            folder / f"{number}-{Path(source).stem}.o"
            for number, source in enumerate(sources)
        )
        paths = [str(self.folder / source) for source in sources]
        script = _side_by_side(
            [*cc, path, "-o", str(made)] for path, made in zip(paths, objects)
        )
        self._make(["sh", "-c", script], folder, objects)
        return objects

    def link(
        self, objects: Sequence[Path], output: str, flags: Sequence[str] = ()
    ) -> Path:
        """Link objects of the judge's own making; see `compile`."""
        return self.produce(
            output, lambda path: ["cc", *CFLAGS, *objects, *flags, "-o", path]
        )

    def produce(
        self, output: str, command: Callable[[Path], Sequence[str | Path]]
    ) -> Path:
        """What a command makes of files of the judge's, boxed; see `compile`.

        `command` is its argv for the path that the product shall have.
        """
        path = self.new_folder() / output
        self._make([str(word) for word in command(path)], path.parent, [path])
        return path

    def probe(self, source: str, flags: Sequence[str] = ()) -> Path:
        """A program of the judge's own, grader/probes/SOURCE, compiled once."""
        key = shlex.join([source, *flags])
        if key not in self._compiled:
            if shutil.which("cc") is None:
                raise CannotCheck(Cause.TOOL, "no C compiler: ./setup installs gcc")
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

    def _make(
        self, argv: Sequence[str], folder: Path, products: Sequence[Path]
    ) -> None:
        """Have a command make products in folder; else: cannot check (build)."""
        done, words = self._boxed_build(argv, folder)
        if (done.how, done.status) != ("exited", 0):
            names = ", ".join(path.name for path in products)
            raise CannotCheck(Cause.BUILD, f"{names}: not made\n{words}".strip())
        for path in products:
            _product(path, words)

    def _boxed_build(
        self, argv: Sequence[str], writable: Path
    ) -> tuple[Finished, str]:
        done = self.box.run(
            argv, limits=BUILD_LIMITS, writable=(writable,), cwd=self.folder
        )
        words = (done.stdout + done.stderr).decode("utf-8", "replace")
        if done.how != "exited":
            words += f"\nthe build {done.describe()}"
        return done, self.shown(words)


def _product(path: Path, words: str) -> Path:
    """The path, if make or a compiler has put a program there."""
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


def _side_by_side(commands: Iterable[Sequence[str]]) -> str:
    """A shell script that runs commands at the same time; 1 if one of them fails.

    What they say comes one after the other.
    """
    start, end = [], []
    for number, argv in enumerate(commands):
        start.append(f'{shlex.join(argv)} >"$TMPDIR/{number}" 2>&1 & pid{number}=$!')
        end.append(f'wait $pid{number} || failed=1; cat "$TMPDIR/{number}"')
    return "\n".join(["failed=0", *start, *end, "exit $failed"])


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
        tree = root / "tree"
        pristine = shutil.ignore_patterns("build", "observations", "tests", ".*")
        shutil.copytree(ROOT / "support", tree / "support", ignore=pristine)
        folder = tree / "labs" / lab.id
        shutil.copytree(lab.folder, folder, ignore=pristine)
        for name in lab.handed_in(folder):
            (folder / name).unlink()
        changed = _put_back_given(lab, folder)
        shutil.copytree(submitted, folder, dirs_exist_ok=True)
        (folder / "build").mkdir()
        _make_readable(tree)
        try:
            box = box_of(root, level)
        except BoxLate as error:
            raise CannotCheck(Cause.GRADER, str(error)) from None
        except BoxError as error:
            raise CannotCheck(Cause.PERMISSION, str(error)) from None
        yield Bench(lab, student, variant_of(lab, student), box, root, changed)
    finally:
        # rm(1) follows no link and takes folders of any depth.
        subprocess.run(["rm", "-rf", "--", str(root)], check=False)


def _put_back_given(lab: Lab, folder: Path) -> list[str]:
    """In a student's copy, given files as they were handed out; notes on that."""
    notes = []
    for name in lab.given:
        kept = ROOT / ".skeletons" / lab.id / name
        if not kept.is_file():
            continue
        path = folder / name
        if not path.is_file() or path.read_bytes() != kept.read_bytes():
            shutil.copyfile(kept, path)
            notes.append(
                f"{name} is not as it was handed out, and the judge takes that: "
                f"make reset FILE={name}"
            )
    return notes


def box_of(root: Path, level: str) -> Box:
    """A bench's other folders, and the box; `root` has mode 0711 and a tree."""
    (root / "evidence").mkdir(mode=0o700)
    readable = (root / "tree", root / "probes", root / "judged")
    for folder in readable[1:]:
        folder.mkdir(mode=0o755)
    return open_box(level, readable, root / "evidence")


def _make_readable(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        os.chmod(folder, 0o755)
        for name in files:
            path = Path(folder, name)
            mode = path.stat().st_mode
            path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)
