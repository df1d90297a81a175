// SPDX-License-Identifier: MIT
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pause.h"

static char *block_of(size_t size)
{
	char *block = malloc(size);

	if (!block)
		err(1, "malloc");
	*block = 1;
	return block;
}

static int by_address(const void *one, const void *other)
{
	char *a = *(char *const *)one, *b = *(char *const *)other;

	return (a > b) - (a < b);
}

static void rise(size_t size)
{
	char *block;

	pause_at("before");
	block = block_of(size);
	pause_at("allocated");
	free(block);
	pause_at("freed");
	block = block_of(size);
	pause_at("allocated again");
	free(block);
}

static void trim(size_t size, size_t count)
{
	char **blocks = reallocarray(NULL, count, sizeof(*blocks));

	if (!blocks)
		err(1, "table");
	pause_at("before");
	for (size_t i = 0; i < count; i++)
		blocks[i] = block_of(size);
	qsort(blocks, count, sizeof(*blocks), by_address);
	pause_at("allocated");
	for (size_t i = 0; i + 1 < count; i++)
		free(blocks[i]);
	pause_at("all but the top freed");
	free(blocks[count - 1]);
	pause_at("all freed");
	free(blocks);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 3 && strcmp(argv[1], "rise") == 0)
		rise(strtoul(argv[2], NULL, 10) << 10);
	else if (argc == 4 && strcmp(argv[1], "trim") == 0)
		trim(strtoul(argv[2], NULL, 10) << 10,
		     strtoul(argv[3], NULL, 10));
	else
		return 2;
	return 0;
}
