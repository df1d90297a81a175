/* SPDX-License-Identifier: MIT */

/* pages.h - single pages of processes, from /proc/PID/pagemap */

#ifndef MEMVIEW_PAGES_H
#define MEMVIEW_PAGES_H

#include "faces.h"

enum {
	PAGES_MAX = 65536,   /* a grid of 1024 lines */
	PAGES_PROCESSES = 6, /* side by side, 10 of 80 columns each and 12 */
};

enum page {
	PAGE_UNMAPPED,
	PAGE_UNTOUCHED, /* mapped, and neither in RAM nor swapped */
	PAGE_EXCLUSIVE, /* in RAM, and no other process maps it */
	PAGE_SHARED,
	PAGE_SWAPPED,
	PAGE_HUGE, /* a part of a huge page */
	PAGE_KINDS
};

/* What an entry of pagemap says of a page that is mapped. */
enum page page_of(uint64_t entry);

/*
 * What each page from an address on is. Returns 0; or -1 with a message for
 * people in problem. *huge_known is false where the kernel does not tell.
 */
int pages_read(pid_t pid, uintptr_t start, size_t count, enum page *pages,
	       bool *huge_known, char *problem);

/* The same from an open pagemap, with the list of the mappings. */
int pages_read_from(int fd, const struct maps *maps, uintptr_t start,
		    size_t count, enum page *pages);

/*
 * "ADDR[,LEN]", and whose: prints the grid. 0, or -1 with a message for people
 * in problem.
 */
int pages(const char *range, char **processes, const struct look *look,
	  char *problem);

#endif
