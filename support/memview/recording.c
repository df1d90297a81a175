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

int recording_fail(struct recording *recording, const char *what)
{
	int error = errno;

	snprintf(recording->problem, PROBLEM_MAX, "%s: %s", what,
		 strerror(error));
	errno = error;
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
		return recording_fail(recording, recording->folder);
	folder = opendir(recording->folder);
	if (!folder)
		return recording_fail(recording, recording->folder);
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
	char buffer[4096]; /* a read of smaps gives no more than a page */
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

/* An open smaps as a file: 0; or the errno of what failed, and no file. */
static int save_list(int from, const char *name)
{
	FILE *to = fopen(name, "wxe");
	int error = 0;
	char first;

	if (!to)
		return errno;
	if (copy(from, to) != 0)
		error = errno;
	else if (pread(from, &first, 1, 0) != 1)
		error = ESRCH; /* ended, and the list may be cut: see maps.c */
	if (fclose(to) != 0 && error == 0)
		error = errno;
	if (error != 0)
		unlink(name);
	return error;
}

/* The cause and the title, in the same way. */
static int save_text(pid_t pid, const char *name, const char *caption)
{
	FILE *file = fopen(name, "wxe");
	char *title;
	int error = 0;

	if (!file)
		return errno;
	title = title_of(pid);
	if (!title)
		error = ENOMEM;
	else if (fprintf(file, "%s\n%s\n", caption, title) < 0)
		error = errno;
	free(title);
	if (fclose(file) != 0 && error == 0)
		error = errno;
	if (error != 0)
		unlink(name);
	return error;
}

/* The next step's file with this ending; the caller frees it. */
static char *next_name(const struct recording *recording, const char *ending)
{
	char *name;

	if (asprintf(&name, "%s/%03u.%s", recording->folder,
		     recording->steps + 1, ending) < 0)
		return NULL;
	return name;
}

int recording_add(struct recording *recording, pid_t pid, const char *caption)
{
	char path[64], *smaps, *text;
	int error = ENOMEM, from;

	snprintf(path, sizeof(path), "/proc/%ld/smaps", (long)pid);
	from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0) {
		errno = errno == ENOENT ? ESRCH : errno;
		return recording_fail(recording, path);
	}
	smaps = next_name(recording, "smaps");
	text = next_name(recording, "txt");
	if (smaps && text)
		error = save_text(pid, text, caption);
	if (error == 0) {
		error = save_list(from, smaps);
		if (error != 0)
			unlink(text);
	}
	free(smaps);
	free(text);
	close(from);
	if (error == 0) {
		recording->steps++;
		return 0;
	}
	errno = error;
	return recording_fail(recording,
			      error == ESRCH ? path : recording->folder);
}
