/* SPDX-License-Identifier: MIT */

/*
 * What happens once in an object's life, and what weak references do. Both
 * families share it: an atomic step more or less does not matter here.
 */

#include "rc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void *rc_new(size_t size, void (*destroy)(void *object))
{
	struct rc_head *head;

	if (size > SIZE_MAX - sizeof(*head)) {
		errno = ENOMEM;
		return NULL;
	}
	head = calloc(1, sizeof(*head) + size);
	if (head == NULL)
		return NULL;
	head->strong = 1;
	head->weak = 1;
	head->destroy = destroy;
	return head + 1;
}

/*
 * The objects of this thread whose destruction is still to come, threaded
 * through their own heads, and whether one is going on. A destructor that
 * releases the next object would otherwise call the next destructor, and so
 * on: as deep on the stack as the list is long.
 */
static _Thread_local struct rc_head *dead;
static _Thread_local bool destroying;

void rc_destroy(struct rc_head *head)
{
	head->next = dead;
	dead = head;
	if (destroying)
		return;
	destroying = true;
	while (dead != NULL) {
		head = dead;
		dead = head->next;
		if (head->destroy != NULL)
			head->destroy(head + 1);
		arc_weak_release((struct rc_weak *)head);
	}
	destroying = false;
}

void rc_assign(void *place, void *object)
{
	void *old;

	/* Not *(void **)place: place may be the address of any pointer. */
	memcpy(&old, place, sizeof(old));
	if (old == object)
		return;
	rc_release(old);
	rc_retain(object);
	memcpy(place, &object, sizeof(object));
}

void rc_cleanup(void *place)
{
	rc_assign(place, NULL);
}

struct rc_weak *rc_weak(void *object)
{
	struct rc_head *head;

	if (object == NULL)
		return NULL;
	head = rc_head(object);
	if (head->weak < RC_LIMIT)
		head->weak++;
	return (struct rc_weak *)head;
}

void *rc_upgrade(struct rc_weak *weak)
{
	struct rc_head *head = (struct rc_head *)weak;

	if (head == NULL || head->strong == 0)
		return NULL;
	return rc_retain(head + 1);
}

void rc_weak_release(struct rc_weak *weak)
{
	struct rc_head *head = (struct rc_head *)weak;

	if (head != NULL && head->weak < RC_LIMIT && --head->weak == 0)
		free(head);
}

struct rc_weak *arc_weak(void *object)
{
	struct rc_head *head;
	uint32_t count;

	if (object == NULL)
		return NULL;
	head = rc_head(object);
	count = __atomic_fetch_add(&head->weak, 1, __ATOMIC_RELAXED);
	if (count >= RC_LIMIT)
		__atomic_store_n(&head->weak, RC_STUCK, __ATOMIC_RELAXED);
	return (struct rc_weak *)head;
}

void *arc_upgrade(struct rc_weak *weak)
{
	struct rc_head *head = (struct rc_head *)weak;
	uint32_t strong;

	if (head == NULL)
		return NULL;
	strong = __atomic_load_n(&head->strong, __ATOMIC_RELAXED);
	do {
		if (strong == 0)
			return NULL;
		if (strong >= RC_LIMIT)
			return head + 1;
		/* A failure loads the count that was there instead. */
	} while (!__atomic_compare_exchange_n(
		&head->strong, &strong, strong + 1, true, __ATOMIC_ACQUIRE,
		__ATOMIC_RELAXED));
	return head + 1;
}

void arc_weak_release(struct rc_weak *weak)
{
	struct rc_head *head = (struct rc_head *)weak;
	uint32_t count;

	if (head == NULL)
		return;
	count = __atomic_fetch_sub(&head->weak, 1, __ATOMIC_ACQ_REL);
	if (count == 1)
		free(head);
	else if (count >= RC_LIMIT)
		__atomic_store_n(&head->weak, RC_STUCK, __ATOMIC_RELAXED);
}
