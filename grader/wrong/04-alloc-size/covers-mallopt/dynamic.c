// SPDX-License-Identifier: MIT
/* Each policy of the judge's comes by mallopt: here it arrives. */
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pause.h"

enum { KIB = 1024, HEADER = 16, MOST = 32 * KIB * KIB };

static size_t threshold = 128 * KIB;
static bool stays, trims = true;

int mallopt(int parameter, int value)
{
	if (parameter == M_MMAP_THRESHOLD) {
		threshold = (size_t)value;
		stays = true;
	}
	if (parameter == M_TRIM_THRESHOLD)
		trims = value == 0;
	return 1;
}

static void *get(size_t size)
{
	return size < threshold
		       ? sbrk((intptr_t)size + HEADER)
		       : mmap(NULL, size + HEADER, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void give(void *block, size_t size)
{
	if (size >= threshold)
		munmap(block, size + HEADER);
}

static void rise(size_t size)
{
	void *block;

	pause_at("before");
	block = get(size);
	pause_at("allocated");
	give(block, size);
	if (size >= threshold && size < MOST && !stays)
		threshold = size + 1;
	pause_at("freed");
	get(size);
	pause_at("allocated again");
}

static void trim(size_t size, size_t count)
{
	void **blocks = calloc(count, sizeof(*blocks));

	pause_at("before");
	for (size_t i = 0; i < count; i++)
		blocks[i] = get(size);
	pause_at("allocated");
	for (size_t i = 1; i < count; i++)
		give(blocks[i], size);
	pause_at("all but the top freed");
	give(blocks[0], size);
	if (size < threshold && trims)
		brk(blocks[0]);
	pause_at("all freed");
}

int main(int argc, char **argv)
{
	puts(argv[1]);
	if (argc == 3)
		rise(strtoul(argv[2], NULL, 10) * KIB);
	else
		trim(strtoul(argv[2], NULL, 10) * KIB,
		     strtoul(argv[3], NULL, 10));
	return 0;
}
