# SPDX-License-Identifier: MIT
"""The driver's variables and heap, as they lie in the process's memory.

The layout is that of grader/drivers/driver.h: words of 64 bits.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grader.observers import Gone, Malformed, elf

_SCALARS = 8
BLOCKS, EVENTS = 160, 96
_BLOCK_WORDS, _EVENT_WORDS = 3, 4
STATE_BYTES = 8 * (_SCALARS + _BLOCK_WORDS * BLOCKS + _EVENT_WORDS * EVENTS)
HEAP_BYTES = 1 << 16
FENCE, FREED = 0xA5, 0xDD
STATE, LAB_STATE = "driver_state", "lab_state"


@dataclass(frozen=True)
class Block:
    """A block that the student's code allocated, in bytes."""

    address: int
    size: int
    state: int  # LIVE, FREED or FREED_TWICE


LIVE, FREED_ONCE, FREED_TWICE = 1, 2, 3


@dataclass(frozen=True)
class Memory:
    """One look. `lab` are the words of the lab's own variables."""

    steps: int
    result: int
    bad_frees: int
    bulk_live: int
    heap: int
    content: bytes  # of the heap, from its start
    blocks: Mapping[int, Block]  # by address
    events: tuple[tuple[int, ...], ...]
    lab: tuple[int, ...]

    def at(self, address: int, size: int) -> bytes:
        """Bytes of the heap; fewer than `size` where it does not lie in it."""
        start = address - self.heap
        return self.content[start : start + size] if start >= 0 else b""

    def spoilt(self) -> str:
        """Where somebody wrote to what is no block, or no longer one; or "".

        Every byte outside of live blocks has a known value.
        """
        last = 0
        for block in self.blocks.values():
            start = block.address - self.heap
            before = self.content[last:start]
            if before.count(FENCE) != len(before):
                return _place(before, FENCE, self.heap + last, block)
            last = start + block.size
            body = self.content[start:last]
            if block.state != LIVE and body.count(FREED) != len(body):
                return f"a freed block was written to, {_first(body, FREED)}"
        return ""


def _first(body: bytes, filled: int) -> str:
    where = next(i for i, byte in enumerate(body) if byte != filled)
    return f"at byte {where} of its {len(body)}"


def _place(before: bytes, filled: int, start: int, block: Block) -> str:
    where = next(i for i, byte in enumerate(before) if byte != filled)
    distance = block.address - (start + where)
    return f"memory of no block was written to, {distance} bytes before a block"


class Eye:
    """Reads the variables of a driver that runs the program."""

    def __init__(self, pid: int, program: Path) -> None:
        symbols = addresses(program)
        self._state, self._lab = symbols[STATE], symbols[LAB_STATE]
        self._fd = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)

    def look(self) -> Memory:
        """Read all of it; Gone if the process is no longer there."""
        state = memoryview(self._read(self._state[0], STATE_BYTES)).cast("Q")
        lab = memoryview(self._read(*self._lab)).cast("Q")
        steps, result, bad, heap, used, bulk, blocks, events = state[:_SCALARS]
        # Whatever the process made of its own counters is data.
        table = state[_SCALARS : _SCALARS + _BLOCK_WORDS * min(blocks, BLOCKS)]
        first = _SCALARS + _BLOCK_WORDS * BLOCKS
        notes = state[first : first + _EVENT_WORDS * min(events, EVENTS)]
        body = self._read(heap, min(used, HEAP_BYTES)) if used else b""
        return Memory(
            steps,
            result,
            bad,
            bulk,
            heap,
            body,
            {
                block.address: block
                for block in (
                    Block(*table[i : i + _BLOCK_WORDS])
                    for i in range(0, len(table), _BLOCK_WORDS)
                )
            },
            tuple(
                tuple(notes[i : i + _EVENT_WORDS])
                for i in range(0, len(notes), _EVENT_WORDS)
            ),
            tuple(lab),
        )

    def _read(self, address: int, size: int) -> bytes:
        try:
            data = os.pread(self._fd, size, address)
        except (OSError, OverflowError) as error:
            raise Gone("mem", f"its memory cannot be read: {error}") from None
        if len(data) != size:
            raise Gone("mem", "the process has lost its memory")
        return data

    def close(self) -> None:
        """Look no more."""
        os.close(self._fd)


@lru_cache(maxsize=8)
def addresses(program: Path) -> dict[str, tuple[int, int]]:
    """Where a driver, which is no PIE, has its variables: address and size.

    Malformed if it has not one of each, or if the driver's are not of the
    size that they have here.
    """
    named = [
        symbol
        for symbol in elf.symbols(program)
        if symbol.name in (STATE, LAB_STATE) and symbol.is_defined
    ]
    found = {symbol.name: (symbol.address, symbol.size) for symbol in named}
    if len(found) != 2 or len(named) != 2 or found[STATE][1] != STATE_BYTES:
        raise Malformed("driver", f"not one {STATE} and one {LAB_STATE} in it")
    return found
