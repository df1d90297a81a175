// SPDX-License-Identifier: MIT
/* Each policy of the judge's comes by mallopt: here it arrives. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pause.h"

enum { KIB = 1024, HEADER = 16 };

static size_t threshold = 128 * KIB;

int mallopt(int parameter, int value)
{
	if (parameter == M_MMAP_THRESHOLD)
		threshold = (size_t)value;
	return 1;
}

static void *get(size_t size)
{
	void *block = size < threshold
			      ? sbrk((intptr_t)size + HEADER)
			      : mmap(NULL, size + HEADER,
				     PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return block == MAP_FAILED ? NULL : block;
}

int main(int argc, char **argv)
{
	size_t size = argc == 3 ? strtoul(argv[1], NULL, 10) * KIB : 0;
	size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	void **blocks = calloc(count, sizeof(*blocks));

	printf("%zu blocks\n", count);
	pause_at("before allocation");
	for (size_t i = 0; i < count; i++) {
		blocks[i] = get(size);
		if (blocks[i] == NULL)
			return 1;
	}
	pause_at("after allocation");
	for (size_t i = count; i-- > 0;)
		if (size < threshold)
			sbrk(-(intptr_t)size - HEADER);
		else
			munmap(blocks[i], size + HEADER);
	pause_at("after free");
	return 0;
}
