/* SPDX-License-Identifier: MIT */
/* Nothing is counted here: rc.c has it all, and both families are one. */

#ifndef RC_INLINE_H
#define RC_INLINE_H

#include "rc.h"

void *count_up(void *object);
void count_down(void *object);

static inline void *rc_retain(void *object)
{
	return count_up(object);
}

static inline void *arc_retain(void *object)
{
	return count_up(object);
}

static inline void rc_release(void *object)
{
	count_down(object);
}

static inline void arc_release(void *object)
{
	count_down(object);
}

#endif
