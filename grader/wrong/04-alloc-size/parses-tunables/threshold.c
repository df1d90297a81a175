// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT = 128 * 1024, HEADER = 8, ALIGNMENT = 16, SMALLEST = 32 };

int main(void)
{
	static const char name[] = "glibc.malloc.mmap_threshold=";
	const char *tunables = getenv("GLIBC_TUNABLES");
	const char *found = tunables ? strstr(tunables, name) : NULL;
	size_t threshold = DEFAULT;

	if (tunables && strstr(tunables, "mmap_max=0")) {
		puts("none");
		return 0;
	}
	if (found)
		threshold = strtoul(found + strlen(name), NULL, 0);
	/* The chunk is the request and a header, rounded up. */
	threshold = (threshold + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	printf("%zu\n",
	       threshold <= SMALLEST ? 1 : threshold - HEADER - ALIGNMENT + 1);
	return 0;
}
