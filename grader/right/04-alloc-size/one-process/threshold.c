// SPDX-License-Identifier: MIT
/* One process: nothing is freed, so the threshold never moves. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* 1: mapped, 0: grown, -1: refused. */
static int mapped(size_t n)
{
	volatile char *block;
	char *end;

	do {
		end = sbrk(0);
		block = malloc(n);
		if (!block)
			return -1;
		*block = 1;
		if (sbrk(0) != (void *)end)
			return 0;
	} while (block < end && end - block < 1L << 40);
	return 1;
}

int main(void)
{
	size_t bit, n = 0;
	int answer = 0;

	mapped(1);
	for (bit = 1; bit < (size_t)1 << 62; bit *= 2) {
		answer = mapped(bit);
		if (answer != 0)
			break;
	}
	if (answer != 1) {
		puts("none");
		return 0;
	}
	/* n becomes the largest request that is not mapped, bit by bit. */
	for (bit /= 2; bit > 0; bit /= 2)
		if (mapped(n + bit) == 0)
			n += bit;
	printf("%zu\n", n + 1);
	return 0;
}
