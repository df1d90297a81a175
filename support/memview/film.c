/* SPDX-License-Identifier: MIT */

/* Where the steps of a film come from: a process, files, a recording. */

#include "model.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes the problem for people; always -1. Leaves errno as it is. */
__attribute__((format(printf, 2, 3))) static int fail(char *problem,
						      const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem, PROBLEM_MAX, format, arguments);
	va_end(arguments);
	errno = error;
	return -1;
}

void step_free(struct step *step)
{
	maps_free(&step->maps);
	free(step->labels);
	free(step->title);
	free(step->caption);
	*step = (struct step){ 0 };
}

/* A later step that says nothing of its own is named after the one before. */
static void caption_pair(struct step *step, const struct step *before)
{
	if (!step->caption || *step->caption)
		return;
	free(step->caption);
	if (asprintf(&step->caption, "compared with %s", before->title) < 0)
		step->caption = NULL;
}

/* Labels the step and appends it; the step is the film's, or freed. */
static int add(struct film *film, struct step *step, pid_t pid, char *problem)
{
	struct step *larger;

	if (film->count > 0)
		caption_pair(step, &film->steps[film->count - 1]);
	step->labels = areas_label(&step->maps, pid);
	larger = reallocarray(film->steps, film->count + 1, sizeof(*larger));
	if (larger)
		film->steps = larger;
	if (!step->labels || !step->title || !step->caption || !larger) {
		step_free(step);
		return fail(problem, "not enough memory");
	}
	film->steps[film->count++] = *step;
	return 0;
}

char *title_of(pid_t pid)
{
	char path[64], comm[32] = "", *title; /* the kernel's limit is 16 */
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	file = fopen(path, "re");
	if (file) {
		comm[fread(comm, 1, sizeof(comm) - 1, file)] = '\0';
		comm[strcspn(comm, "\n")] = '\0';
		fclose(file);
	}
	if (asprintf(&title, "process %ld (%s)", (long)pid, comm) < 0)
		return NULL;
	return title;
}

int film_add_process(struct film *film, pid_t pid, char *problem)
{
	struct step step = { 0 };

	if (smaps_read(pid, &step.maps) != 0) {
		switch (errno) {
		case ESRCH:
			return fail(problem,
				    "no process %ld with memory: it ended, or "
				    "never was; `ps -e` lists those there are",
				    (long)pid);
		case EACCES:
		case EPERM:
			return fail(problem,
				    "process %ld belongs to another user or "
				    "guards its memory; as root, or with sudo, "
				    "it can be looked at",
				    (long)pid);
		default:
			return fail(problem, "%s", step.maps.problem);
		}
	}
	step.title = title_of(pid);
	step.caption = strdup("");
	return add(film, &step, pid, problem);
}

/*
 * A file of one or more mappings, which is closed, with this caption, which is
 * freed. A file that is NULL could not be opened; the remedy is for what does
 * not hold any mapping.
 */
static int add_file(struct film *film, FILE *file, const char *path,
		    char *caption, const char *remedy, char *problem)
{
	struct step step = { .caption = caption };
	struct stat status;
	int result;

	if (!file) {
		free(caption);
		return fail(problem, "%s: %s", path, strerror(errno));
	}
	if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode))
		result = fail(problem, "%s: is a folder: %s", path, remedy);
	else if (maps_parse(file, &step.maps) != 0)
		result = fail(problem,
			      "%s: %s: not a copy of /proc/PID/maps or smaps: "
			      "%s",
			      path, step.maps.problem, remedy);
	else if (step.maps.count == 0)
		result = fail(problem, "%s: is empty: %s", path, remedy);
	else
		result = 0;
	fclose(file);
	if (result != 0) {
		step_free(&step);
		return -1;
	}
	step.title = strdup(path);
	return add(film, &step, 0, problem);
}

int film_add_file(struct film *film, const char *path, char *problem)
{
	char *caption = strdup("");

	return add_file(film, fopen(path, "re"), path, caption,
			"copy it again, while the process runs", problem);
}

/* The next line, without its newline; the caller frees it. "" at the end. */
static char *read_line(FILE *file)
{
	char *line = NULL;
	size_t room = 0;

	if (getline(&line, &room, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		return line;
	}
	free(line);
	return strdup("");
}

/* A recording's file, or NULL; what is a FIFO by now must not stop us. */
static FILE *open_recorded(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *file;

	if (fd < 0)
		return NULL;
	file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

/* What the file beside 001.smaps, 001.txt, says; without one, nothing. */
static void read_text(const char *path, char **caption, char **title)
{
	char *name = strdup(path);
	FILE *file = NULL;

	if (name) {
		memcpy(name + strlen(name) - strlen("smaps"), "txt",
		       sizeof("txt"));
		file = open_recorded(name);
	}
	free(name);
	*caption = file ? read_line(file) : strdup("");
	*title = file ? read_line(file) : strdup("");
	if (file)
		fclose(file);
}

/*
 * A step of a recording, number i + 1 of so many. One that cannot be read is
 * not passed over by itself: what it changed would be shown as the next one's
 * doing. Who removes it knows.
 */
static int add_recorded(struct film *film, const char *path, int i, int count,
			char *problem)
{
	char *caption, *who, *title = NULL;
	int result;

	read_text(path, &caption, &who);
	if (!who || asprintf(&title, "%s, step %d of %d",
			     who[0] != '\0' ? who : path, i + 1, count) < 0)
		title = NULL;
	free(who);
	result = add_file(film, open_recorded(path), path, caption,
			  count > 1 ? "remove it to see the other steps"
				    : "make the recording again",
			  problem);
	if (result == 0 && title) {
		free(film->steps[film->count - 1].title);
		film->steps[film->count - 1].title = title;
	} else {
		free(title);
	}
	return result;
}

static int is_step(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && dot != entry->d_name && strcmp(dot, ".smaps") == 0;
}

int film_add_folder(struct film *film, const char *path, char *problem)
{
	struct dirent **entries;
	int count, i, result = 0;
	size_t had = film->count;
	char *name;

	count = scandir(path, &entries, is_step, versionsort);
	if (count < 0)
		return fail(problem, "%s: %s", path, strerror(errno));
	if (count == 0)
		result = fail(problem,
			      "%s: holds no recording (no *.smaps); memview "
			      "--record makes one",
			      path);
	for (i = 0; i < count; i++) {
		if (result == 0 &&
		    asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0) {
			result = fail(problem, "not enough memory");
		} else if (result == 0) {
			result = add_recorded(film, name, i, count, problem);
			free(name);
		}
		free(entries[i]);
	}
	free(entries);
	while (result != 0 && film->count > had)
		step_free(&film->steps[--film->count]);
	return result;
}

void film_free(struct film *film)
{
	while (film->count > 0)
		step_free(&film->steps[--film->count]);
	free(film->steps);
	*film = (struct film){ 0 };
}
