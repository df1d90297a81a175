/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as pagemap, through the reader of the page grid: every page must
 * come out as one of the kinds, and the unmapped ones as unmapped.
 */

#include "pages.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { COUNT = 1030 }; /* two batches and a bit */

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct mapping mapping = { .start = 0, .end = 700 * page_size };
	const struct maps maps = { .at = &mapping, .count = 1 };
	enum page pages[COUNT];
	size_t i, mapped = 700, first = 0;
	int fd = memfd_create("pagemap", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (size > 0)
		first = data[0];
	if (pages_read_from(fd, &maps, first * page_size, COUNT, pages) != 0)
		abort();
	for (i = 0; i < COUNT; i++)
		if (pages[i] >= PAGE_HUGE ||
		    (pages[i] == PAGE_UNMAPPED) != (first + i >= mapped))
			abort();
	close(fd);
	return 0;
}
