/* SPDX-License-Identifier: MIT */

/* atomics.h - what another thread may do between two atomic steps of this one
 */

#ifndef ATOMICS_H
#define ATOMICS_H

#include <stddef.h>

/*
 * Has `step` called in this thread right before its nth atomic operation from
 * now on, from 1, on the size bytes at address; once. Weak: only a driver that
 * is linked with atomics.c has it.
 */
void atomics_before(const void *address, size_t size, long nth,
		    void (*step)(void)) __attribute__((weak));

#endif
