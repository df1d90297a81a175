/* SPDX-License-Identifier: MIT */

/* pairs.h - what a subject of the benchmark of lab 08 defines; see pairs.c */

#ifndef PAIRS_H
#define PAIRS_H

#ifdef __cplusplus
extern "C" {
#endif

enum kind { PLAIN, ATOMIC };

/* An object with one reference, for ever. */
void *make(enum kind kind);

/* So many times: one more reference, and it is given back. */
void plain_pairs(void *object, long count);
void atomic_pairs(void *object, long count);

/* Between two steps: the compiler is to keep nothing in registers. */
static inline void step(void)
{
	__asm__ volatile("" ::: "memory");
}

#ifdef __cplusplus
}
#endif

#endif
