/* SPDX-License-Identifier: MIT */

/*
 * Runs a program, reads along what it prints, and where that is the prompt of
 * pause.h, adds a step and presses Enter in the user's place.
 */

#include "record.h"

#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 16384 }; /* bytes of a line at once: no label is that long */

static pid_t parent_of(pid_t pid)
{
	char path[64], line[512], *behind_name;
	long parent = 0;
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	length = fread(line, 1, sizeof(line) - 1, file);
	line[length] = '\0';
	fclose(file);
	/* The name, in parentheses, may hold any byte, also ')'. */
	behind_name = strrchr(line, ')');
	if (!behind_name || sscanf(behind_name, ") %*c %ld", &parent) != 1)
		return 0;
	return (pid_t)parent;
}

/* A program may print any number; only its own family is looked at. */
static bool descends(pid_t pid, pid_t ancestor)
{
	int generations;

	for (generations = 0; pid > 0 && generations < 100; generations++) {
		if (pid == ancestor)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

/* Whether the line is "[PID] LABEL: press Enter"; cuts it down to the label. */
static bool is_prompt(char *line, pid_t *pid, char **label)
{
	static const char end[] = ": press Enter\n";
	size_t length = strlen(line);
	char *behind;

	if (line[0] != '[' || line[1] < '1' || line[1] > '9' ||
	    length < sizeof(end) - 1 ||
	    strcmp(line + length - (sizeof(end) - 1), end) != 0)
		return false;
	*pid = (pid_t)strtol(line + 1, &behind, 10);
	if (strncmp(behind, "] ", 2) != 0)
		return false;
	*label = behind + 2;
	if (*label > line + length - (sizeof(end) - 1))
		return false;
	line[length - (sizeof(end) - 1)] = '\0';
	return true;
}

/* In the child: the pipes, which exec closes, become its input and output. */
static _Noreturn void become(char **command, int input, int output)
{
	signal(SIGPIPE, SIG_DFL);
	if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
		execvp(command[0], command);
	fprintf(stderr, "memview: %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

/* Presses Enter; who has ended by now does not need it: EPIPE is ignored. */
static int press_enter(int input)
{
	ssize_t n;

	do
		n = write(input, "\n", 1);
	while (n < 0 && errno == EINTR);
	return n < 0 && errno != EPIPE ? -1 : 0;
}

/* A line, or the next piece of a long one: its length, 0 at the end. */
static size_t read_piece(FILE *output, char *piece)
{
	size_t length = 0;
	int c = 0;

	while (length < PIECE && c != '\n' && (c = getc(output)) != EOF)
		piece[length++] = (char)c;
	piece[length] = '\0';
	return length;
}

/* Passes the lines on, until the program closes its output. */
static int follow(struct recording *recording, pid_t child, FILE *output,
		  int input)
{
	char piece[PIECE + 1], *label;
	bool begins, ends = true; /* a line */
	int result = 0;
	size_t length;
	pid_t pid;

	while (result == 0 && (length = read_piece(output, piece)) > 0) {
		fwrite(piece, 1, length, stdout);
		fflush(stdout);
		begins = ends;
		ends = piece[length - 1] == '\n';
		if (!begins || !is_prompt(piece, &pid, &label) ||
		    !descends(pid, child))
			continue;
		/* Who was killed at a pause leaves Enter to the next one. */
		if (recording_add(recording, pid, label) != 0)
			result = errno == ESRCH ? 0 : -1;
		else if (press_enter(input) != 0)
			result = recording_fail(recording, "pipe");
	}
	return result;
}

static void close_end(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

/* What is to be said of a program that has ended with this status. */
static int conclude(struct recording *recording, const char *program,
		    int status)
{
	if (WIFSIGNALED(status))
		fprintf(stderr, "memview: %s: ended by signal %d (%s)\n",
			program, WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (recording->steps > 0)
		return 0;
	snprintf(recording->problem, PROBLEM_MAX,
		 "%s: ended without a pause, so there is nothing to show; "
		 "pause_at() in support/pause.h makes one",
		 program);
	return -1;
}

int record_program(struct recording *recording, char **command)
{
	int input[2] = { -1, -1 }, output[2] = { -1, -1 };
	int status = 0, result = -1;
	FILE *lines = NULL;
	pid_t child = -1;

	if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) {
		recording_fail(recording, "pipe");
		goto out;
	}
	child = fork();
	if (child < 0) {
		recording_fail(recording, "fork");
		goto out;
	}
	if (child == 0)
		become(command, input[0], output[1]);
	signal(SIGPIPE, SIG_IGN);
	close_end(&input[0]);
	close_end(&output[1]);
	lines = fdopen(output[0], "r");
	if (!lines) {
		recording_fail(recording, "fdopen");
		goto out;
	}
	output[0] = -1; /* it is the stream's now */
	result = follow(recording, child, lines, input[1]);
out:
	if (lines)
		fclose(lines);
	close_end(&input[0]);
	close_end(&input[1]);
	close_end(&output[0]);
	close_end(&output[1]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return result == 0 ? conclude(recording, command[0], status) : -1;
}
