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
	/*
	 * TODO 1: count one more, and return it; or NULL. See make hint STEP=1
	 */
	(void)object;
	return NULL;
}

static inline void rc_release(void *object)
{
	/*
	 * TODO 2: count one less; the last one destroys. See make hint STEP=2
	 */
	(void)object;
}

static inline void *arc_retain(void *object)
{
	/*
	 * TODO 6: the same in one step that no thread can split. See make hint
	 * STEP=6
	 */
	(void)object;
	return NULL;
}

static inline void arc_release(void *object)
{
	/*
	 * TODO 6: count one less, and order what was done. See make hint STEP=6
	 */
	(void)object;
}

#endif
