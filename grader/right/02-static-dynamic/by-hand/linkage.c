// SPDX-License-Identifier: MIT

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RIGHTS = 5, DEVICE = 24, PATH = 64 };

/* The file of a mapping, as far as maps tells it apart from others. */
struct file {
	char device[DEVICE];
	uint64_t inode;
};

/* One line: 1 if it shows code of a file, 0 if not, -1 if it is no line. */
static int code_of(const char *line, uint64_t *start, uint64_t *end,
		   struct file *file)
{
	char rights[RIGHTS];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %23s %" SCNu64, start,
		   end, rights, file->device, &file->inode) != 5)
		return -1;
	return rights[2] == 'x' && file->inode != 0;
}

int main(void)
{
	struct file mine = { .inode = 0 }, last = { .inode = 0 }, file;
	uint64_t here = (uintptr_t)main, start, end;
	char path[PATH], *line = NULL;
	int files = 0, code = 0;
	size_t room = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%ld/maps", (long)getpid());
	maps = fopen(path, "r");
	if (maps == NULL) {
		perror(path);
		return EXIT_FAILURE;
	}
	while (code >= 0 && getline(&line, &room, maps) > 0) {
		code = code_of(line, &start, &end, &file);
		if (code <= 0)
			continue;
		if (start <= here && here < end)
			mine = file;
		if (file.inode != last.inode ||
		    strcmp(file.device, last.device) != 0)
			files++;
		last = file;
	}
	free(line);
	fclose(maps);
	if (code < 0 || mine.inode == 0) {
		fprintf(stderr, "%s: not as expected\n", path);
		return EXIT_FAILURE;
	}
	fputs(files > 1 ? "dynamic" : "static", stdout);
	fputs(here > UINT32_MAX ? "-pie\n" : "\n", stdout);
	return EXIT_SUCCESS;
}
