/* SPDX-License-Identifier: MIT */

/*
 * The page grid: a letter a page, processes side by side. What fork, a write
 * or a first touch does to a page is seen here and nowhere else.
 */

#include "pages.h"

#include "text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	char letter;
	const char *word;
	unsigned char colour; /* as in term.c */
} kinds[PAGE_KINDS] = {
	[PAGE_UNMAPPED] = { ' ', "not mapped", 244 },
	[PAGE_UNTOUCHED] = { '.', "not in RAM", 244 },
	[PAGE_EXCLUSIVE] = { 'X', "exclusive", 172 },
	[PAGE_SHARED] = { 'S', "shared", 74 },
	[PAGE_SWAPPED] = { 'w', "swapped", 175 },
	[PAGE_HUGE] = { 'H', "huge", 36 },
};

struct grid {
	uintptr_t start;
	size_t count; /* of pages */
	size_t page_size;
	size_t processes;
	pid_t pids[PAGES_PROCESSES];
	enum page *pages[PAGES_PROCESSES];
	bool huge_known;
};

/* A number with a suffix K, M or G behind it, if it is a length. */
static bool parse(const char *text, int base, bool suffix, uint64_t *value,
		  const char **behind)
{
	static const char suffixes[] = "KMG";
	const char *found;
	char *end;
	int shift;

	if (text[0] == '-' || text[0] == '\0')
		return false;
	errno = 0;
	*value = strtoull(text, &end, base);
	if (errno != 0 || end == text)
		return false;
	found = suffix && *end != '\0' ? strchr(suffixes, *end) : NULL;
	if (found) {
		shift = 10 * (int)(found - suffixes + 1);
		if (*value > UINT64_MAX >> shift)
			return false;
		*value <<= shift;
		end++;
	}
	*behind = end;
	return true;
}

/* "ADDR[,LEN]"; the length is 0 if there is none. */
static int parse_range(const char *range, uint64_t *start, uint64_t *length,
		       char *problem)
{
	const char *behind;

	*length = 0;
	if (parse(range, 16, false, start, &behind) &&
	    (*behind != ',' || parse(behind + 1, 0, true, length, &behind)) &&
	    *behind == '\0' && *start <= UINTPTR_MAX)
		return 0;
	snprintf(problem, PROBLEM_MAX,
		 "%s: expected an address in hexadecimal and perhaps a length, "
		 "such as 7f3685800000,64K",
		 range);
	return -1;
}

/* How far it is from there to the end of the first process's mapping. */
static int find_length(const struct grid *grid, uint64_t start,
		       uint64_t *length, char *problem)
{
	const struct mapping *mapping;
	struct maps maps;
	long pid = (long)grid->pids[0];

	if (maps_read(grid->pids[0], &maps) != 0) {
		snprintf(problem, PROBLEM_MAX, "%s", maps.problem);
		return -1;
	}
	mapping = maps_find(&maps, (uintptr_t)start);
	*length = mapping ? mapping->end - start : 0;
	maps_free(&maps);
	if (*length > 0)
		return 0;
	snprintf(problem, PROBLEM_MAX,
		 "%llx: process %ld has no mapping there; memview %ld shows "
		 "those it has",
		 (unsigned long long)start, pid, pid);
	return -1;
}

/* All pages that the range touches; without a length, to the mapping's end. */
static int find_range(const char *range, struct grid *grid, char *problem)
{
	uint64_t start, length, last;

	if (parse_range(range, &start, &length, problem) != 0 ||
	    (length == 0 && find_length(grid, start, &length, problem) != 0))
		return -1;
	last = start + length - 1;
	if (last < start ||
	    last / grid->page_size - start / grid->page_size >= PAGES_MAX) {
		snprintf(problem, PROBLEM_MAX,
			 "%s: more than %d pages; name a length, such as "
			 "%llx,1M",
			 range, PAGES_MAX, (unsigned long long)start);
		return -1;
	}
	start -= start % grid->page_size;
	grid->start = (uintptr_t)start;
	grid->count = (size_t)((last - start) / grid->page_size + 1);
	return 0;
}

static void set_colour(const struct look *look, unsigned int colour)
{
	if (look->colour)
		printf("\033[38;5;%um", colour);
}

static void end_colour(const struct look *look)
{
	if (look->colour)
		fputs("\033[0m", stdout);
}

/* Of one process, the pages of one line. */
static void print_part(const struct grid *grid, size_t process, size_t first,
		       size_t width, const struct look *look)
{
	size_t i;

	for (i = first; i < first + width; i++) {
		if (i >= grid->count) {
			putchar(' ');
			continue;
		}
		set_colour(look, kinds[grid->pages[process][i]].colour);
		putchar(kinds[grid->pages[process][i]].letter);
		end_colour(look);
	}
}

/* How many pages of each process a line has: a power of two. */
static size_t width_of(const struct grid *grid, const struct look *look)
{
	size_t width = 8;

	while (12 + grid->processes * (2 * width + 2) <= look->columns)
		width *= 2;
	return width;
}

static void print_counts(const struct grid *grid, size_t process)
{
	size_t counts[PAGE_KINDS] = { 0 }, i;
	const char *comma = "";

	for (i = 0; i < grid->count; i++)
		counts[grid->pages[process][i]]++;
	printf("process %ld: ", (long)grid->pids[process]);
	for (i = 0; i < PAGE_KINDS; i++) {
		if (counts[i] == 0)
			continue;
		printf("%s%zu %s", comma, counts[i], kinds[i].word);
		comma = ", ";
	}
	putchar('\n');
}

static void print_grid(const struct grid *grid, const struct look *look)
{
	size_t width = width_of(grid, look), process, first;

	printf("%12s", "");
	for (process = 0; process < grid->processes; process++)
		printf("  %-*ld", (int)width, (long)grid->pids[process]);
	putchar('\n');
	for (first = 0; first < grid->count; first += width) {
		printf("%12lx",
		       (unsigned long)(grid->start + first * grid->page_size));
		for (process = 0; process < grid->processes; process++) {
			fputs("  ", stdout);
			print_part(grid, process, first, width, look);
		}
		putchar('\n');
	}
	puts("X exclusive  S shared  H huge  w swapped  . not in RAM  (space) "
	     "not mapped");
	for (process = 0; process < grid->processes; process++)
		print_counts(grid, process);
	printf("A letter is a page of %s.%s\n", size_long(grid->page_size).text,
	       grid->huge_known ? ""
				: " Which are huge, Linux says from 6.7 on.");
}

static int read_all(struct grid *grid, char *problem)
{
	size_t i;

	for (i = 0; i < grid->processes; i++) {
		grid->pages[i] = calloc(grid->count, sizeof(enum page));
		if (!grid->pages[i]) {
			snprintf(problem, PROBLEM_MAX, "not enough memory");
			return -1;
		}
		if (pages_read(grid->pids[i], grid->start, grid->count,
			       grid->pages[i], &grid->huge_known, problem) != 0)
			return -1;
	}
	return 0;
}

static int find_processes(char **processes, struct grid *grid, char *problem)
{
	const char *behind;
	uint64_t pid;

	for (; *processes; processes++) {
		if (grid->processes == PAGES_PROCESSES) {
			snprintf(problem, PROBLEM_MAX,
				 "no more than %d processes fit side by side",
				 PAGES_PROCESSES);
			return -1;
		}
		if (!parse(*processes, 10, false, &pid, &behind) ||
		    *behind != '\0' || pid == 0 || pid > INT_MAX) {
			snprintf(problem, PROBLEM_MAX,
				 "%s: expected the number of a process",
				 *processes);
			return -1;
		}
		grid->pids[grid->processes++] = (pid_t)pid;
	}
	return 0;
}

int pages(const char *range, char **processes, const struct look *look,
	  char *problem)
{
	struct grid grid = { .page_size = (size_t)sysconf(_SC_PAGESIZE) };
	int result = -1;
	size_t i;

	if (find_processes(processes, &grid, problem) == 0 &&
	    find_range(range, &grid, problem) == 0 &&
	    read_all(&grid, problem) == 0) {
		print_grid(&grid, look);
		result = 0;
	}
	for (i = 0; i < grid.processes; i++)
		free(grid.pages[i]);
	return result;
}
