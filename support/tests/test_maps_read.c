/* SPDX-License-Identifier: MIT */

/*
 * The reader against live processes: this one, whose mappings the tests make
 * themselves and so know, and children that end at the wrong moment.
 */

#include "tests.h"

#include "maps.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct maps maps;
static size_t page_size;

static void set_up(void)
{
	page_size = (size_t)sysconf(_SC_PAGESIZE);
}

static void free_list(void)
{
	maps_free(&maps);
}

/* New memory of so many pages with rights that no neighbour has. */
static char *map_pages(size_t pages)
{
	char *memory = mmap(NULL, pages * page_size,
			    PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(memory, MAP_FAILED);
	/* A huge page would make more resident than the test touches. */
	madvise(memory, pages * page_size, MADV_NOHUGEPAGE);
	return memory;
}

static const struct mapping *find(const void *address)
{
	const struct mapping *mapping = maps_find(&maps, (uintptr_t)address);

	ck_assert_ptr_nonnull(mapping);
	return mapping;
}

/* A local variable would do, if ASan did not move it to memory of its own. */
static const void *on_stack(void)
{
	return __builtin_frame_address(0);
}

START_TEST(lists_this_program)
{
	static int in_data = 1;
	size_t i;

	ck_assert_int_eq(maps_read(0, &maps), 0);
	ck_assert_str_eq(find(on_stack())->name, "[stack]");
	ck_assert_str_eq(find(&in_data)->rights, "rw-p");
	ck_assert_str_eq(find((void *)lists_this_program_fn)->rights, "r-xp");
	ck_assert_str_eq(find((void *)lists_this_program_fn)->name,
			 find(&in_data)->name);
	for (i = 1; i < maps.count; i++)
		ck_assert_uint_le(maps.at[i - 1].end, maps.at[i].start);
}
END_TEST

START_TEST(lists_the_process_of_a_number)
{
	ck_assert_int_eq(maps_read(getpid(), &maps), 0);
	ck_assert_str_eq(find(on_stack())->name, "[stack]");
}
END_TEST

START_TEST(a_new_mapping_appears_and_goes)
{
	char *memory = map_pages(5);
	const struct mapping *mapping;

	ck_assert_int_eq(maps_read(0, &maps), 0);
	mapping = find(memory);
	ck_assert_uint_eq(mapping->start, (uintptr_t)memory);
	ck_assert_uint_eq(mapping->end, (uintptr_t)memory + 5 * page_size);
	ck_assert_str_eq(mapping->rights, "rwxp");
	ck_assert_str_eq(mapping->name, "");
	ck_assert_uint_eq(mapping->inode, 0);
	maps_free(&maps);

	ck_assert_int_eq(munmap(memory, 5 * page_size), 0);
	ck_assert_int_eq(maps_read(0, &maps), 0);
	ck_assert_ptr_null(maps_find(&maps, (uintptr_t)memory));
}
END_TEST

START_TEST(only_smaps_says_what_is_resident)
{
	char *memory = map_pages(5);

	memory[0] = 1;
	memory[3 * page_size] = 1;

	ck_assert_int_eq(smaps_read(0, &maps), 0);
	ck_assert_uint_eq(find(memory)->resident, 2 * page_size);
	ck_assert_uint_eq(find(memory)->anonymous, 2 * page_size);
	ck_assert_uint_eq(find(memory)->page_size, page_size);
	maps_free(&maps);

	ck_assert_int_eq(maps_read(0, &maps), 0);
	ck_assert_uint_eq(find(memory)->resident, 0);
}
END_TEST

START_TEST(a_file_keeps_its_name_when_it_is_deleted)
{
	char path[] = "/tmp/with space\nand newline XXXXXX";
	int fd = mkstemp(path);
	const struct mapping *mapping;
	char *memory;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)(3 * page_size)), 0);
	memory = mmap(NULL, page_size, PROT_READ, MAP_SHARED, fd,
		      (off_t)(2 * page_size));
	ck_assert_ptr_ne(memory, MAP_FAILED);

	ck_assert_int_eq(maps_read(0, &maps), 0);
	mapping = find(memory);
	ck_assert_str_eq(mapping->name, path);
	ck_assert_str_eq(mapping->rights, "r--s");
	ck_assert_uint_eq(mapping->offset, 2 * page_size);
	ck_assert_uint_ne(mapping->inode, 0);
	ck_assert(!mapping->deleted);
	maps_free(&maps);

	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(maps_read(0, &maps), 0);
	ck_assert_str_eq(find(memory)->name, path);
	ck_assert(find(memory)->deleted);
	close(fd);
}
END_TEST

/* Expects the reading to have failed because the process is not there. */
static void expect_gone(int result)
{
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(errno, ESRCH);
	ck_assert_uint_eq(maps.count, 0);
	ck_assert_int_eq(strncmp(maps.problem, "/proc/", 6), 0);
}

START_TEST(a_zombie_has_no_memory)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(0);
	/* WNOWAIT: until it has ended, but leave it a zombie. */
	ck_assert_int_eq(waitid(P_PID, (id_t)child, NULL, WEXITED | WNOWAIT),
			 0);
	expect_gone(maps_read(child, &maps));
	expect_gone(smaps_read(child, &maps));

	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	expect_gone(maps_read(child, &maps));
	expect_gone(smaps_read(child, &maps));
}
END_TEST

START_TEST(a_number_that_no_process_can_have)
{
	expect_gone(maps_read(-1, &maps));
}
END_TEST

enum { PIECES = 600 };

/* A child with PIECES mappings; it ends some work after a byte arrives. */
static pid_t start_ending_child(int fd, int work)
{
	pid_t child = fork();
	volatile int i;
	char byte;

	ck_assert_int_ge(child, 0);
	if (child > 0)
		return child;
	if (read(fd, &byte, 1) != 1)
		_exit(1);
	for (i = 0; i < work; i++)
		;
	_exit(0);
}

/*
 * Whenever the process ends, there is a whole list or none: never the first
 * part of one, which is what the kernel's text is in such a case.
 */
START_TEST(a_list_is_whole_or_absent)
{
	enum { ROUNDS = 50 };
	char *memory = map_pages(PIECES);
	int whole = 0, absent = 0;
	int round, i, fds[2];
	pid_t child;

	/* Neighbours with different rights cannot be one mapping. */
	for (i = 0; i < PIECES; i += 2)
		ck_assert_int_eq(mprotect(memory + (size_t)i * page_size,
					  page_size, PROT_NONE),
				 0);
	for (round = 0; round < ROUNDS; round++) {
		ck_assert_int_eq(pipe(fds), 0);
		child = start_ending_child(fds[0], round * 10000);
		ck_assert_int_eq(write(fds[1], "x", 1), 1);
		if (smaps_read(child, &maps) == 0) {
			ck_assert_uint_ge(maps.count, PIECES);
			whole++;
		} else {
			expect_gone(-1);
			absent++;
		}
		maps_free(&maps);
		close(fds[0]);
		close(fds[1]);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	}
	ck_assert_int_eq(whole + absent, ROUNDS);
}
END_TEST

/* Maps, unmaps and changes rights within the pages until it is killed. */
static void change_for_ever(char *memory)
{
	unsigned int seed = 1;
	size_t first, length;
	char *start;

	for (;;) {
		first = (size_t)rand_r(&seed) % PIECES;
		length = 1 + (size_t)rand_r(&seed) % (PIECES - first);
		start = memory + first * page_size;
		length *= page_size;
		switch (rand_r(&seed) % 3) {
		case 0:
			munmap(start, length);
			break;
		case 1:
			mprotect(start, length, PROT_READ);
			break;
		default:
			mmap(start, length, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		}
	}
}

START_TEST(a_list_is_in_order_whatever_the_process_does)
{
	enum { ROUNDS = 300 };
	char *memory = map_pages(PIECES);
	pid_t child = fork();
	int round;
	size_t i;

	ck_assert_int_ge(child, 0);
	if (child == 0)
		change_for_ever(memory);
	for (round = 0; round < ROUNDS; round++) {
		ck_assert_msg(maps_read(child, &maps) == 0, "%s", maps.problem);
		for (i = 1; i < maps.count; i++)
			ck_assert_uint_le(maps.at[i - 1].end, maps.at[i].start);
		maps_free(&maps);
	}
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

Suite *maps_read_suite(void)
{
	Suite *suite = suite_create("maps_read");
	TCase *tests = tcase_create("maps_read");

	/* Seconds; far more than any of them takes, also under sanitizers. */
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, free_list);
	tcase_add_test(tests, lists_this_program);
	tcase_add_test(tests, lists_the_process_of_a_number);
	tcase_add_test(tests, a_new_mapping_appears_and_goes);
	tcase_add_test(tests, only_smaps_says_what_is_resident);
	tcase_add_test(tests, a_file_keeps_its_name_when_it_is_deleted);
	tcase_add_test(tests, a_zombie_has_no_memory);
	tcase_add_test(tests, a_number_that_no_process_can_have);
	tcase_add_test(tests, a_list_is_whole_or_absent);
	tcase_add_test(tests, a_list_is_in_order_whatever_the_process_does);
	suite_add_tcase(suite, tests);
	return suite;
}
