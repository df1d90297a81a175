# SPDX-License-Identifier: MIT
"""Lab 08: the model of rc.h, and the sequences of commands that it is played."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from grader.api.memory import FREED_ONCE, FREED_TWICE, LIVE, Memory
from grader.api.play import Command, Difference, Step

LIMIT = 0x80000000  # RC_LIMIT
SLOTS = 6
USED = 4  # of the slots, so that sequences meet themselves often
BARE, PLAIN, LOOKS, CLEARS, UPGRADES, TREE = range(6)
NODE_BYTES = 40  # struct payload of grader/drivers/refcount.c
TREE_BYTES = 32  # struct node of tree.h
OBJECTS = 40
STEPS = 16  # of a sequence, before all is given back
_CHOICES = 4  # commands of a step: few of any are allowed at their place
_BYTES = 5  # that a command is made of


@dataclass
class Lab:
    """The lab's variables in the driver, as words, and two of its facts."""

    head_bytes: int  # in front of each payload
    alignment: int  # that a payload must have
    slots: tuple[int, ...]
    weaks: tuple[int, ...]
    destroyed: int
    during: int
    error: int
    refused: int
    unseen: int

    @classmethod
    def of(cls, memory: Memory) -> Lab:
        """Take them apart."""
        facts, words = memory.facts, memory.lab
        return cls(
            facts["head_bytes"], facts["alignment"],
            words[:SLOTS], words[SLOTS : 2 * SLOTS], *words[2 * SLOTS :],
        )


@dataclass(eq=False)
class Object:
    """One object; `weak` counts 1 for all strong references together."""

    size: int
    kind: int
    id: int
    address: int
    strong: int = 1
    weak: int = 1
    alive: bool = True
    edge: Object | None = None
    place: int | None = None
    # Of a node of a tree; its child is its edge.
    sibling: Object | None = None
    parent: Object | None = None

    @property
    def is_node(self) -> bool:
        """Whether its destructor is the driver's, which notes its calls."""
        return self.kind not in (BARE, TREE)


Slots = list[Object | None]


class RefcountModel:
    """What the contract says of each state; see grader.api.play.Model."""

    def __init__(self) -> None:
        self.slots: Slots = [None] * SLOTS
        self.weaks: Slots = [None] * SLOTS
        self.objects: list[Object] = []
        self.atomic = False
        self.destroyed = 0
        self._died: list[Object] = []

    # What the contract allows

    def permits(self, command: Command) -> bool:
        """Whether the command has a defined meaning now."""
        first, second, third, *_ = (*command.arguments, 0, 0, 0)
        slots, weaks = self.slots, self.weaks
        node = slots[first] if first < SLOTS else None
        match command.verb:
            case "family":
                return not self.objects and not self.atomic
            case "new":
                return (
                    slots[first] is None
                    and len(self.objects) < OBJECTS
                    and (third == BARE or second >= NODE_BYTES)
                    and not (third == CLEARS and self.atomic)
                )
            case "huge" | "starve":
                return slots[first] is None
            case "retain":
                return slots[second] is None
            case "assign" | "clear" | "scope":
                return not self.atomic
            case "link":
                return node is not None and node.is_node
            case "hand":
                return node is not None and node.is_node and first != second
            case "follow":
                return node is not None and node.is_node and not self.atomic
            case "place":
                return node is not None and node.kind in (LOOKS, CLEARS)
            case "root":
                return node is None and len(self.objects) < OBJECTS
            case "add":
                child = slots[second]
                return (
                    node is not None
                    and child is not None
                    and node.kind == child.kind == TREE
                    and child.parent is child.sibling is None
                    and child not in _ancestors(node)
                )
            case "parent":
                return (
                    node is not None and node.kind == TREE and slots[second] is None
                )
            case "weak":
                return weaks[second] is None
            case "upgrade":
                return slots[second] is None
            case "strong":
                return node is not None and node.strong < LIMIT // 2
            case "weakly":
                return node is not None and node.weak < LIMIT // 2
        return True

    def matters(self, command: Command) -> bool:
        """Whether there is an object that it does something to."""
        first, second, *_ = (*command.arguments, 0, 0)
        match command.verb:
            case "release" | "retain" | "weak" | "scope" | "clear":
                return self.slots[first] is not None
            case "assign":
                return self.slots[first] is not None or self.slots[second] is not None
            case "link" | "hand":
                node = self.slots[first]
                assert node is not None
                return node.edge is not None or self.slots[second] is not None
            case "upgrade" | "unweak":
                return self.weaks[first] is not None
        return True

    # What it does

    def carry_out(self, command: Command, memory: Memory) -> Difference | None:
        """Do the same, and compare; see grader.api.play.Model."""
        self._died = []
        lab = Lab.of(memory)
        wrong = self._apply(command, memory, lab)
        return wrong or self._compare(memory, lab)

    def _apply(self, command: Command, memory: Memory, lab: Lab) -> Difference | None:
        slots, weaks = self.slots, self.weaks
        first, second, third, fourth, *_ = (*command.arguments, 0, 0, 0, 0)
        match command.verb:
            case "family":
                self.atomic = first != 0
            case "new":
                return self._new(first, second, third, fourth, memory, lab)
            case "root":
                return self._new(first, TREE_BYTES, TREE, second, memory, lab)
            case "add":
                parent, child = slots[first], slots[second]
                assert parent is not None and child is not None
                child.sibling, parent.edge = parent.edge, _more(child)
                child.parent = parent
                if parent.weak < LIMIT:
                    parent.weak += 1
            case "parent":
                node = slots[first]
                assert node is not None
                above = node.parent
                slots[second] = _more(above) if above and above.alive else None
            case "huge" | "starve":
                if (lab.slots[first], lab.error) != (0, errno.ENOMEM):
                    return Difference(
                        "rc_new returns NULL with errno set to ENOMEM where there "
                        "is no memory",
                        f"it returned {lab.slots[first]:#x} with errno {lab.error}",
                    )
            case "retain":
                slots[second] = _more(slots[first])
            case "release":
                old, slots[first] = slots[first], None
                self._less(old)
            case "link":
                node = slots[first]
                assert node is not None
                old, node.edge = node.edge, _more(slots[second])
                self._less(old)
            case "hand":
                node = slots[first]
                assert node is not None
                old, node.edge, slots[second] = node.edge, slots[second], None
                self._less(old)
            case "assign":
                old, slots[first] = slots[first], _more(slots[second])
                self._less(old)
            case "follow":
                node = slots[first]
                assert node is not None
                slots[first] = _more(node.edge)
                self._less(node)
            case "clear":
                old, slots[first] = slots[first], None
                self._less(old)
            case "scope":
                target = _more(slots[first])
                wrong = _in_scope(target, memory.result)
                self._less(target)
                return wrong
            case "place":
                node = slots[first]
                assert node is not None
                node.place = second
            case "weak":
                weaks[second] = target = slots[first]
                if target is not None and target.weak < LIMIT:
                    target.weak += 1
            case "upgrade":
                target = weaks[first]
                alive = target is not None and target.alive
                slots[second] = _more(target) if alive else None
            case "unweak":
                target, weaks[first] = weaks[first], None
                if target is not None and target.weak < LIMIT:
                    target.weak -= 1
            case "strong":
                node = slots[first]
                assert node is not None
                node.strong = LIMIT - max(second, 0)
            case "weakly":
                node = slots[first]
                assert node is not None
                node.weak = LIMIT - max(second, 0)
            case _:
                raise ValueError(f"the model does not know {command}")
        return None

    def _new(
        self, slot: int, size: int, kind: int, id: int, memory: Memory, lab: Lab
    ) -> Difference | None:
        address = lab.slots[slot]
        if not address:
            return Difference("rc_new returns an object", "it returned NULL")
        if address % lab.alignment:
            return Difference(
                f"a payload at a multiple of {lab.alignment}, which is right for any "
                "type",
                f"one at {address:#x}, {address % lab.alignment} bytes behind one",
            )
        made = Object(size, kind, id, address)
        if kind == UPGRADES:
            made.weak = 2
        if kind in (LOOKS, CLEARS):
            made.place = slot
        self.objects.append(made)
        self.slots[slot] = made
        if not memory.heap:
            return None
        block = memory.blocks.get(address - lab.head_bytes)
        if block is None or block.state != LIVE:
            return Difference(
                "the head begins a block from malloc, and the payload is behind it",
                f"no block begins {lab.head_bytes} bytes before the object",
            )
        if block.size < lab.head_bytes + size:
            return Difference(
                f"a block of {lab.head_bytes} bytes of head and {size} of payload",
                f"one of {block.size} bytes",
            )
        if kind == TREE:
            return None
        # The driver has written a node's first two words, and some nodes' place.
        words = 1 if kind in (LOOKS, CLEARS) else 2
        start = 0 if kind == BARE else 16
        zeroes = memory.at(address + start, size if kind == BARE else 8 * words)
        if set_bytes := zeroes.lstrip(b"\0"):
            where = start + len(zeroes) - len(set_bytes)
            return Difference(
                "a payload of zeroes", f"byte {where} of it is {set_bytes[0]:#04x}"
            )
        return None

    def _less(self, target: Object | None) -> None:
        """One reference less, and all that follows."""
        pending = [target]
        while pending:
            one = pending.pop()
            if one is None or one.strong >= LIMIT:
                continue
            one.strong -= 1
            if one.strong:
                continue
            one.alive = False
            self.destroyed += 1
            if one.is_node:
                self._died.append(one)
            if one.kind == CLEARS and one.place is not None:
                pending.append(self.slots[one.place])
                self.slots[one.place] = None
            pending += [one.edge, one.sibling]
            if one.parent is not None and one.parent.weak < LIMIT:
                one.parent.weak -= 1
            # The strong ones' 1, and the weak reference to itself.
            if one.weak < LIMIT:
                one.weak -= 2 if one.kind == UPGRADES else 1

    # What must be seen then

    def _compare(self, memory: Memory, lab: Lab) -> Difference | None:
        return (
            self._compare_references(lab)
            or self._compare_destructors(memory, lab)
            or (self._compare_blocks(memory, lab) if memory.heap else None)
        )

    def _compare_references(self, lab: Lab) -> Difference | None:
        for what, own, seen in (
            ("slot", self.slots, lab.slots),
            ("weak", self.weaks, lab.weaks),
        ):
            for index, (target, address) in enumerate(zip(own, seen)):
                name = f"{what}[{index}]"
                if target is None and address:
                    return Difference(f"{name} is NULL", f"it is {address:#x}")
                if target is not None and not address:
                    return Difference(
                        f"{name} refers to an object", "it is NULL"
                    )
                if what == "slot" and target and target.address != address:
                    return Difference(
                        f"{name} refers to the object at {target.address:#x}",
                        f"it is {address:#x}",
                    )
        return None

    def _compare_destructors(self, memory: Memory, lab: Lab) -> Difference | None:
        nodes = sum(1 for each in self.objects if each.is_node and not each.alive)
        now = memory.events[nodes - len(self._died) :]
        ran = sorted((event[0], event[1]) for event in now)
        must = sorted((one.address, one.id) for one in self._died)
        if ran != must:
            return Difference(
                _destructors(len(must), "in all of this"),
                _destructors(len(ran))
                if len(ran) != len(must)
                else "it was called with something else than the object",
            )
        for one, event in zip(self._died, now):
            if one.kind == UPGRADES and event[2]:
                return Difference(
                    "no weak reference gives a reference to an object whose "
                    "destructor has begun",
                    "an upgrade within the destructor returned the object",
                )
            if one.kind != LOOKS or one.place is None or len(self._died) > 1:
                continue
            target = self.slots[one.place]
            if event[2] != (target.address if target else 0):
                return Difference(
                    "the variable has its new value when the destructor runs",
                    f"the destructor saw {event[2]:#x} in it",
                )
        return None

    def _compare_blocks(self, memory: Memory, lab: Lab) -> Difference | None:
        for one in self.objects:
            block = memory.blocks.get(one.address - lab.head_bytes)
            state = block.state if block else 0
            if state == FREED_TWICE:
                return Difference("a block is freed once", "free was called twice")
            if one.weak and state != LIVE:
                return Difference(
                    "the block of an object is kept: "
                    + _owners(one.strong, one.weak),
                    "it has been freed",
                )
            if not one.weak and state != FREED_ONCE:
                return Difference(
                    "the block of an object without references is freed",
                    "it has not been freed",
                )
            if one.weak and (wrong := _compare_object(one, memory, lab)):
                return wrong
        if memory.bad_frees:
            return Difference(
                "only blocks are freed", "free was called with something else"
            )
        live = sum(1 for block in memory.blocks.values() if block.state == LIVE)
        wanted = sum(1 for one in self.objects if one.weak)
        if live != wanted:
            return Difference(
                f"{wanted} blocks in use, one for each object", f"{live} blocks"
            )
        return None


def _ancestors(node: Object | None) -> list[Object]:
    """The node, its parent, and so on, as far as they are known to it."""
    found = []
    while node is not None:
        found.append(node)
        node = node.parent
    return found


def _more(target: Object | None) -> Object | None:
    if target is not None and target.strong < LIMIT:
        target.strong += 1
    return target


def _same(count: int, wanted: int) -> bool:
    """Whether a count is as it must be: a saturated one has no exact value."""
    return count >= LIMIT if wanted >= LIMIT else count == wanted


def _shown(count: int) -> str:
    return "RC_LIMIT or more" if count >= LIMIT else _below(count)


def _below(count: int) -> str:
    """A count in decimal, or by its distance to RC_LIMIT."""
    if LIMIT - 64 <= count < LIMIT:
        return f"RC_LIMIT - {LIMIT - count}"
    return f"{count:#x}" if count >= LIMIT else str(count)


def _owners(strong: int, weak: int) -> str:
    return f"strong {_shown(strong)}, weak {_shown(weak)}"


def _destructors(count: int, where: str = "") -> str:
    if not count:
        return "the destructor is not called"
    times = "once" if count == 1 else f"{count} times"
    return f"a destructor is called {times}" + (f" {where}" if count > 1 else "")


def _in_scope(target: Object | None, result: int) -> Difference | None:
    wanted = target.strong if target is not None else 0
    if _same(result, wanted):
        return None
    return Difference(
        f"within the scope: strong {_shown(wanted)}", f"strong {_below(result)}"
    )


def _compare_object(one: Object, memory: Memory, lab: Lab) -> Difference | None:
    head = memory.at(one.address - lab.head_bytes, 8)
    strong = int.from_bytes(head[:4], "little")
    weak = int.from_bytes(head[4:], "little")
    if not _same(strong, one.strong) or not _same(weak, one.weak):
        return Difference(
            f"the object made {_nth(one)}: {_owners(one.strong, one.weak)}",
            f"strong {_below(strong)}, weak {_below(weak)}",
        )
    if not one.alive:
        return None
    if one.is_node:
        body = memory.at(one.address + NODE_BYTES, one.size - NODE_BYTES)
        if body != bytes([one.id & 0xFF]) * len(body):
            return Difference("a payload that is left alone", "it was written to")
    elif one.kind == BARE and memory.at(one.address, one.size).strip(b"\0"):
        return Difference("a payload that is left alone", "it was written to")
    return None


def _nth(one: Object) -> str:
    return f"with {one.size} bytes of payload"


# The sequences

# A verb, and what each of its numbers is: a slot or a weak reference ("s"), a
# size ("z"), a kind ("k"), an id ("i"), a distance to the limit ("l"; -1: beyond).
SHAPES = {
    "new": "szki", "huge": "sz", "starve": "s", "retain": "ss", "release": "s",
    "link": "ss", "hand": "ss", "assign": "ss", "follow": "s", "clear": "s", "scope": "s",
    "place": "ss", "weak": "ss", "upgrade": "ss", "unweak": "s", "strong": "sl",
    "weakly": "sl", "root": "si", "add": "ss", "parent": "ss",
}
_NUMBERS: dict[str, Callable[[int], int]] = {
    "s": lambda n: n % USED,
    # A few large ones; those of a whole sequence have to fit into the heap.
    "z": lambda n: n % 193 if n < 240 else (n - 239) * 200,
    "i": lambda n: n % 199 + 1,
    "l": lambda n: (-1, -1, 0, 1, 2, 3)[n % 6],
}
Sequences = st.SearchStrategy[Sequence[Step]]


def fixed(*lines: str, atomic: bool = False) -> Sequences:
    """One sequence, for what comes up too seldom by itself."""
    first = [[Command("family", (1,))]] if atomic else []
    words = [line.split() for line in lines]
    return st.just(
        [*first, *([Command(verb, tuple(map(int, rest)))] for verb, *rest in words)]
    )


def sequences(
    verbs: str, *, kinds: Sequence[int] = (BARE, PLAIN), atomic: bool = False
) -> Sequences:
    """Sequences of these verbs; a verb that is named twice comes more often.

    At the end all is given back that these verbs can give back: what does not
    die then shows it.
    """
    names = verbs.split()

    def command(raw: bytes) -> Command:
        name = names[raw[0] % len(names)]
        arguments: list[int] = []
        for shape, number in zip(SHAPES[name], raw[1:]):
            if shape == "k":
                number = kinds[number % len(kinds)]
                # A node has to fit.
                if number != BARE and arguments[1] < NODE_BYTES:
                    arguments[1] += NODE_BYTES
            else:
                number = _NUMBERS[shape](number)
            arguments.append(number)
        return Command(name, tuple(arguments))

    first = [[Command("family", (1,))]] if atomic else []
    last = [
        [Command(verb, (number,))]
        for verb in ("release", "unweak")
        if verb in names
        for number in range(USED)
    ]

    def whole(raw: bytes) -> list[Step]:
        drawn = [command(raw[i : i + _BYTES]) for i in range(0, len(raw), _BYTES)]
        steps = range(0, len(drawn), _CHOICES)
        return [*first, *(drawn[i : i + _CHOICES] for i in steps), *last]

    # One draw of a fixed size: Hypothesis takes its time over each draw.
    size = _BYTES * _CHOICES * STEPS
    return st.binary(min_size=size, max_size=size).map(whole)
