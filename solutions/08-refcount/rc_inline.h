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
	/* BEGIN 1 retain: count one more, and return it; or NULL. */
	struct rc_head *head;

	if (object == NULL)
		return NULL;
	head = rc_head(object);
	if (head->strong < RC_LIMIT)
		head->strong++;
	return object;
	//~ (void)object;
	//~ return NULL;
	/* END 1 retain */
}

static inline void rc_release(void *object)
{
	/* BEGIN 2 release: count one less; the last one destroys. */
	struct rc_head *head;

	if (object == NULL)
		return;
	head = rc_head(object);
	if (head->strong < RC_LIMIT && --head->strong == 0)
		rc_destroy(head);
	//~ (void)object;
	/* END 2 release */
}

static inline void *arc_retain(void *object)
{
	/* BEGIN 6 arc-retain: the same in one step that no thread can split. */
	struct rc_head *head;
	uint32_t strong;

	if (object == NULL)
		return NULL;
	head = rc_head(object);
	/* Whoever retains owns a reference, so nothing has to be ordered. */
	strong = __atomic_fetch_add(&head->strong, 1, __ATOMIC_RELAXED);
	if (strong >= RC_LIMIT)
		__atomic_store_n(&head->strong, RC_STUCK, __ATOMIC_RELAXED);
	return object;
	//~ (void)object;
	//~ return NULL;
	/* END 6 arc-retain */
}

static inline void arc_release(void *object)
{
	/* BEGIN 6 arc-release: count one less, and order what was done. */
	struct rc_head *head;
	uint32_t strong;

	if (object == NULL)
		return;
	head = rc_head(object);
	/* Release: my writes before it. Acquire: everybody's before the end. */
	strong = __atomic_fetch_sub(&head->strong, 1, __ATOMIC_ACQ_REL);
	if (strong == 1)
		rc_destroy(head);
	else if (strong >= RC_LIMIT)
		__atomic_store_n(&head->strong, RC_STUCK, __ATOMIC_RELAXED);
	//~ (void)object;
	/* END 6 arc-release */
}

#endif
