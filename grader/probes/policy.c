// SPDX-License-Identifier: MIT
/*
 * policy.c - what the judge preloads to turn one of malloc's screws
 *
 *	cc -shared -fPIC -DPARAMETER=M_MMAP_THRESHOLD -DVALUE=65536 policy.c
 *
 * With the threshold at a block's size, the block gets a mapping of its own:
 * /proc/PID/maps then shows each malloc() and each free() as it happens. For
 * that, the heap must have no room to spare, which M_TOP_PAD makes at its end.
 * A program that asks its environment for the threshold is told nothing.
 */

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

enum { TROUBLE = 99 }; /* exit status: the judge's fault, not the student's */

_Static_assert(0 <= (VALUE) && (VALUE) <= INT_MAX, "mallopt takes an int");

__attribute__((constructor)) static void turn(void)
{
	if (mallopt(M_TOP_PAD, 0) != 1 || mallopt(PARAMETER, VALUE) != 1) {
		fprintf(stderr, "policy: mallopt refuses\n");
		_exit(TROUBLE);
	}
}
