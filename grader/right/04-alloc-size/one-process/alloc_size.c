// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pause.h"

/* Each block holds the address of the one before it. */
struct block {
	struct block *before;
};

static void free_all(struct block *last)
{
	if (!last)
		return;
	free_all(last->before);
	free(last);
}

int main(int argc, char **argv)
{
	struct block *last = NULL, *block;
	long size, count, i;
	void *label;

	if (argc != 3)
		return 2;
	size = atol(argv[1]) * 1024;
	count = atol(argv[2]);
	label = calloc((size_t)count, sizeof(void *));
	printf("%ld times %ld bytes\n", count, size);
	pause_at("before allocation");
	for (i = 0; i < count; i++) {
		block = malloc((size_t)size);
		if (!block) {
			fputs("no memory\n", stderr);
			free_all(last);
			free(label);
			return 3;
		}
		memset(block, 0xAA, (size_t)size);
		block->before = last;
		last = block;
	}
	pause_at("after allocation");
	free_all(last);
	pause_at("after free");
	free(label);
	return 0;
}
