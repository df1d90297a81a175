# SPDX-License-Identifier: MIT
"""Lab 08: a failing sequence as a small C program, to compile, run and debug."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from grader.api.play import Command, Failure
from grader.checks.refcount_08 import (
    BARE,
    CLEARS,
    LIMIT,
    LOOKS,
    SLOTS,
    USED,
    RefcountModel,
)

_HEAD = """\
// SPDX-License-Identifier: MIT
/*
{words}
 */

#include <stdio.h>
#include <string.h>

#include "rc.h"
#include "tree.h"

enum {{ BARE, PLAIN, LOOKS, CLEARS, UPGRADES }};

struct payload {{
	uint64_t id, kind;
	void *edge, **place;
	struct rc_weak *self;
}};

static void *slot[{slots}];
static struct rc_weak *weak[{slots}];
static unsigned destroyed, failures;

/* Says what is not as it must be. */
static void expect(const char *what, uint64_t actual, uint64_t wanted)
{{
	if (actual == wanted || (actual >= RC_LIMIT && wanted == RC_LIMIT))
		return;
	printf("%s: %#llx, not %#llx\\n", what, (unsigned long long)actual,
	       (unsigned long long)wanted);
	failures++;
}}

static void destroy(void *object)
{{
	struct payload *node = object;

	destroyed++;
	if (node->kind == LOOKS && node->place != NULL)
		expect("*place is the dying object", *node->place == object, 0);
	if (node->kind == CLEARS && node->place != NULL)
		rc_assign(node->place, NULL);
	if (node->kind == UPGRADES) {{
		expect("upgraded while dying",
		       (uintptr_t){family}_upgrade(node->self), 0);
		{family}_weak_release(node->self);
	}}
	{family}_release(node->edge);
}}

static void *new(size_t size, uint64_t kind, uint64_t id)
{{
	void *object = rc_new(size, kind == BARE ? NULL : destroy);
	struct payload *node = object;

	if (object == NULL) {{
		expect("rc_new returns an object", 0, 1);
		return NULL;
	}}
	expect("misaligned by", (uintptr_t)object % alignof(max_align_t), 0);
	for (size_t i = 0; i < size; i++)
		expect("a byte of the payload", ((unsigned char *)object)[i], 0);
	if (kind == BARE)
		return object;
	node->id = id;
	node->kind = kind;
	if (kind == UPGRADES)
		node->self = {family}_weak(object);
	memset(node + 1, (int)id, size - sizeof(*node));
	return object;
}}

/* So that too large a request returns NULL, as it does without sanitizers. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{{
	return "allocator_may_return_null=1";
}}

int main(void)
{{
	void *old;

	(void)old;
	(void)weak;
"""
_TAIL = """\
	return failures != 0;
}}
"""


def program(failure: Failure) -> str:
    """The C program; it ends with a status other than 0, or as the failure does.

    It is to be built with the address sanitizer, which knows of freed blocks.
    """
    commands = [command for command in failure.commands if command.verb != "family"]
    family = "arc" if len(commands) < len(failure.commands) else "rc"
    said = f"expected: {failure.difference.expected}"
    seen = f"actual:   {failure.difference.actual}"
    words = [
        line
        for text in (said, seen)
        for line in textwrap.wrap(text.replace("*/", "* /"), 76)
    ]
    lines = [
        _HEAD.format(
            words="\n".join(f" * {line}" for line in words), slots=SLOTS, family=family
        )
    ]
    model = _Replay()
    for command in commands:
        lines.append(f"\n\t/* {command} */\n")
        lines += [f"\t{line}\n" for line in _statements(command, family)]
        model.replay(command)
    lines.append("\n\t/* What must be so now */\n")
    lines += [f"\t{line}\n" for line in _wanted(model)]
    lines.append(_TAIL.format())
    return "".join(lines)


class _Replay(RefcountModel):
    """The model, for which a new object's address is its number."""

    def replay(self, command: Command) -> None:
        """Do what the command must do, and look at nothing."""
        from grader.api.memory import Memory
        from grader.checks.refcount_08 import Lab

        number = 16 * (len(self.objects) + 1)
        slots = tuple(number for _ in range(SLOTS))
        lab = Lab(32, 16, slots, slots, 0, 0, 0, 0, 0)
        self._apply(command, Memory(0, 0, 0, 0, 0, b"", {}, (), (), {}), lab)


def told(command: Command) -> str:
    """A command as a line of C, but for what a reader can guess."""
    first, second, third, *_ = (*command.arguments, 0, 0, 0)
    one, two = f"slot[{first}]", f"slot[{second}]"
    return {
        "family": "/* the atomic functions: arc_... for rc_... */",
        "new": f"{one} = rc_new({second}, {'NULL' if third == BARE else 'destroy'})",
        "huge": f"{one} = rc_new(SIZE_MAX - {second}, NULL)",
        "starve": f"{one} = rc_new(64, destroy)   /* no memory is left */",
        "retain": f"{two} = rc_retain({one})",
        "release": f"rc_release({one})",
        "link": f"{one}->edge = rc_retain({two})   /* and its old edge is released */",
        "hand": f"{one}->edge = {two}   /* whose reference it takes over */",
        "assign": f"rc_assign(&{one}, {two})",
        "follow": f"rc_assign(&{one}, {one}->edge)",
        "clear": f"rc_cleanup(&{one})",
        "scope": f"{{ RC_SCOPED void *scoped = rc_retain({one}); }}",
        "place": f"{one}->place = &{two}   /* where its destructor looks */",
        "weak": f"weak[{second}] = rc_weak({one})",
        "upgrade": f"{two} = rc_upgrade(weak[{first}])",
        "unweak": f"rc_weak_release(weak[{first}])",
        "strong": f"rc_head({one})->strong = {_near(second)}",
        "weakly": f"rc_head({one})->weak = {_near(second)}",
        "root": f"{one} = tree_new({second})",
        "add": f"tree_add({one}, {two})",
        "parent": f"{two} = tree_parent({one})",
    }[command.verb]


def _statements(command: Command, family: str) -> Sequence[str]:
    first, second, third, fourth, *_ = (*command.arguments, 0, 0, 0, 0)
    one, two = f"slot[{first}]", f"slot[{second}]"
    node = f"((struct payload *){one})"
    edge = f"{node}->edge"
    match command.verb:
        case "new":
            made = [f"{one} = new({second}, {third}, {fourth});"]
            if third in (LOOKS, CLEARS):
                made.append(f"{node}->place = &{one};")
            return made
        case "huge" | "starve":
            return [
                f"{one} = rc_new(SIZE_MAX "
                f"{f'- {second}' if command.verb == 'huge' else '/ 2'}, destroy);",
                f'expect("without memory, rc_new", (uintptr_t){one}, 0);',
            ]
        case "retain":
            return [f"{two} = {family}_retain({one});"]
        case "release":
            return [f"old = {one};", f"{one} = NULL;", f"{family}_release(old);"]
        case "link":
            return [
                f"old = {edge};",
                f"{edge} = {family}_retain({two});",
                f"{family}_release(old);",
            ]
        case "hand":
            return [
                f"old = {edge};",
                f"{edge} = {two};",
                f"{two} = NULL;",
                f"{family}_release(old);",
            ]
        case "assign":
            return [f"rc_assign(&{one}, {two});"]
        case "follow":
            return [f"rc_assign(&{one}, {edge});"]
        case "clear":
            return [f"rc_cleanup(&{one});"]
        case "scope":
            return ["{", f"\tRC_SCOPED void *scoped = rc_retain({one});",
                    "\t(void)scoped;", "}"]
        case "root":
            return [f"{one} = tree_new({second});"]
        case "add":
            return [f"tree_add({one}, {two});"]
        case "parent":
            return [f"{two} = tree_parent({one});"]
        case "place":
            return [f"{node}->place = &{two};"]
        case "weak":
            return [f"weak[{second}] = {family}_weak({one});"]
        case "upgrade":
            return [f"{two} = {family}_upgrade(weak[{first}]);"]
        case "unweak":
            return [f"{family}_weak_release(weak[{first}]);", f"weak[{first}] = NULL;"]
    count = "strong" if command.verb == "strong" else "weak"
    return [f"rc_head({one})->{count} = {_near(second)};"]


def _near(below: int) -> str:
    """What the driver's below_limit returns."""
    return "UINT32_MAX" if below < 0 else f"RC_LIMIT - {below}"


def _wanted(model: RefcountModel) -> list[str]:
    lines = [
        f'expect("destructor calls", destroyed, '
        f"{sum(1 for one in model.objects if one.is_node and not one.alive)});"
    ]
    for index, target in enumerate(model.slots[:USED]):
        lines.append(
            f'expect("slot[{index}] is an object", slot[{index}] != NULL, '
            f"{int(target is not None)});"
        )
        if target is not None:
            for name, count in (("strong", target.strong), ("weak", target.weak)):
                wanted = "RC_LIMIT" if count >= LIMIT else f"{count}u"
                lines.append(
                    f"if (slot[{index}] != NULL)\n\t\t"
                    f'expect("{name} of slot[{index}]", '
                    f"rc_head(slot[{index}])->{name},\n\t\t       {wanted});"
                )
    for index, target in enumerate(model.weaks):
        if target is not None:
            wanted = "RC_LIMIT" if target.weak >= LIMIT else f"{target.weak}u"
            lines.append(
                f"if (weak[{index}] != NULL)\n\t\t"
                f'expect("weak of weak[{index}]", '
                f"((struct rc_head *)weak[{index}])->weak,\n\t\t       {wanted});"
            )
    return lines
