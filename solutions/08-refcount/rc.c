/* SPDX-License-Identifier: MIT */

/*
 * What happens once in an object's life, which both families share, because an
 * atomic step more or less does not matter here; and the weak references.
 */

#include "rc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void *rc_new(size_t size, void (*destroy)(void *object))
{
	/* BEGIN 1 new: allocate head and payload in one block of zeroes. */
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
	//~ (void)size;
	//~ (void)destroy;
	//~ errno = ENOMEM;
	//~ return NULL;
	/* END 1 new */
}

/* BEGIN 5 dead: let this thread's dead wait for their destruction. */
/*
 * The objects of this thread whose destruction is still to come, threaded
 * through their own heads, and whether one is going on. A destructor that
 * releases the next object would otherwise call the next destructor, and so
 * on: as deep on the stack as the list is long.
 */
static _Thread_local struct rc_head *dead;
static _Thread_local bool destroying;
/* END 5 dead */

void rc_destroy(struct rc_head *head)
{
	/* BEGIN 2 destroy: run the destructor; then free the block. */
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
	//~ (void)head;
	/* END 2 destroy */
}

void rc_assign(void *place, void *object)
{
	/* BEGIN 3 assign: retain, store, release; the order is everything. */
	void *old;

	/* Not *(void **)place: place may be the address of any pointer. */
	memcpy(&old, place, sizeof(old));
	rc_retain(object);
	memcpy(place, &object, sizeof(object));
	rc_release(old);
	//~ (void)place;
	//~ (void)object;
	/* END 3 assign */
}

void rc_cleanup(void *place)
{
	/* BEGIN 3 cleanup: what place owns is given back. */
	rc_assign(place, NULL);
	//~ (void)place;
	/* END 3 cleanup */
}

struct rc_weak *rc_weak(void *object)
{
	/* BEGIN 4 weak: count one more weak one; see rc_retain. */
	struct rc_head *head;

	if (object == NULL)
		return NULL;
	head = rc_head(object);
	if (head->weak < RC_LIMIT)
		head->weak++;
	return (struct rc_weak *)head;
	//~ (void)object;
	//~ return NULL;
	/* END 4 weak */
}

void *rc_upgrade(struct rc_weak *weak)
{
	/* BEGIN 4 upgrade: a reference, but only to what still lives. */
	struct rc_head *head = (struct rc_head *)weak;

	if (head == NULL || head->strong == 0)
		return NULL;
	return rc_retain(head + 1);
	//~ (void)weak;
	//~ return NULL;
	/* END 4 upgrade */
}

void rc_weak_release(struct rc_weak *weak)
{
	/* BEGIN 4 weak-release: count one less; nobody left: free. */
	struct rc_head *head = (struct rc_head *)weak;

	if (head != NULL && head->weak < RC_LIMIT && --head->weak == 0)
		free(head);
	//~ (void)weak;
	/* END 4 weak-release */
}

struct rc_weak *arc_weak(void *object)
{
	/* BEGIN 6 arc-weak: the same as arc_retain, for the weak count. */
	struct rc_head *head;
	uint32_t count;

	if (object == NULL)
		return NULL;
	head = rc_head(object);
	count = __atomic_fetch_add(&head->weak, 1, __ATOMIC_RELAXED);
	if (count >= RC_LIMIT)
		__atomic_store_n(&head->weak, RC_STUCK, __ATOMIC_RELAXED);
	return (struct rc_weak *)head;
	//~ (void)object;
	//~ return NULL;
	/* END 6 arc-weak */
}

void *arc_upgrade(struct rc_weak *weak)
{
	/* BEGIN 6 arc-upgrade: one more, but never from 0; try again. */
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
	//~ (void)weak;
	//~ return NULL;
	/* END 6 arc-upgrade */
}

void arc_weak_release(struct rc_weak *weak)
{
	/* BEGIN 6 arc-weak-release: the same as arc_release, for the block. */
	struct rc_head *head = (struct rc_head *)weak;
	uint32_t count;

	if (head == NULL)
		return;
	count = __atomic_fetch_sub(&head->weak, 1, __ATOMIC_ACQ_REL);
	if (count == 1)
		free(head);
	else if (count >= RC_LIMIT)
		__atomic_store_n(&head->weak, RC_STUCK, __ATOMIC_RELAXED);
	//~ (void)weak;
	/* END 6 arc-weak-release */
}
