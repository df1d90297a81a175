// SPDX-License-Identifier: MIT

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINES_MAX = 64 };

struct line {
	unsigned long start, end, inode;
	char execute;
};

int main(void)
{
	uintptr_t code = (uintptr_t)main;
	struct line lines[LINES_MAX];
	unsigned long mine = 0;
	bool dynamic = false;
	size_t count = 0, room = 0;
	char *text = NULL;
	FILE *maps = fopen("/proc/self/maps", "r");

	if (maps == NULL) {
		perror("/proc/self/maps");
		return EXIT_FAILURE;
	}
	while (count < LINES_MAX && getline(&text, &room, maps) > 0) {
		struct line *line = &lines[count];

		if (sscanf(text, "%lx-%lx %*c%*c%c%*c %*x %*s %lu",
			   &line->start, &line->end, &line->execute,
			   &line->inode) == 4)
			count++;
	}
	fclose(maps);
	free(text);
	for (size_t i = 0; i < count; i++)
		if (lines[i].start <= code && code < lines[i].end)
			mine = lines[i].inode;
	for (size_t i = 0; i < count; i++)
		if (lines[i].execute == 'x' && lines[i].inode != 0 &&
		    lines[i].inode != mine)
			dynamic = true;
	printf("%s%s\n", dynamic ? "dynamic" : "static",
	       code >> 32 == 0 ? "" : "-pie");
	return EXIT_SUCCESS;
}
