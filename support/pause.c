/* SPDX-License-Identifier: MIT */

/*
 * The pause of the labs' programs. There is no printf and no fgets here: each
 * would allocate a buffer at its first use, in the very heap that is being
 * looked at.
 */

#include "pause.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Writes all of it; 0, or -1 with errno set and a part of it written. */
static int write_all(int fd, const char *text, size_t length)
{
	ssize_t n;

	while (length > 0) {
		n = write(fd, text, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

/*
 * Reads up to the end of a line, or of the input, and sets *wants_map when the
 * line is "m". One byte at a time, because a larger read would take what lies
 * behind the line. 0, or -1 with errno set.
 */
static int read_answer(bool *wants_map)
{
	size_t length = 0;
	bool m = false;
	ssize_t n;
	char c;

	for (;;) {
		n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0 || c == '\n')
			break;
		if (length == 0)
			m = c == 'm';
		length++;
	}
	*wants_map = m && length == 1;
	return 0;
}

/* Runs pmap on this process and waits for it; -1 when fork fails. */
static int show_map(void)
{
	static const char missing[] = "pmap is missing: ./setup installs it\n";
	char self[24]; /* a 64-bit number has at most 20 digits */
	pid_t child;

	snprintf(self, sizeof(self), "%ld", (long)getpid());
	child = fork();
	if (child < 0)
		return -1;
	if (child == 0) {
		execlp("pmap", "pmap", "-x", self, (char *)NULL);
		write_all(STDERR_FILENO, missing, sizeof(missing) - 1);
		_exit(127);
	}
	/* A program that ignores SIGCHLD gets ECHILD once the child is gone. */
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

int pause_at(const char *label)
{
	/* The brackets, 20 digits, ": press Enter\n" and the zero: below 64. */
	char prompt[PAUSE_LABEL_MAX + 64];
	bool wants_map = false;
	int length;

	if (strlen(label) > PAUSE_LABEL_MAX || strchr(label, '\n')) {
		errno = EINVAL;
		return -1;
	}
	length = snprintf(prompt, sizeof(prompt), "[%ld] %s: press Enter\n",
			  (long)getpid(), label);

	if (fflush(stdout) != 0)
		return -1;
	do {
		if (wants_map && show_map() != 0)
			return -1;
		if (write_all(STDOUT_FILENO, prompt, (size_t)length) != 0)
			return -1;
		if (read_answer(&wants_map) != 0)
			return -1;
	} while (wants_map);
	return 0;
}
