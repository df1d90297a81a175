/* SPDX-License-Identifier: MIT */

/*
 * record.h - a recording: a folder with 001.smaps, 002.smaps ... as the kernel
 * wrote them, and beside each a 001.txt with two lines, the cause and the title
 */

#ifndef MEMVIEW_RECORD_H
#define MEMVIEW_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

struct recording {
	const char *folder;
	unsigned int steps;
	char *problem; /* PROBLEM_MAX bytes, for people, after a failure */
};

/* Makes the folder; an empty one may be there. 0, or -1. */
int recording_open(struct recording *recording);

/* "WHAT: why", by errno, as the problem; always -1. Leaves errno as it is. */
int recording_fail(struct recording *recording, const char *what);

/*
 * Adds the process as it is now. 0; or -1 with errno set and nothing added:
 * ESRCH when the process has ended, or has no memory any more.
 */
int recording_add(struct recording *recording, pid_t pid, const char *caption);

/*
 * Runs the program and adds a step at each of its pauses, which it then ends.
 * Its output is passed on. 0, or -1 when there was no pause.
 */
int record_program(struct recording *recording, char **command);

/* Adds a step whenever the process has changed, until it ends. 0, or -1. */
int record_process(struct recording *recording, pid_t pid);

#endif
