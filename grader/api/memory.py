# SPDX-License-Identifier: MIT
"""The driver's variables and heap, as they lie in the process's memory.

The layout is that of grader/drivers/driver.h: words of 64 bits. What is in them
is the process's word, because the student's code runs in it. Where they are,
how long, and the facts that only the compiler knows come from the program's file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grader.observers import Gone, Malformed, elf

_SCALARS = 7
BLOCKS, EVENTS = 160, 96
_BLOCK_WORDS, _EVENT_WORDS = 3, 4
STATE_BYTES = 8 * (_SCALARS + _BLOCK_WORDS * BLOCKS + _EVENT_WORDS * EVENTS)
HEAP_BYTES = 1 << 16
BETWEEN = 32  # bytes of fence before a block and behind it, at least
FENCE, FREED = 0xA5, 0xDD
STATE, LAB_STATE, HEAP = "driver_state", "lab_state", "driver_heap"
FACT = "driver_fact_"  # begins the name of a variable whose size is a fact


@dataclass(frozen=True)
class Block:
    """A block that the student's code allocated, in bytes."""

    address: int
    size: int
    state: int  # LIVE, FREED or FREED_TWICE


LIVE, FREED_ONCE, FREED_TWICE = 1, 2, 3


@dataclass(frozen=True)
class Memory:
    """One look. `lab` are the words of the lab's own variables.

    `heap` is where the driver's heap lies, 0 in a program that has none.
    """

    steps: int
    result: int
    bad_frees: int
    bulk_live: int
    heap: int
    content: bytes  # of the heap, from its start
    blocks: Mapping[int, Block]  # by address
    events: tuple[tuple[int, ...], ...]
    lab: tuple[int, ...]
    facts: Mapping[str, int]

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
        behind = self.content[last : last + BETWEEN]
        if behind.count(FENCE) != len(behind):
            return f"memory of no block was written to, {_behind(behind)}"
        return ""


def _first(body: bytes, filled: int) -> str:
    where = next(i for i, byte in enumerate(body) if byte != filled)
    return f"at byte {where} of its {len(body)}"


def _behind(behind: bytes) -> str:
    where = next(i for i, byte in enumerate(behind) if byte != FENCE)
    return f"at byte {where} behind the last block"


def _place(before: bytes, filled: int, start: int, block: Block) -> str:
    where = next(i for i, byte in enumerate(before) if byte != filled)
    distance = block.address - (start + where)
    return f"memory of no block was written to, {distance} bytes before a block"


class Eye:
    """Reads the variables of a driver that runs the program."""

    def __init__(self, pid: int, program: Path) -> None:
        self._layout = layout(program)
        self._fd = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)

    def look(self) -> Memory:
        """Read all of it; Gone if the process is no longer there."""
        layout = self._layout
        state = memoryview(self._read(layout.state, STATE_BYTES)).cast("Q")
        lab = memoryview(self._read(*layout.lab)).cast("Q")
        steps, result, bad, _, bulk, blocks, events = state[:_SCALARS]
        # Whatever the process made of its own counters is data.
        table = state[_SCALARS : _SCALARS + _BLOCK_WORDS * min(blocks, BLOCKS)]
        first = _SCALARS + _BLOCK_WORDS * BLOCKS
        notes = state[first : first + _EVENT_WORDS * min(events, EVENTS)]
        found = [
            Block(*table[i : i + _BLOCK_WORDS])
            for i in range(0, len(table), _BLOCK_WORDS)
        ]
        ends = (each.address + each.size - layout.heap for each in found)
        used = max((end for end in ends if 0 <= end < HEAP_BYTES), default=0)
        size = min(used + BETWEEN, HEAP_BYTES)
        body = self._read(layout.heap, size) if layout.heap else b""
        return Memory(
            steps,
            result,
            bad,
            bulk,
            layout.heap,
            body,
            {block.address: block for block in found},
            tuple(
                tuple(notes[i : i + _EVENT_WORDS])
                for i in range(0, len(notes), _EVENT_WORDS)
            ),
            tuple(lab),
            layout.facts,
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


@dataclass(frozen=True)
class Layout:
    """What a driver's file says of its variables."""

    state: int  # the address
    lab: tuple[int, int]  # address and bytes
    heap: int  # the address, or 0
    facts: Mapping[str, int]


@lru_cache(maxsize=8)
def layout(program: Path) -> Layout:
    """Read a driver, which is no PIE.

    Malformed if it has a variable twice, none of one that each has, or one of
    another size than here.
    """
    sizes = {STATE: STATE_BYTES, HEAP: HEAP_BYTES}
    named = [
        symbol
        for symbol in elf.symbols(program)
        if symbol.name in (*sizes, LAB_STATE) or symbol.name.startswith(FACT)
    ]
    found = {symbol.name: symbol for symbol in named if symbol.is_defined}
    for name in (STATE, LAB_STATE):
        if name not in found:
            raise Malformed("driver", f"there is no {name} in it")
    for symbol in named:
        if found.get(symbol.name) is not symbol:
            raise Malformed("driver", f"there is more than one {symbol.name} in it")
        if symbol.size != sizes.get(symbol.name, symbol.size):
            raise Malformed("driver", f"{symbol.name} has {symbol.size} bytes")
    lab = found[LAB_STATE]
    return Layout(
        found[STATE].address,
        (lab.address, lab.size),
        found[HEAP].address if HEAP in found else 0,
        {
            name.removeprefix(FACT): symbol.size
            for name, symbol in found.items()
            if name.startswith(FACT)
        },
    )
