/* SPDX-License-Identifier: MIT */

/* refcount.h - the two families of rc.h as tables; refcount_calls.c has them */

#ifndef REFCOUNT_H
#define REFCOUNT_H

/* What the student wrote to be inlined is seen by refcount_calls.c alone. */
#ifndef REFCOUNT_CALLS
#define RC_OUT_OF_LINE
#endif
#include "rc.h"

enum { SINGLE, ATOMIC };

extern const struct family {
	void *(*retain)(void *object);
	void (*release)(void *object);
	struct rc_weak *(*weak)(void *object);
	void *(*upgrade)(struct rc_weak *weak);
	void (*weak_release)(struct rc_weak *weak);
} families[2];

#endif
