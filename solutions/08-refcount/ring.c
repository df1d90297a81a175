// SPDX-License-Identifier: MIT
/*
 * ring - COUNT objects of SIZE bytes in a ring, and nobody who owns the ring
 *
 * Each owns the next one and the last one owns the first. All references from
 * outside are given back in the end, and valgrind tells what is lost:
 *
 *	valgrind --leak-check=full build/ring 5 64
 */

#include <stdio.h>
#include <stdlib.h>

#include "rc.h"

struct link {
	struct link *next; /* owned */
};

static void destroy(void *object)
{
	rc_release(((struct link *)object)->next);
}

/* Returns 0, or -1 with errno set. */
static int make_ring(size_t count, size_t size)
{
	struct link *first = rc_new(size, destroy);
	struct link *last = first;

	if (first == NULL)
		return -1;
	for (size_t i = 1; i < count; i++) {
		last->next = rc_new(size, destroy);
		if (last->next == NULL) {
			rc_release(first);
			return -1;
		}
		last = last->next;
	}
	/* BUG (on purpose): a cycle, in which every count stays above 0. */
	rc_assign(&last->next, first);
	rc_release(first);
	return 0;
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[1]) : 0;
	int size = argc == 3 ? atoi(argv[2]) : 0;

	if (count < 1 || size < (int)sizeof(struct link)) {
		fprintf(stderr, "usage: ring COUNT SIZE (from %zu up)\n",
			sizeof(struct link));
		return EXIT_FAILURE;
	}
	if (make_ring((size_t)count, (size_t)size) != 0) {
		perror("ring");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
