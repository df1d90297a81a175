// SPDX-License-Identifier: MIT
/*
 * dynamic - shows what free() changes, in two experiments
 *
 * "rise": a block with a mapping of its own is freed. From then on malloc()
 * serves blocks of that size from the heap: such a block, it assumes, was not
 * the last one, and a mapping costs two system calls and new zeroed pages.
 *
 * "trim": brk moves the end of the heap and nothing else, so free() can give
 * back only what is free at the top. A block that is in use up there keeps
 * all that is free below it; free that block, and everything goes back.
 *
 *	build/dynamic rise 600
 *	build/dynamic trim 40 32
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "pause.h"

enum { KIB = 1024 };

/* Returns 0, or -1 with errno set; nothing stays allocated. */
static int rise(size_t size)
{
	void *block = NULL;
	int result = -1;

	printf("a block of %zu bytes\n", size);
	if (pause_at("before") != 0)
		return -1;
	block = malloc(size);
	if (block == NULL)
		return -1;
	printf("the first at %p\n", block);
	if (pause_at("allocated") != 0)
		goto out;
	free(block);
	block = NULL;
	if (pause_at("freed") != 0)
		goto out;
	block = malloc(size);
	if (block == NULL)
		return -1;
	printf("the second at %p\n", block);
	result = pause_at("allocated again");
out:
	free(block);
	return result;
}

/* The last block but one: what lies above it is the top, it thinks. */
static size_t highest(void **blocks, size_t count)
{
	(void)blocks;
	return count > 1 ? count - 2 : 0;
}

/*
 * The table has room for count blocks. Returns 0, or -1 with errno set; then
 * the blocks that are still allocated are in the table, NULL in other places.
 */
static int trim(void **blocks, size_t count, size_t size)
{
	size_t top = 0; /* the index of the block at the top of the heap */

	printf("%zu blocks of %zu bytes\n", count, size);
	if (pause_at("before") != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		blocks[i] = malloc(size);
		if (blocks[i] == NULL)
			return -1;
	}
	top = highest(blocks, count);
	printf("block %zu of %zu is at the top, %p\n", top + 1, count,
	       blocks[top]);
	if (pause_at("allocated") != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (i == top)
			continue;
		free(blocks[i]);
		blocks[i] = NULL;
	}
	if (pause_at("all but the top freed") != 0)
		return -1;
	free(blocks[top]);
	blocks[top] = NULL;
	return pause_at("all freed");
}

/* Runs trim with a table of its own. Returns 0, or -1 with errno set. */
static int trim_with_table(size_t count, size_t size)
{
	void **blocks = calloc(count, sizeof(*blocks));
	int result;

	if (blocks == NULL)
		return -1;
	result = trim(blocks, count, size);
	for (size_t i = 0; i < count; i++)
		free(blocks[i]);
	free(blocks);
	return result;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	size_t kib = argc > 2 ? number_of(argv[2], SIZE_MAX / KIB) : 0;
	size_t count = argc > 3 ? number_of(argv[3], SIZE_MAX) : 0;
	int result;

	if (strcmp(name, "rise") == 0 && argc == 3 && kib > 0) {
		result = rise(kib * KIB);
	} else if (strcmp(name, "trim") == 0 && argc == 4 && kib > 0 &&
		   count > 0) {
		result = trim_with_table(count, kib * KIB);
	} else {
		fprintf(stderr, "usage: dynamic rise SIZE_KIB\n"
				"       dynamic trim SIZE_KIB COUNT\n");
		return EXIT_FAILURE;
	}
	if (result != 0) {
		perror("dynamic");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
