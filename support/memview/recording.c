/* SPDX-License-Identifier: MIT */

/* The folder of a recording, as it is written; film.c reads it. */

#include "record.h"

#include "model.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct recording *recording, const char *what)
{
	snprintf(recording->problem, PROBLEM_MAX, "%s: %s", what,
		 strerror(errno));
	return -1;
}

int recording_open(struct recording *recording)
{
	struct dirent *entry;
	bool empty = true;
	DIR *folder;

	if (mkdir(recording->folder, 0777) == 0)
		return 0;
	if (errno != EEXIST)
		return fail(recording, recording->folder);
	folder = opendir(recording->folder);
	if (!folder)
		return fail(recording, recording->folder);
	while (empty && (entry = readdir(folder)))
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	closedir(folder);
	if (empty)
		return 0;
	snprintf(recording->problem, PROBLEM_MAX,
		 "%s: is not empty: remove it, or name another folder",
		 recording->folder);
	return -1;
}

/* Copies what there is to read; 0, or -1 with errno set. */
static int copy(int from, FILE *to)
{
	char buffer[4096]; /* the kernel gives no more of smaps at a time */
	ssize_t n;

	for (;;) {
		n = read(from, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		if (fwrite(buffer, 1, (size_t)n, to) != (size_t)n)
			return -1;
	}
}

static int save_smaps(struct recording *recording, pid_t pid, const char *name)
{
	int from, result = -1;
	char path[64];
	FILE *to;

	snprintf(path, sizeof(path), "/proc/%ld/smaps", (long)pid);
	from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return fail(recording, path);
	to = fopen(name, "wxe");
	if (!to) {
		fail(recording, name);
		close(from);
		return -1;
	}
	if (copy(from, to) == 0)
		result = 0;
	close(from);
	if (fclose(to) != 0)
		result = -1;
	return result == 0 ? 0 : fail(recording, name);
}

static int save_text(struct recording *recording, pid_t pid, const char *name,
		     const char *caption)
{
	char path[64], comm[32] = ""; /* the kernel's limit is 16 */
	bool written;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	file = fopen(path, "re");
	if (file) {
		comm[fread(comm, 1, sizeof(comm) - 1, file)] = '\0';
		comm[strcspn(comm, "\n")] = '\0';
		fclose(file);
	}
	file = fopen(name, "wxe");
	if (!file)
		return fail(recording, name);
	written = fprintf(file, "%s\nprocess %ld (%s)\n", caption, (long)pid,
			  comm) > 0;
	if (fclose(file) != 0 || !written)
		return fail(recording, name);
	return 0;
}

int recording_add(struct recording *recording, pid_t pid, const char *caption)
{
	char *smaps = NULL, *text = NULL;
	int result = -1;

	if (asprintf(&smaps, "%s/%03u.smaps", recording->folder,
		     recording->steps + 1) < 0 ||
	    asprintf(&text, "%s/%03u.txt", recording->folder,
		     recording->steps + 1) < 0) {
		errno = ENOMEM;
		return fail(recording, recording->folder);
	}
	if (save_text(recording, pid, text, caption) == 0) {
		result = save_smaps(recording, pid, smaps);
		if (result == 0)
			recording->steps++;
		else
			unlink(text);
	}
	free(smaps);
	free(text);
	return result;
}
