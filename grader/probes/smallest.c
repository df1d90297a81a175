// SPDX-License-Identifier: MIT
/*
 * smallest.c - the judge's own measurement of what threshold.c measures
 *
 * Prints the smallest request in bytes for which malloc() makes a mapping when
 * its heap has nothing left that would do, or "none". It reads glibc's own
 * books, which count mappings and the heap's bytes, and no address: another
 * method than the handout's, so a mistake in one is not a mistake in both.
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAPPED, GROWN, REFUSED, TROUBLE = 99 };

static void *volatile block; /* volatile: it is requested, not used */

static void give_up(const char *what)
{
	perror(what);
	_exit(TROUBLE);
}

/* Requests n bytes until the books change, and says which. */
static int request(size_t n)
{
	struct mallinfo2 before = mallinfo2();

	for (;;) {
		struct mallinfo2 now;

		block = malloc(n);
		if (block == NULL)
			return REFUSED;
		now = mallinfo2();
		if (now.hblks != before.hblks)
			return MAPPED;
		if (now.arena != before.arena)
			return GROWN;
	}
}

static int in_child(size_t n)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		give_up("fork");
	if (child == 0)
		_exit(request(n));
	if (waitpid(child, &status, 0) != child)
		give_up("waitpid");
	if (!WIFEXITED(status))
		give_up("a child was killed");
	return WEXITSTATUS(status);
}

int main(void)
{
	size_t from = 0, to = 1 << 12, middle; /* from is not mapped, to is */
	int answer;

	block = malloc(1); /* sets up malloc's own tables */
	while ((answer = in_child(to)) == GROWN) {
		from = to;
		to *= 2;
	}
	if (answer == REFUSED) {
		puts("none");
		return EXIT_SUCCESS;
	}
	while (to - from > 1) {
		middle = from + (to - from) / 2;
		if (in_child(middle) == MAPPED)
			to = middle;
		else
			from = middle;
	}
	printf("%zu\n", to);
	return EXIT_SUCCESS;
}
