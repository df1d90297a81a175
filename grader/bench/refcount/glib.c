/* SPDX-License-Identifier: MIT */
/* GLib: g_rc_box and g_atomic_rc_box. */

#include <glib.h>

#include "pairs.h"

void *make(enum kind kind)
{
	return kind == PLAIN ? g_rc_box_alloc0(sizeof(long))
			     : g_atomic_rc_box_alloc0(sizeof(long));
}

void plain_pairs(void *object, long count)
{
	for (long i = 0; i < count; i++) {
		void *more = g_rc_box_acquire(object);

		step();
		g_rc_box_release(more);
		step();
	}
}

void atomic_pairs(void *object, long count)
{
	for (long i = 0; i < count; i++) {
		void *more = g_atomic_rc_box_acquire(object);

		step();
		g_atomic_rc_box_release(more);
		step();
	}
}
