/* SPDX-License-Identifier: MIT */
/* The library of lab 08. */

#include "rc.h"

#include "pairs.h"

void *make(enum kind kind)
{
	(void)kind;
	return rc_new(sizeof(long), NULL);
}

void plain_pairs(void *object, long count)
{
	for (long i = 0; i < count; i++) {
		void *more = rc_retain(object);

		step();
		rc_release(more);
		step();
	}
}

void atomic_pairs(void *object, long count)
{
	for (long i = 0; i < count; i++) {
		void *more = arc_retain(object);

		step();
		arc_release(more);
		step();
	}
}
