# SPDX-License-Identifier: MIT
"""Where in a submission a lab's files lie, and which of them are taken."""

from __future__ import annotations

import re

from grader.judge.members import (
    DEPTH,
    FILE_BYTES,
    FOLDER,
    MIB,
    Bad,
    Member,
    unsearched,
)
from grader.lab import Lab
from grader.text import printable

SUBMISSION_BYTES = 16 * MIB  # all that is taken of one submission
CARD = "student.toml"
ELSEWHERE = "NOT RECOGNISED, though files with this lab's names are there"
NAMES_SHOWN = 8
NAME_CHARACTERS = 100

_PLAIN = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,99}")
_LAB_FOLDER = re.compile(r"[0-9]{2}(-.*)?", re.DOTALL)

Root = tuple[str, ...]


class Notes:
    """What is said about a submission: one line a reason, names shortened."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}

    def add(self, reason: str, name: str) -> None:
        """Say `reason` of a file; the same twice is said once."""
        self._names.setdefault(reason, {})[shown(name)] = None

    def lines(self) -> tuple[str, ...]:
        """One line a reason, in the order in which they came up."""
        lines = []
        for reason, names in self._names.items():
            line = f"{reason}: {', '.join(list(names)[:NAMES_SHOWN])}"
            if len(names) > NAMES_SHOWN:
                line += f" and {len(names) - NAMES_SHOWN} more"
            lines.append(line)
        return tuple(lines)


def shown(name: str) -> str:
    """A name that a student chose, fit for one line of text."""
    text = printable(name).replace("\n", "\\n")
    if len(text) > NAME_CHARACTERS:
        text = text[: NAME_CHARACTERS - 3] + "..."
    return text


def parts_of(name: str) -> Root | None:
    """A member's path, or None if it does not stay inside the submission.

    The path of the submission itself is empty: `tar -c .` packs it, too.
    """
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts or "\0" in name:
        return None
    return parts


def _folders(parts: Root) -> tuple[Root, ...]:
    """The folders above a file in which a lab may lie, the outermost first.

    They are NN-name, ANY/NN-name and ANY/labs/NN-name: the last one is where
    a repository of the whole suite has it.
    """
    deepest = 3 if parts[1:2] == ("labs",) else 2
    return tuple(parts[:cut] for cut in range(1, min(deepest + 1, len(parts))))


class Layout:
    """Takes members one by one; then says which folder is the lab's."""

    def __init__(self, lab: Lab, notes: Notes) -> None:
        self._lab = lab
        self._notes = notes
        self._found: dict[Root, dict[str, bytes]] = {}
        self._spellings: dict[tuple[Root, str], str] = {}
        self._elsewhere: list[str] = []
        self._bytes = 0

    def wanted(self, name: str) -> bool:
        """Whether the content of a regular file of this name is needed."""
        parts = parts_of(name)
        if not parts or self._place(parts) is None:
            return False
        return not self._objection(parts, "")

    def take(self, member: Member) -> None:
        """Keep a member, or note why not. Bad if that is one byte too many."""
        parts = parts_of(member.name)
        if parts is None:
            self._ignore("its name leads out of the submission", member.name)
            return
        if not parts:
            return
        objection = self._objection(parts, member.kind)
        if not member.kind and self._looks_like_ours(parts):
            self._elsewhere.append(member.name)
        if objection:
            self._ignore(objection, member.name)
            return
        place = self._place(parts)
        if place is None or member.data is None:
            return
        if len(member.data) > FILE_BYTES:
            self._ignore(f"larger than {FILE_BYTES // MIB} MiB", member.name)
            return
        self._keep(*place, member.data)
        if member.special:
            self._notes.add("its set-id or sticky bit was dropped", member.name)

    def choose(self, flat: bool) -> tuple[dict[str, bytes], bytes]:
        """The lab's files and the student's card; notes what is not chosen.

        Without `flat`, only a folder of the lab's name or number counts.
        """
        roots = []
        for root in sorted(self._found, key=self._rank):
            names = [name for name in self._found[root] if name != CARD]
            if flat or self._is_lab(root):
                roots += [root] if names else []
                continue
            for name in names:
                path = "/".join((*root, name))
                self._ignore(f"not in a folder {self._lab.id}", path)
                self._elsewhere.append(path)
        for root in roots[1:]:
            self._ignore("a second place for this lab", "/".join(root) or ".")
        files = dict(self._found[roots[0]]) if roots else {}
        files.pop(CARD, None)
        for name in () if files else self._elsewhere:
            self._notes.add(ELSEWHERE, name)
        # The card stands beside the lab's folder; elsewhere is better than none.
        beside = roots[0][:-1] if roots else ()
        cards = [self._found[root][CARD] for root in (beside, *sorted(self._found))
                 if CARD in self._found.get(root, {})]
        if not cards:
            self._notes.add("missing, so the class's default variant counts", CARD)
        return files, cards[0] if cards else b""

    def _objection(self, parts: Root, kind: str) -> str:
        """Why a member is not taken; empty if it is, or need not be named."""
        folder = kind == FOLDER
        if any(map(unsearched, parts if folder else parts[:-1])):
            return "" if "build" in parts else "not looked into"
        if len(parts) + folder > DEPTH:
            return "nested too deep"
        if kind:
            return "" if folder else kind
        place = self._place(parts)
        if place is None:
            ends = ("/".join(parts[cut:]) for cut in range(len(parts)))
            given = any(end in self._lab.given for end in ends)
            silent = given or self._of_another_lab(parts)
            return "" if silent else "not on the lab's list"
        usual = all(map(_PLAIN.fullmatch, place[1].split("/")))
        return "" if usual else "an unusual name"

    def _keep(self, root: Root, name: str, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > SUBMISSION_BYTES:
            raise Bad(f"has more than {SUBMISSION_BYTES // MIB} MiB of a lab's files")
        spelling = self._spellings.setdefault((root, name.casefold()), name)
        if spelling != name:
            self._ignore(f"the same as {spelling} but for its case", name)
            return
        files = self._found.setdefault(root, {})
        if name in files:
            self._notes.add("there more than once, the last one counts", name)
        files[name] = data

    def _place(self, parts: Root) -> tuple[Root, str] | None:
        """The folder that may be the lab's, and the file's name in it."""
        if parts[-1] == CARD:
            return parts[:-1], CARD
        for root in _folders(parts):
            if self._is_lab(root):
                name = "/".join(parts[len(root):])
                return (root, name) if self._lab.accepts(name) else None
        if not self._of_another_lab(parts):
            for cut in (0, 1):
                name = "/".join(parts[cut:])
                if self._lab.accepts(name):
                    return parts[:cut], name
        return None

    def _looks_like_ours(self, parts: Root) -> bool:
        """Whether a file has a name of the lab's list, but not its place."""
        folders = parts[:-1]
        labs = [folder for folder in folders if _LAB_FOLDER.fullmatch(folder)]
        if self._place(parts) or any(map(unsearched, folders)):
            return False
        if labs and not self._is_lab((labs[-1],)):
            return False
        levels = 1 + max(name.count("/") for name in self._lab.hand_in)
        tails = ("/".join(parts[-count:]) for count in range(1, levels + 1))
        return any(map(self._lab.accepts, tails))

    def _is_lab(self, root: Root) -> bool:
        number = f"{self._lab.number:02d}"
        return bool(root) and root[-1] in (self._lab.id, number)

    def _of_another_lab(self, parts: Root) -> bool:
        return any(
            _LAB_FOLDER.fullmatch(root[-1]) and not self._is_lab(root)
            for root in _folders(parts)
        )

    def _rank(self, root: Root) -> tuple[bool, int, bool, Root]:
        return not self._is_lab(root), len(root), root[-1:] != (self._lab.id,), root

    def _ignore(self, reason: str, name: str) -> None:
        self._notes.add(f"ignored, {reason}", name)
