/* SPDX-License-Identifier: MIT */

/*
 * Looks at a process that runs elsewhere, four times a second, and adds a step
 * when something changed. What it waits in is all that is known of the cause.
 */

#include "record.h"

#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

static const struct {
	long number;
	const char *name;
} waiting_calls[] = {
	{ SYS_read, "read" },
	{ SYS_write, "write" },
	{ SYS_ppoll, "ppoll" },
	{ SYS_pselect6, "pselect6" },
	{ SYS_epoll_pwait, "epoll_pwait" },
	{ SYS_futex, "futex" },
	{ SYS_wait4, "wait4" },
	{ SYS_waitid, "waitid" },
	{ SYS_nanosleep, "nanosleep" },
	{ SYS_clock_nanosleep, "clock_nanosleep" },
	{ SYS_rt_sigsuspend, "rt_sigsuspend" },
	{ SYS_rt_sigtimedwait, "rt_sigtimedwait" },
#ifdef SYS_poll
	{ SYS_poll, "poll" },
	{ SYS_select, "select" },
	{ SYS_epoll_wait, "epoll_wait" },
	{ SYS_pause, "pause" },
#endif
};

/* "waits in read", or "runs": from /proc/PID/syscall, see proc(5). */
static void describe(pid_t pid, char *caption, size_t size)
{
	char path[64], text[32] = "";
	long number;
	FILE *file;
	size_t i;

	snprintf(caption, size, "%s", "");
	snprintf(path, sizeof(path), "/proc/%ld/syscall", (long)pid);
	file = fopen(path, "re");
	if (!file)
		return;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	if (strncmp(text, "running", strlen("running")) == 0)
		snprintf(caption, size, "runs");
	else if (sscanf(text, "%ld", &number) == 1 && number >= 0)
		snprintf(caption, size, "waits in system call %ld", number);
	else
		return;
	for (i = 0; i < sizeof(waiting_calls) / sizeof(waiting_calls[0]); i++)
		if (sscanf(text, "%ld", &number) == 1 &&
		    number == waiting_calls[i].number)
			snprintf(caption, size, "waits in %s",
				 waiting_calls[i].name);
}

/* Whether anything that a picture shows is different. -1 without memory. */
static int differ(const struct step *a, const struct step *b)
{
	struct diff diff;
	int found = 0;
	size_t i;

	if (diff_make(a, b, &diff) != 0)
		return -1;
	for (i = 0; i < diff.count && !found; i++)
		found = pair_differs(&diff.at[i]);
	diff_free(&diff);
	return found;
}

int record_process(struct recording *recording, pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 250 * 1000 * 1000 };
	struct film film = { 0 };
	char caption[64];
	int changed = 1, error;

	while (film_add_process(&film, pid, recording->problem) == 0) {
		if (film.count > 1) {
			changed = differ(&film.steps[0], &film.steps[1]);
			step_free(&film.steps[0]);
			film.steps[0] = film.steps[--film.count];
		}
		if (changed != 0) {
			describe(pid, caption, sizeof(caption));
			if (recording_add(recording, pid, caption) != 0)
				break;
			printf("step %u: %s\n", recording->steps, caption);
			fflush(stdout);
		}
		nanosleep(&pause, NULL);
	}
	error = errno;
	film_free(&film);
	/* That a process ends is the way a recording ends. */
	return error == ESRCH && recording->steps > 0 ? 0 : -1;
}
