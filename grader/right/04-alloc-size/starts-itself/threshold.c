// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GROWN, MAPPED, REFUSED, TROUBLE, IS_MMAPPED = 2 };

/* In front of a block, malloc keeps its size and marks. */
static int probe(size_t n)
{
	free(malloc(1));
	for (;;) {
		char *end = sbrk(0);
		size_t *volatile block = malloc(n);

		if (!block)
			return REFUSED;
		if (block[-1] & IS_MMAPPED)
			return MAPPED;
		if (sbrk(0) != (void *)end)
			return GROWN;
	}
}

static int ask(size_t n)
{
	char word[32];
	int status;
	pid_t pid;

	snprintf(word, sizeof(word), "%zu", n);
	pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "threshold", word, (char *)NULL);
		_exit(TROUBLE);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == TROUBLE) {
		perror("threshold");
		exit(EXIT_FAILURE);
	}
	return WEXITSTATUS(status);
}

/* a is too small, b is not. */
static size_t between(size_t a, size_t b)
{
	size_t c = a + (b - a) / 2;

	if (b - a == 1)
		return b;
	return ask(c) == MAPPED ? between(a, c) : between(c, b);
}

int main(int argc, char **argv)
{
	size_t n = 1;
	int how;

	if (argc > 1)
		return probe(strtoul(argv[1], NULL, 10));
	while ((how = ask(n)) == GROWN)
		n *= 2;
	if (how == REFUSED)
		puts("none");
	else
		printf("%zu\n", between(n / 2, n));
	return EXIT_SUCCESS;
}
