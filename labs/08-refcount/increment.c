/* SPDX-License-Identifier: MIT */

/*
 * Two functions to be looked at, not to be run: what one more reference
 * compiles to. `make` compiles this file with -O2:
 *
 *	objdump -d --no-show-raw-insn build/increment.o
 */

#include "rc.h"

void *plain(void *object);
void *atomic(void *object);

void *plain(void *object)
{
	return rc_retain(object);
}

void *atomic(void *object)
{
	return arc_retain(object);
}
