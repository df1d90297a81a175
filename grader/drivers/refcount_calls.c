/* SPDX-License-Identifier: MIT */
/* The inline functions of rc_inline.h, compiled into functions to call. */

#define REFCOUNT_CALLS
#include "refcount.h"

const struct family families[2] = {
	{ rc_retain, rc_release, rc_weak, rc_upgrade, rc_weak_release },
	{ arc_retain, arc_release, arc_weak, arc_upgrade, arc_weak_release },
};
