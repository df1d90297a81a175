/* SPDX-License-Identifier: MIT */

/* What pagemap's bits say of a page, and what this process's own pages are. */

#include "tests.h"

#include "memview/pages.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct {
	uint64_t entry;
	enum page page;
} entries[] = {
	{ 0, PAGE_UNTOUCHED },
	{ UINT64_C(1) << 55, PAGE_UNTOUCHED }, /* soft-dirty alone */
	{ UINT64_C(1) << 63, PAGE_SHARED },
	{ UINT64_C(1) << 63 | UINT64_C(1) << 56, PAGE_EXCLUSIVE },
	{ UINT64_C(1) << 63 | 0x1234, PAGE_SHARED },
	{ UINT64_C(1) << 62, PAGE_SWAPPED },
	{ UINT64_C(1) << 56, PAGE_UNTOUCHED },
};
enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

START_TEST(the_bits_of_an_entry)
{
	ck_assert_int_eq(page_of(entries[_i].entry), entries[_i].page);
}
END_TEST

enum { COUNT = 1100 }; /* more than two batches */

START_TEST(every_page_is_that_of_its_address)
{
	uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	/* Page 3 is not mapped, and pagemap ends behind page 600. */
	struct mapping at[] = { { .end = 3 * page_size },
				{ .start = 4 * page_size,
				  .end = 1000 * page_size } };
	const struct maps maps = { .at = at, .count = 2 };
	uint64_t entry = UINT64_C(1) << 63;
	enum page pages[COUNT];
	int fd = memfd_create("pagemap", MFD_CLOEXEC), i;

	ck_assert_int_ge(fd, 0);
	for (i = 0; i < 600; i++)
		ck_assert_int_eq(write(fd, &entry, sizeof(entry)),
				 sizeof(entry));
	ck_assert_int_eq(pages_read_from(fd, &maps, page_size, COUNT, pages),
			 0);
	close(fd);
	for (i = 0; i < COUNT; i++)
		ck_assert_int_eq(pages[i], i + 1 == 3 || i + 1 >= 1000
						   ? PAGE_UNMAPPED
					   : i + 1 < 600 ? PAGE_SHARED
							 : PAGE_UNTOUCHED);
}
END_TEST

START_TEST(a_page_is_in_ram_once_it_is_written_to)
{
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	char problem[PROBLEM_MAX], *at;
	enum page pages[4];
	bool huge_known;

	at = mmap(NULL, 4 * page_size, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);
	ck_assert_int_eq(munmap(at + 3 * page_size, page_size), 0);
	at[page_size] = 1;
	ck_assert_msg(pages_read(getpid(), (uintptr_t)at, 4, pages, &huge_known,
				 problem) == 0,
		      "%s", problem);
	ck_assert_int_eq(pages[0], PAGE_UNTOUCHED);
	ck_assert_int_eq(pages[1], PAGE_EXCLUSIVE);
	ck_assert_int_eq(pages[2], PAGE_UNTOUCHED);
	munmap(at, 3 * page_size);
}
END_TEST

START_TEST(no_such_process_is_said)
{
	char problem[PROBLEM_MAX] = "";
	bool huge_known;
	enum page page;

	/* Above the largest number that Linux gives to a process. */
	ck_assert_int_eq(
		pages_read((1 << 22) + 1, 0, 1, &page, &huge_known, problem),
		-1);
	ck_assert_str_ne(problem, "");
}
END_TEST

Suite *pages_suite(void)
{
	Suite *suite = suite_create("pages");
	TCase *tests = tcase_create("pages");

	tcase_add_loop_test(tests, the_bits_of_an_entry, 0, ENTRIES);
	tcase_add_test(tests, every_page_is_that_of_its_address);
	tcase_add_test(tests, a_page_is_in_ram_once_it_is_written_to);
	tcase_add_test(tests, no_such_process_is_said);
	suite_add_tcase(suite, tests);
	return suite;
}
