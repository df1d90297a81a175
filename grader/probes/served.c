// SPDX-License-Identifier: MIT
/*
 * served.c - how malloc() gets memory for a request: mmap, brk or refused
 *
 *	served 131072 131071
 *
 * Prints a word for each number of bytes. It looks into glibc's own books,
 * which count the mappings and the heap's bytes, and at no address: a mistake
 * in the handout's method is not repeated here.
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MMAP, BRK, REFUSED, TROUBLE = 99 };

static const char *const words[] = { "mmap", "brk", "refused" };
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
			return MMAP;
		if (now.arena != before.arena)
			return BRK;
	}
}

int main(int argc, char **argv)
{
	block = malloc(1); /* sets up malloc's own tables */
	for (int i = 1; i < argc; i++) {
		pid_t child = fork();
		int status;

		if (child < 0)
			give_up("fork");
		if (child == 0)
			_exit(request(strtoul(argv[i], NULL, 10)));
		if (waitpid(child, &status, 0) != child)
			give_up("waitpid");
		if (!WIFEXITED(status) || WEXITSTATUS(status) > REFUSED)
			give_up("a child was killed");
		puts(words[WEXITSTATUS(status)]);
	}
	return EXIT_SUCCESS;
}
