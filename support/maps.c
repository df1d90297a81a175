/* SPDX-License-Identifier: MIT */

/*
 * The mappings of a process, read from its files in /proc, and the list of
 * them. What the text means is the business of maps_parse.c.
 */

#include "maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Puts the path before the problem; empties the list. */
static void fail(struct maps *maps, const char *path, const char *reason)
{
	char problem[sizeof(maps->problem)]; /* the reason may be the old one */

	snprintf(problem, sizeof(problem), "%s: %s", path, reason);
	memcpy(maps->problem, problem, sizeof(problem));
	maps_free(maps);
}

/*
 * Whether the memory that the open file lists still exists. When the process
 * ends or starts another program, the list ends early and without an error,
 * and from then on the file reads as empty.
 */
static bool still_there(FILE *file)
{
	rewind(file);
	return getc(file) != EOF;
}

static int read_list(pid_t pid, const char *which, struct maps *maps)
{
	char path[64];
	int error = 0;
	FILE *file;

	*maps = (struct maps){ 0 };
	if (pid == 0)
		snprintf(path, sizeof(path), "/proc/self/%s", which);
	else
		snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, which);
	file = fopen(path, "re");
	if (!file) {
		error = errno == ENOENT ? ESRCH : errno;
		fail(maps, path, strerror(error));
		errno = error;
		return -1;
	}
	if (maps_parse(file, maps) != 0) {
		error = errno;
		fail(maps, path, maps->problem);
	} else if (!still_there(file)) {
		error = ESRCH;
		fail(maps, path, "the process has no memory, or no longer");
	}
	fclose(file);
	errno = error;
	return error == 0 ? 0 : -1;
}

int maps_read(pid_t pid, struct maps *maps)
{
	return read_list(pid, "maps", maps);
}

int smaps_read(pid_t pid, struct maps *maps)
{
	return read_list(pid, "smaps", maps);
}

const struct mapping *maps_find(const struct maps *maps, uintptr_t address)
{
	size_t low = 0, high = maps->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (address < maps->at[middle].start)
			high = middle;
		else if (address >= maps->at[middle].end)
			low = middle + 1;
		else
			return &maps->at[middle];
	}
	return NULL;
}

void maps_free(struct maps *maps)
{
	size_t i;

	for (i = 0; i < maps->count; i++)
		free(maps->at[i].name);
	free(maps->at);
	maps->at = NULL;
	maps->count = 0;
}
