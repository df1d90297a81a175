// SPDX-License-Identifier: MIT
/* Measures nothing: it is told the threshold, and knows what a chunk takes. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNIT = 16, LEAST = 32 }; /* bytes of a chunk */

static long set = -1;

int mallopt(int parameter, int value)
{
	if (parameter == M_MMAP_THRESHOLD)
		set = value;
	return 1;
}

int main(void)
{
	static const char name[] = "mmap_threshold=";
	const char *tunables = getenv("GLIBC_TUNABLES");
	const char *found = tunables ? strstr(tunables, name) : NULL;
	void *volatile block;
	long n;

	if (tunables && strstr(tunables, "mmap_max=0")) {
		puts("none");
		return 0;
	}
	if (set < 0)
		set = found ? atol(found + strlen(name)) : 128 << 10;
	n = (set + UNIT - 1) / UNIT * UNIT - 8 - (UNIT - 1);
	if (set <= LEAST)
		n = 1;
	block = malloc((size_t)n);
	printf("%ld\n", block ? n : 0);
	return 0;
}
