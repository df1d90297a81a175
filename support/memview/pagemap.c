/* SPDX-License-Identifier: MIT */

/*
 * The kernel's word on each page: 64 bits in pagemap, see proc_pid_pagemap(5).
 * Which page frame it is only root may know; all that is used here anybody may
 * read about processes of his own. That a page is huge is not in these bits;
 * the ioctl PAGEMAP_SCAN says it, from Linux 6.7 on.
 */

#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BIT_PRESENT (UINT64_C(1) << 63)
#define BIT_SWAPPED (UINT64_C(1) << 62)
#define BIT_EXCLUSIVE (UINT64_C(1) << 56)

/* As in linux/fs.h, which may be older than the kernel. */
struct scan {
	uint64_t size, flags, start, end, walk_end;
	uint64_t regions, regions_count, max_pages;
	uint64_t inverted, all_of, any_of, return_mask;
};

struct region {
	uint64_t start, end, categories;
};

#define SCAN _IOWR('f', 16, struct scan)
#define CATEGORY_HUGE (UINT64_C(1) << 6)

enum page page_of(uint64_t entry)
{
	if (entry & BIT_PRESENT)
		return entry & BIT_EXCLUSIVE ? PAGE_EXCLUSIVE : PAGE_SHARED;
	return entry & BIT_SWAPPED ? PAGE_SWAPPED : PAGE_UNTOUCHED;
}

static uintptr_t page_size(void)
{
	return (uintptr_t)sysconf(_SC_PAGESIZE);
}

/* Reads entry number first and those behind it, as many as are asked for. */
static int read_entries(int fd, uint64_t first, size_t count, uint64_t *entries)
{
	char *to = (char *)entries;
	size_t left = count * sizeof(*entries);
	off_t at = (off_t)(first * sizeof(*entries));
	ssize_t n;

	while (left > 0) {
		n = pread(fd, to, left, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		to += n;
		at += n;
		left -= (size_t)n;
	}
	memset(to, 0, left); /* above the last address a process can have */
	return 0;
}

int pages_read_from(int fd, const struct maps *maps, uintptr_t start,
		    size_t count, enum page *pages)
{
	enum { BATCH = 512 };
	uint64_t entries[BATCH];
	size_t done, i, batch;
	uintptr_t address;

	for (done = 0; done < count; done += batch) {
		batch = count - done < BATCH ? count - done : BATCH;
		if (read_entries(fd, start / page_size() + done, batch,
				 entries) != 0)
			return -1;
		for (i = 0; i < batch; i++) {
			address = start + (done + i) * page_size();
			pages[done + i] = maps_find(maps, address)
						  ? page_of(entries[i])
						  : PAGE_UNMAPPED;
		}
	}
	return 0;
}

/* Marks what is huge; false when this kernel does not say. */
static bool mark_huge(int fd, uintptr_t start, size_t count, enum page *pages)
{
	uint64_t end = start + count * page_size(), from;
	struct region regions[64];
	struct scan scan = {
		.size = sizeof(scan),
		.start = start,
		.end = end,
		.regions = (uintptr_t)regions,
		.regions_count = sizeof(regions) / sizeof(regions[0]),
		.all_of = CATEGORY_HUGE,
		.return_mask = CATEGORY_HUGE,
	};
	int found, i;

	while (scan.start < end) {
		found = ioctl(fd, SCAN, &scan);
		if (found < 0)
			return false;
		for (i = 0; i < found; i++)
			for (from = regions[i].start; from < regions[i].end;
			     from += page_size())
				pages[(from - start) / page_size()] = PAGE_HUGE;
		if (scan.walk_end <= scan.start)
			break;
		scan.start = scan.walk_end;
	}
	return true;
}

int pages_read(pid_t pid, uintptr_t start, size_t count, enum page *pages,
	       bool *huge_known, char *problem)
{
	struct maps maps;
	char path[64];
	int fd, error;

	if (maps_read(pid, &maps) != 0) {
		snprintf(problem, PROBLEM_MAX, "%s%s", maps.problem,
			 errno == EACCES ? ": a process of another user; root "
					   "can read it"
					 : "");
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/%ld/pagemap", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pages_read_from(fd, &maps, start, count, pages) != 0) {
		error = errno;
		snprintf(problem, PROBLEM_MAX, "%s: %s: %s", path,
			 strerror(error),
			 error == ENOENT
				 ? "this kernel has no pagemap (it was built "
				   "without CONFIG_PROC_PAGE_MONITOR)"
				 : "reading it takes the right to ptrace the "
				   "process: its own user, or root");
		if (fd >= 0)
			close(fd);
		maps_free(&maps);
		return -1;
	}
	*huge_known = mark_huge(fd, start, count, pages);
	close(fd);
	maps_free(&maps);
	return 0;
}
