/* SPDX-License-Identifier: MIT */

/*
 * driver.h - a program that obeys the judge, one command a line
 *
 * The judge links it with a student's library and has it run in the box:
 *
 *	judge:	new 0 64 1
 *	driver:	7 555555601010		the command's number, and its result
 *
 * Nothing that it answers is believed: the judge reads the variables below
 * from the process's memory and compares. They are words of 64 bits, in this
 * order; grader/api/memory.py has the same list. The student's code can write
 * to them as well as ours. So where the heap lies, and what the compiler alone
 * knows, the judge takes from the program's file: a fact is the size of a
 * variable, whose name begins with driver_fact_.
 */

#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BLOCKS = 160,	     /* that one sequence can allocate */
	EVENTS = 96,	     /* that one sequence can note */
	EVENT_WORDS = 4,     /* what they mean is the lab's */
	HEAP_BYTES = 1 << 16 /* for the blocks of one sequence */
};

enum block_state { BLOCK_LIVE = 1, BLOCK_FREED = 2, BLOCK_FREED_TWICE = 3 };

struct driver_block {
	uint64_t address;
	uint64_t size;
	uint64_t state;
};

/* How the driver ends when nobody takes its answers. */
enum { EXIT_CLOSED = 3 };

extern struct driver_state {
	uint64_t steps;	    /* commands carried out since the start */
	uint64_t result;    /* of the last one */
	uint64_t bad_frees; /* of what is no block */
	uint64_t heap_used; /* bytes of the heap that were ever given out */
	uint64_t bulk_live; /* blocks allocated in bulk and not freed */
	uint64_t block_count;
	uint64_t event_count;
	struct driver_block block[BLOCKS];
	uint64_t event[EVENTS][EVENT_WORDS];
} driver_state;

/*
 * The student's calls of malloc, calloc, realloc and free end up in heap.c.
 * It gives no byte out twice until heap_reset, and surrounds and fills blocks
 * with known bytes. heap_fail_after: so many allocations succeed, then one
 * fails; -1: none fails. heap_bulk: the C library allocates, and blocks are
 * only counted.
 */
void heap_reset(void);
extern long heap_fail_after;
extern bool heap_bulk;

/* Notes what the judge is to read; beyond EVENTS they are only counted. */
void driver_note(uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* What a lab defines. */

enum { ARGUMENTS = 4 };

/* Ends the table: verb NULL. An argument that is not given is 0. */
struct lab_command {
	const char *verb;
	uint64_t (*carry_out)(const long argument[ARGUMENTS]);
};

extern const struct lab_command lab_commands[];

/* Forgets all objects, without a call of the student's. */
void lab_reset(void);

#endif
