/* SPDX-License-Identifier: MIT */

/*
 * Runs a program, reads along what it prints, and where that is the prompt of
 * pause.h, adds a step and presses Enter in the user's place.
 */

#include "record.h"

#include "model.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* In the child: the pipes become its input and output. */
static _Noreturn void become(char **command, const int *input,
			     const int *output)
{
	signal(SIGPIPE, SIG_DFL);
	if (dup2(input[0], STDIN_FILENO) >= 0 &&
	    dup2(output[1], STDOUT_FILENO) >= 0) {
		close(input[0]);
		close(input[1]);
		close(output[0]);
		close(output[1]);
		execvp(command[0], command);
	}
	fprintf(stderr, "memview: %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

/* Passes the lines on, until the program closes its output. */
static int follow(struct recording *recording, pid_t child, FILE *output,
		  int input)
{
	char *line = NULL, *label;
	int result = 0;
	size_t room = 0;
	pid_t pid;

	while (result == 0 && getline(&line, &room, output) >= 0) {
		fputs(line, stdout);
		fflush(stdout);
		if (!is_prompt(line, &pid, &label) || !descends(pid, child))
			continue;
		result = recording_add(recording, pid, label);
		/* Who has ended by now does not need it: EPIPE is ignored. */
		if (write(input, "\n", 1) < 0 && errno != EPIPE)
			break;
	}
	free(line);
	return result;
}

int record_program(struct recording *recording, char **command)
{
	int input[2], output[2], status = 0, result;
	FILE *lines;
	pid_t child;

	if (pipe(input) != 0 || pipe(output) != 0) {
		perror("pipe");
		return -1;
	}
	child = fork();
	if (child < 0) {
		perror("fork");
		return -1;
	}
	if (child == 0)
		become(command, input, output);
	signal(SIGPIPE, SIG_IGN);
	close(input[0]);
	close(output[1]);
	lines = fdopen(output[0], "r");
	if (!lines) {
		perror("fdopen");
		return -1;
	}
	result = follow(recording, child, lines, input[1]);
	fclose(lines);
	close(input[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (result == 0 && recording->steps == 0) {
		snprintf(recording->problem, PROBLEM_MAX,
			 "%s: ended without a pause, so there is nothing to "
			 "show; pause_at() in support/pause.h makes one",
			 command[0]);
		result = -1;
	}
	return result;
}
