// SPDX-License-Identifier: MIT
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void stop(const char *label)
{
	int c;

	printf("[%ld] %s: press Enter\n", (long)getpid(), label);
	fflush(stdout);
	do
		c = getchar();
	while (c != '\n' && c != EOF);
}

/* Frees on the way back. */
static void hold(size_t size, size_t count)
{
	char *block;

	if (count == 0) {
		stop("after allocation");
		return;
	}
	block = malloc(size);
	if (!block)
		err(1, "%zu more blocks", count);
	memset(block, '.', size);
	hold(size, count - 1);
	free(block);
}

int main(int argc, char **argv)
{
	size_t kib, count;

	if (argc != 3 || sscanf(argv[1], "%zu", &kib) != 1 ||
	    sscanf(argv[2], "%zu", &count) != 1)
		errx(2, "which blocks?");
	stop("before allocation");
	hold(kib << 10, count);
	stop("after free");
	return 0;
}
