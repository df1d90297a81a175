// SPDX-License-Identifier: MIT
/*
 * threshold - measures from which size on malloc() uses mmap
 *
 * It prints, in bytes, the smallest request for which malloc() calls mmap when
 * the heap has nothing left that would do, or "none" if there is none. The
 * answer is measured, so it follows whatever sets the threshold:
 *
 *	build/threshold
 *	GLIBC_TUNABLES=glibc.malloc.mmap_threshold=65536 build/threshold
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* How malloc() gets memory from the kernel. */
enum { DEFAULT_MAX = 32 << 20 }; /* mallopt(3): DEFAULT_MMAP_THRESHOLD_MAX */
enum way { BY_BRK, BY_MMAP, REFUSED };

/* The linker's: the end of the program's data, below which no heap lies. */
extern char end;

/*
 * Requests n bytes until malloc() has to ask the kernel, and returns how it
 * did. Earlier requests fill up the heap that is there: from that, malloc()
 * serves a request of any size. Nothing is freed, because freeing a block that
 * came from mmap raises the threshold. So this is for a process of its own.
 */
static enum way ask(size_t n)
{
	uintptr_t heap_end = (uintptr_t)sbrk(0);

	for (;;) {
		/* volatile: nobody uses the block, so gcc -O2 would drop it. */
		void *volatile block = malloc(n);

		if (block == NULL)
			return REFUSED;
		if ((uintptr_t)sbrk(0) != heap_end)
			return BY_BRK;
		if ((uintptr_t)block < (uintptr_t)&end ||
		    (uintptr_t)block >= heap_end)
			return BY_MMAP;
	}
}

/*
 * Has a child ask for n bytes: each child starts with the same heap and the
 * same threshold, whatever the others did. Returns an enum way, or -1 with
 * errno set.
 */
static int probe(size_t n)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -1;
	if (child == 0)
		_exit(ask(n));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	errno = ENOMEM; /* what a child may be killed for */
	return -1;
}

/*
 * Stores in *smallest the smallest request that malloc() serves by mmap.
 * Returns BY_MMAP; REFUSED if malloc() serves all it can from the heap; or -1
 * with errno set.
 */
static int search(size_t *smallest)
{
	size_t low = 0; /* too small for mmap */
	size_t high = (size_t)sysconf(_SC_PAGESIZE);
	int way = probe(high);

	while (way == BY_BRK && high < DEFAULT_MAX) {
		low = high;
		high *= 2;
		way = probe(high);
	}
	if (way != BY_MMAP)
		return REFUSED;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		way = probe(middle);
		if (way == BY_MMAP)
			high = middle;
		else if (way == BY_BRK)
			low = middle;
		else
			return way;
	}
	*smallest = high;
	return BY_MMAP;
}

int main(void)
{
	/*
	 * The first malloc() of a process also sets up tables of malloc's own,
	 * and may move the end of the heap for them: before the first probe.
	 */
	void *volatile first = malloc(1);
	size_t smallest;
	int way;

	if (first == NULL) {
		perror("threshold");
		return EXIT_FAILURE;
	}
	way = search(&smallest);
	free(first);
	if (way < 0) {
		perror("threshold");
		return EXIT_FAILURE;
	}
	if (way == BY_MMAP)
		printf("%zu\n", smallest);
	else
		printf("none\n");
	if (fflush(stdout) == EOF) {
		perror("threshold");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
