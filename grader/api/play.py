# SPDX-License-Identifier: MIT
"""Sequences of commands: generated, played against a model, shrunk.

Hypothesis generates them from a seed. It does not shrink them, because a
sequence that crashes costs a process: `shrink` knows what a command is and
needs some dozen runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import hypothesis
from hypothesis.strategies import SearchStrategy

from grader.api.driver import Kind, Session, Trouble
from grader.api.memory import Memory

SHRINK_SECONDS = 8.0
SHRINK_PATIENCE = 1.5  # it hangs anyhow: nothing is decided here any more


@dataclass(frozen=True)
class Command:
    """A verb of the lab's driver and its numbers."""

    verb: str
    arguments: tuple[int, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.verb, *map(str, self.arguments)))


Step = Sequence[Command]
"""Commands of which one is carried out: the first that means something."""


@dataclass(frozen=True)
class Difference:
    """What the model expects, and what the judge read instead."""

    expected: str
    actual: str


class Model(Protocol):
    """What a lab knows of the state that a sequence must lead to."""

    def permits(self, command: Command) -> bool:
        """Whether the contract allows the command now."""

    def matters(self, command: Command) -> bool:
        """Whether a permitted command has an object to do something to.

        What it does to NULL is tried as well, but needs no half of all tries.
        """

    def carry_out(self, command: Command, memory: Memory) -> Difference | None:
        """Change the model as the command must have changed the process.

        `memory` is what was read afterwards: addresses are taken from it, all
        else is compared.
        """


@dataclass(frozen=True)
class Failure:
    """A sequence whose last command shows what is wrong."""

    commands: tuple[Command, ...]
    difference: Difference
    kind: Kind | None = None  # None: a wrong state


NewModel = Callable[[], Model]


def play(
    session: Session, new: NewModel, steps: Sequence[Step]
) -> Failure | None:
    """Play one sequence from a clean start, looking after each command.

    A step of which the contract allows no command at its place is left out.
    """
    model = new()
    done: list[Command] = []
    try:
        session.obey("reset")
        for step in steps:
            command = _choose(model, step)
            if command is None:
                continue
            done.append(command)
            memory = session.obey(str(command))
            difference = model.carry_out(command, memory)
            if difference is None and (spoilt := memory.spoilt()):
                difference = Difference("no write outside of a live object", spoilt)
            if difference is not None:
                return Failure(tuple(done), difference)
    except Trouble as trouble:
        expected = f"`{done[-1] if done else 'nothing'}` is carried out"
        return Failure(
            tuple(done), Difference(expected, trouble.words), trouble.kind
        )
    return None


def _choose(model: Model, step: Step) -> Command | None:
    permitted = [command for command in step if model.permits(command)]
    useful = filter(model.matters, permitted)
    return next(useful, permitted[0] if permitted else None)


def search(
    session: Session,
    new: NewModel,
    sequences: SearchStrategy[Sequence[Step]],
    seed: int,
    examples: int,
) -> Failure | None:
    """The first failure among so many sequences, as short as can be."""
    found: list[Failure] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        phases=(hypothesis.Phase.generate,),
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(sequences)
    def one(steps: Sequence[Step]) -> None:
        if not found and (failure := play(session, new, steps)):
            found.append(failure)

    one()
    return shrink(session, new, found[0]) if found else None


def shrink(session: Session, new: NewModel, failure: Failure) -> Failure:
    """A shorter sequence that fails in the same way.

    When this returns in time, no single command can be left out of it, and no
    number in it can be a smaller one.
    """
    limit = time.monotonic() + SHRINK_SECONDS
    patience, session.patience = session.patience, SHRINK_PATIENCE
    try:
        better: Failure | None = failure
        while better is not None:
            failure = better
            better = None
            for candidate in _simpler(failure.commands):
                if time.monotonic() >= limit:
                    return failure
                tried = play(session, new, [(command,) for command in candidate])
                if (
                    tried is not None
                    and tried.kind == failure.kind
                    and _weight(tried.commands) < _weight(failure.commands)
                ):
                    better = tried
                    break
    finally:
        session.patience = patience
    return failure


def _weight(commands: Sequence[Command]) -> tuple[int, int]:
    """Fewer commands first, then smaller numbers."""
    return len(commands), sum(sum(command.arguments) for command in commands)


def _simpler(commands: Sequence[Command]) -> Iterator[tuple[Command, ...]]:
    size = len(commands) // 2
    while size:
        for start in range(len(commands) - size, -1, -1):
            yield (*commands[:start], *commands[start + size :])
        size //= 2
    for index, command in enumerate(commands):
        for place, number in enumerate(command.arguments):
            for smaller in sorted({0, number // 2, number - 1}):
                if smaller < number and smaller >= 0:
                    numbers = (
                        *command.arguments[:place],
                        smaller,
                        *command.arguments[place + 1 :],
                    )
                    changed = Command(command.verb, numbers)
                    yield (*commands[:index], changed, *commands[index + 1 :])
    yield from _renamed(commands)


def _renamed(commands: Sequence[Command]) -> Iterator[tuple[Command, ...]]:
    """One number throughout by a smaller one: slots that are used together."""
    numbers = sorted({n for command in commands for n in command.arguments})
    for number in numbers:
        for smaller in range(min(number, 6)):
            if smaller not in numbers:
                yield tuple(
                    Command(
                        command.verb,
                        tuple(
                            smaller if n == number else n for n in command.arguments
                        ),
                    )
                    for command in commands
                )
