/* SPDX-License-Identifier: MIT */

/*
 * Stands in for libFuzzer where there is none: feeds the files that are its
 * arguments to the harness, and counts them as tests. What the harness does
 * not like ends the program.
 */

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { LARGEST = 1 << 20 };

int main(int argc, char **argv)
{
	unsigned char *data;
	FILE *file;
	size_t size;
	int i;

	for (i = 1; i < argc; i++) {
		file = fopen(argv[i], "r");
		/* Of the exact size, so that a byte behind it is noticed. */
		data = malloc(LARGEST);
		if (!file || !data) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		size = fread(data, 1, LARGEST, file);
		fclose(file);
		data = realloc(data, size > 0 ? size : 1);
		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	printf("%d passed, 0 failed\n", argc - 1);
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
