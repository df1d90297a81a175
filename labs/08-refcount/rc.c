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
	/*
	 * TODO 1: allocate head and payload in one block of zeroes. See
	 * make hint STEP=1
	 */
	(void)size;
	(void)destroy;
	errno = ENOMEM;
	return NULL;
}

/*
 * TODO 5: let this thread's dead wait for their destruction. See make hint
 * STEP=5
 */

void rc_destroy(struct rc_head *head)
{
	/*
	 * TODO 2: run the destructor; then free the block. See make hint STEP=2
	 */
	(void)head;
}

void rc_assign(void *place, void *object)
{
	/*
	 * TODO 3: retain, store, release; the order is everything. See
	 * make hint STEP=3
	 */
	(void)place;
	(void)object;
}

void rc_cleanup(void *place)
{
	/* TODO 3: what place owns is given back. See make hint STEP=3 */
	(void)place;
}

struct rc_weak *rc_weak(void *object)
{
	/*
	 * TODO 4: count one more weak one; see rc_retain. See make hint STEP=4
	 */
	(void)object;
	return NULL;
}

void *rc_upgrade(struct rc_weak *weak)
{
	/*
	 * TODO 4: a reference, but only to what still lives. See make hint
	 * STEP=4
	 */
	(void)weak;
	return NULL;
}

void rc_weak_release(struct rc_weak *weak)
{
	/* TODO 4: count one less; nobody left: free. See make hint STEP=4 */
	(void)weak;
}

struct rc_weak *arc_weak(void *object)
{
	/*
	 * TODO 6: the same as arc_retain, for the weak count. See make hint
	 * STEP=6
	 */
	(void)object;
	return NULL;
}

void *arc_upgrade(struct rc_weak *weak)
{
	/*
	 * TODO 6: one more, but never from 0; try again. See make hint STEP=6
	 */
	(void)weak;
	return NULL;
}

void arc_weak_release(struct rc_weak *weak)
{
	/*
	 * TODO 6: the same as arc_release, for the block. See make hint STEP=6
	 */
	(void)weak;
}
