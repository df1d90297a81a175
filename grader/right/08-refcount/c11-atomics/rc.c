/* SPDX-License-Identifier: MIT */
/* Both families are one: every change of a count is a compare-and-swap. */

#include "rc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct rc_head *oldest, **newest;

/* Adds by to a count that is neither from nor saturated; what was there. */
static uint32_t add(uint32_t *count, uint32_t by, uint32_t from)
{
	_Atomic uint32_t *atomic = (_Atomic uint32_t *)count;
	uint32_t old = atomic_load(atomic);

	while (old != from && old < RC_LIMIT &&
	       !atomic_compare_exchange_weak(atomic, &old, old + by))
		;
	return old;
}

void *rc_new(size_t size, void (*destroy)(void *object))
{
	size_t total;
	struct rc_head *head;

	if (__builtin_add_overflow(size, sizeof(*head), &total) ||
	    (head = malloc(total)) == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	memset(head, 0, total);
	head->strong = head->weak = 1;
	head->destroy = destroy;
	return (char *)head + sizeof(*head);
}

void *count_up(void *object)
{
	if (object)
		add(&rc_head(object)->strong, 1, 0);
	return object;
}

static void drop(struct rc_head *head)
{
	if (add(&head->weak, UINT32_MAX, 0) == 1)
		free(head);
}

void count_down(void *object)
{
	struct rc_head *head;

	if (!object || add(&rc_head(object)->strong, UINT32_MAX, 0) != 1)
		return;
	head = rc_head(object);
	head->next = NULL;
	if (newest != NULL) {
		*newest = head;
		newest = &head->next;
		return;
	}
	oldest = head;
	newest = &head->next;
	for (; oldest != NULL; oldest = head) {
		struct rc_head *dying = oldest;

		if (dying->destroy)
			dying->destroy(dying + 1);
		head = dying->next;
		/* The next one of the last one is written where it lies. */
		if (newest == &dying->next)
			newest = &oldest;
		drop(dying);
		if (newest == &oldest)
			break;
	}
	newest = NULL;
}

struct rc_weak *arc_weak(void *object)
{
	if (!object)
		return NULL;
	add(&rc_head(object)->weak, 1, 0);
	return (struct rc_weak *)rc_head(object);
}

void *arc_upgrade(struct rc_weak *weak)
{
	struct rc_head *head = (struct rc_head *)weak;

	return head && add(&head->strong, 1, 0) ? head + 1 : NULL;
}

void arc_weak_release(struct rc_weak *weak)
{
	if (weak)
		drop((struct rc_head *)weak);
}

struct rc_weak *rc_weak(void *object)
{
	return arc_weak(object);
}

void *rc_upgrade(struct rc_weak *weak)
{
	return arc_upgrade(weak);
}

void rc_weak_release(struct rc_weak *weak)
{
	arc_weak_release(weak);
}

void rc_assign(void *place, void *object)
{
	void *old;

	rc_retain(object);
	memcpy(&old, place, sizeof(old));
	memcpy(place, &object, sizeof(object));
	rc_release(old);
}

void rc_cleanup(void *place)
{
	rc_assign(place, NULL);
}
