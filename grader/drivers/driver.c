/* SPDX-License-Identifier: MIT */
/* Reads commands, has them carried out, answers; see driver.h. */

#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 128, PRIVATE = 100 };

struct driver_state driver_state;

static char buffer[1 << 12];
static size_t filled, taken;

void driver_note(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t n = __atomic_fetch_add(&driver_state.event_count, 1,
					__ATOMIC_RELAXED);

	if (n < EVENTS) {
		driver_state.event[n][0] = a;
		driver_state.event[n][1] = b;
		driver_state.event[n][2] = c;
		driver_state.event[n][3] = d;
	}
}

/* The next byte of the commands, or -1 when there are no more. */
static int next_byte(int fd)
{
	ssize_t n;

	if (taken == filled) {
		do
			n = read(fd, buffer, sizeof(buffer));
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			return -1;
		filled = (size_t)n;
		taken = 0;
	}
	return (unsigned char)buffer[taken++];
}

/* Reads a line without its end. False when there is none any more. */
static bool read_command(int fd, char line[LINE_BYTES])
{
	size_t length = 0;
	int c;

	while ((c = next_byte(fd)) >= 0 && c != '\n')
		if (length < LINE_BYTES - 1)
			line[length++] = (char)c;
	line[length] = '\0';
	return c >= 0;
}

static void answer(int fd)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "%llu %llx\n",
			      (unsigned long long)driver_state.steps,
			      (unsigned long long)driver_state.result);

	for (int sent = 0; sent < length;) {
		ssize_t n = write(fd, text + sent, (size_t)(length - sent));

		if (n < 0 && errno != EINTR)
			_exit(EXIT_CLOSED);
		if (n > 0)
			sent += (int)n;
	}
}

/* Carries out one line; an unknown verb's result is all ones. */
static uint64_t obey(char *line)
{
	long argument[ARGUMENTS] = { 0 };
	size_t given = 0;
	char *word = strchr(line, ' ');

	if (word != NULL)
		*word++ = '\0';
	while (word != NULL && *word != '\0' && given < ARGUMENTS)
		argument[given++] = strtol(word, &word, 10);
	if (strcmp(line, "reset") == 0) {
		memset(driver_state.event, 0, sizeof(driver_state.event));
		driver_state.event_count = 0;
		heap_reset();
		lab_reset();
		return 0;
	}
	for (const struct lab_command *c = lab_commands; c->verb != NULL; c++)
		if (strcmp(line, c->verb) == 0)
			return c->carry_out(argument);
	return UINT64_MAX;
}

int main(void)
{
	/* Away from 0, 1 and 2: what the library prints is no answer. */
	int commands = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, PRIVATE);
	int answers = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, PRIVATE);
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char line[LINE_BYTES];

	if (commands < 0 || answers < 0 || nothing < 0 ||
	    dup2(nothing, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		perror("driver");
		return EXIT_FAILURE;
	}
	while (read_command(commands, line)) {
		driver_state.result = obey(line);
		driver_state.steps++;
		fflush(stdout);
		answer(answers);
	}
	return EXIT_SUCCESS;
}
