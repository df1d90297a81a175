/* SPDX-License-Identifier: MIT */

/*
 * rc_inline.h - what is short and often called, for the compiler to inline
 *
 * rc.h includes it and says what each function does.
 */

#ifndef RC_INLINE_H
#define RC_INLINE_H

#include "rc.h"

/*
 * Where an atomic count is put that has reached RC_LIMIT: so far from both
 * ends that no number of threads takes it there before it is put back.
 */
#define RC_STUCK UINT32_C(0xc0000000)

/* Destroys an object whose last reference has gone; in rc.c. */
void rc_destroy(struct rc_head *head);

static inline void *rc_retain(void *object)
{
	struct rc_head *head;

	if (object == NULL)
		return NULL;
	head = rc_head(object);
	if (head->strong < RC_LIMIT)
		head->strong++;
	return object;
}

static inline void rc_release(void *object)
{
	struct rc_head *head;

	if (object == NULL)
		return;
	head = rc_head(object);
	if (head->strong < RC_LIMIT && --head->strong == 0)
		rc_destroy(head);
}

uint32_t rc_locked_add(uint32_t *count, int by);

static inline void *arc_retain(void *object)
{
	if (object != NULL)
		rc_locked_add(&rc_head(object)->strong, 1);
	return object;
}

static inline void arc_release(void *object)
{
	if (object != NULL && rc_locked_add(&rc_head(object)->strong, -1) == 1)
		rc_destroy(rc_head(object));
}

#endif
