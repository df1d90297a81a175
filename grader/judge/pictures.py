# SPDX-License-Identifier: MIT
"""Pictures of what was observed: memview, in the box, over students' texts.

A transcript is hostile: its paths may hold anything, and a list of mappings
may be a megabyte. So memview runs as a submission does, its output is capped,
and a picture that cannot be had is words, and never a point.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from grader.box import Limits
from grader.judge.api import CannotCheck, CheckFailure
from grader.judge.bench import Bench
from grader.judge.evidence import FOLDER, Answers, Observation
from grader.judge.moments import Moment
from grader.outcome import Cause, Picture
from grader.text import shortened

# A program of 30 mappings makes 20 KiB; more than 120 rows memview folds.
LIMITS = Limits(wall=10.0, cpu=5, memory=128 << 20, processes=8, output=1 << 19)
MAPS_BYTES = 1 << 18  # some 2,500 mappings with long paths
MOMENTS = 8
ALL_BYTES = 1 << 22  # of a result's pictures: a page still opens
WORDS = 2000  # characters of the reason why there is no picture
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9 ,()-]{0,59}")


def draw_pictures(answers: Answers, memview: Path) -> tuple[Picture, ...]:
    """A picture for each step of each observation that has moments.

    `memview` is the built program. Raises nothing that a student or a missing
    memview could cause.
    """
    pictures: list[Picture] = []
    for observation in answers.observations.values():
        if observation.moments is None:
            continue
        source = f"{FOLDER}/{observation.name}"
        try:
            pictures += _of_observation(answers, observation, source, memview)
            if sum(len(picture.svg) for picture in pictures) > ALL_BYTES:
                why = f"all pictures together have more than {ALL_BYTES} bytes"
                pictures = [replace(one, svg="", trouble=why) for one in pictures]
        except Exception as error:  # whatever it is, no point hangs on it
            why = shortened(_reason(error), WORDS)
            pictures.append(Picture(source, trouble=why))
    return tuple(pictures)


def _reason(error: Exception) -> str:
    if isinstance(error, CheckFailure):
        return error.actual
    if isinstance(error, CannotCheck):
        return error.why
    return f"{type(error).__name__}: {error}"


def _of_observation(
    answers: Answers, observation: Observation, source: str, memview: Path
) -> list[Picture]:
    assert observation.moments is not None
    moments = observation.moments(answers.transcript(observation.name))
    if not 0 < len(moments) <= MOMENTS:
        return [Picture(source, trouble=f"{len(moments)} pauses are in it")]
    labels = _labels(moments)
    folder = answers.bench.root / "probes" / f"pictures-{observation.name}"
    folder.mkdir(mode=0o755)
    for label, moment in zip(labels, moments):
        data = moment.maps.encode("utf-8", "surrogateescape")
        if len(data) > MAPS_BYTES:
            why = f"{label}: more than {MAPS_BYTES} bytes of mappings"
            return [Picture(source, trouble=why)]
        (folder / label).write_bytes(data)
        (folder / label).chmod(0o644)
    program = _program(answers.bench, memview)
    if len(labels) == 1:
        return [_draw(answers.bench, program, folder, source, "", labels[0])]
    return [
        _draw(answers.bench, program, folder, source, before, after)
        for before, after in pairwise(labels)
    ]


def _labels(moments: Sequence[Moment]) -> list[str]:
    """The moments' own labels if they can be file names and tell them apart."""
    labels = [moment.label for moment in moments]
    if len(set(labels)) == len(labels) and all(map(_LABEL.fullmatch, labels)):
        return labels
    return [f"pause {number}" for number in range(1, len(moments) + 1)]


def _program(bench: Bench, memview: Path) -> Path:
    """memview where the box can see it; CannotCheck if it is not there."""
    if not memview.is_file():
        raise CannotCheck(Cause.TOOL, "memview is not there: it was not built")
    path = bench.root / "probes" / "memview"
    if not path.exists():
        shutil.copyfile(memview, path)
        path.chmod(0o755)
    return path


def _draw(
    bench: Bench, program: Path, folder: Path, source: str, before: str, after: str
) -> Picture:
    files = [before, after] if before else [after]
    done = bench.box.run([program, "--svg", *files], limits=LIMITS, cwd=folder)
    if (done.how, done.status) != ("exited", 0):
        said = done.stderr.decode("utf-8", "replace").strip()
        why = shortened(f"memview {done.describe()}: {said}", WORDS)
        return Picture(source, before, after, trouble=why)
    try:
        if b"<!" in done.stdout:
            raise ValueError("a declaration, which memview never writes")
        ElementTree.fromstring(done.stdout)
        svg = done.stdout.decode("utf-8")
    except (ElementTree.ParseError, ValueError) as error:
        why = f"what memview drew is no picture: {error}"
        return Picture(source, before, after, trouble=why)
    return Picture(source, before, after, svg)
