# SPDX-License-Identifier: MIT
"""The student's card, and the sizes and counts that are derived from it."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from grader.errors import InputError
from grader.lab import Lab, Value

CARD_BYTES = 4096
FIELD_CHARACTERS = 200


class BadCard(InputError):
    """A student.toml that cannot be used; the text names file and remedy."""


@dataclass(frozen=True)
class Student:
    """Who handed in; an empty id selects the class's default variant."""

    id: str = ""
    name: str = ""


def read_student(path: Path) -> Student:
    """Read a student.toml; one that is not there is the empty card."""
    try:
        with path.open("rb") as file:
            data = file.read(CARD_BYTES + 1)
    except FileNotFoundError:
        return Student()
    except OSError as error:
        raise BadCard(f"{path.name}: {error.strerror}") from None
    if len(data) > CARD_BYTES:
        raise BadCard(f"{path.name}: larger than {CARD_BYTES} bytes")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadCard(f"{path.name}: not TOML: {error}") from None
    fields = {}
    for key in ("id", "name"):
        value = table.get(key, "")
        if type(value) is int and abs(value) < 10**FIELD_CHARACTERS:
            value = str(value)
        if not isinstance(value, str) or len(value) > FIELD_CHARACTERS:
            raise BadCard(
                f'{path.name}: `{key}` must be a short text in quotes, '
                f'as in {key} = "..."'
            )
        fields[key] = value.strip()
    return Student(**fields)


def variant_of(lab: Lab, student: Student) -> dict[str, Value]:
    """The lab's parameters for this student: the same for ever for one id."""
    values: dict[str, Value] = {}
    for name, parameter in lab.parameters.items():
        if not student.id:
            values[name] = parameter.default
            continue
        seed = f"{lab.id}\0{name}\0{student.id}".encode()
        draw = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big")
        values[name] = parameter.choices[draw % len(parameter.choices)]
    return values
