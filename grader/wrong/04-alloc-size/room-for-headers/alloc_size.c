// SPDX-License-Identifier: MIT
/*
 * alloc_size - allocates COUNT blocks of SIZE_KIB KiB, then frees them
 *
 * It waits before, in between and after, so that its heap and its mappings
 * can be looked at. At each prompt, m and Enter show them:
 *
 *	build/alloc_size 48 20
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "number.h"
#include "pause.h"

enum { KIB = 1024, PAGE = 4 * KIB };

/*
 * Allocates count blocks of size bytes, one malloc() each, and prints where
 * they are. Returns 0, or -1 with errno set when malloc() fails; the blocks
 * allocated until then stay in the table, all others are NULL.
 */
static int allocate(void **blocks, size_t count, size_t size)
{
	/* A block may take a header and what fills its last page. */
	blocks[0] = malloc(count * (size + PAGE));
	if (blocks[0] == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		blocks[i] = (char *)blocks[0] + i * (size + PAGE);
		printf("block %zu at %p\n", i + 1, blocks[i]);
	}
	return 0;
}

/* Frees the blocks of the table and leaves NULL in their places. */
static void release(void **blocks, size_t count)
{
	(void)count;
	free(blocks[0]);
	blocks[0] = NULL;
}

/* All that there is to see. Returns 0, or -1 with errno set. */
static int show(void **blocks, size_t count, size_t size)
{
	if (pause_at("before allocation") != 0)
		return -1;
	if (allocate(blocks, count, size) != 0)
		return -1;
	if (pause_at("after allocation") != 0)
		return -1;
	release(blocks, count);
	return pause_at("after free");
}

int main(int argc, char **argv)
{
	size_t kib = argc == 3 ? number_of(argv[1], SIZE_MAX / KIB) : 0;
	size_t count = argc == 3 ? number_of(argv[2], SIZE_MAX) : 0;
	void **blocks;
	int result;

	if (kib == 0 || count == 0) {
		fprintf(stderr, "usage: alloc_size SIZE_KIB COUNT\n");
		return EXIT_FAILURE;
	}
	blocks = calloc(count, sizeof(*blocks));
	if (blocks == NULL) {
		perror("alloc_size");
		return EXIT_FAILURE;
	}
	/* The first printf allocates stdout's buffer: before the first look. */
	printf("%zu blocks of %zu KiB\n", count, kib);
	result = show(blocks, count, kib * KIB);
	if (result != 0) {
		perror("alloc_size");
		release(blocks, count);
	}
	free(blocks);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
