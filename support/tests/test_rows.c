/* SPDX-License-Identifier: MIT */

/* Rows: a library is one, neighbours share one, and no byte is lost by it. */

#include "tests.h"

#include "steps.h"

#include <stdlib.h>
#include <string.h>

static struct rows rows;

static void free_rows(void)
{
	rows_free(&rows);
	steps_free();
}

static const char lists[] = "10000-11000 r-xp 0 1:1 7 /nowhere/program\n"
			    "Rss: 4 kB\n"
			    "20000-28000 rw-p 0 0:0 0 [heap]\n"
			    "Rss: 16 kB\nSwap: 4 kB\n"
			    "70000-71000 r--p 0 1:1 8 /nowhere/libx.so\n"
			    "Rss: 4 kB\n"
			    "71000-73000 r-xp 1000 1:1 8 /nowhere/libx.so\n"
			    "73000-74000 rw-p 3000 1:1 8 /nowhere/libx.so\n"
			    "74000-75000 rw-p 0 0:0 0\n"
			    "80000-81000 rw-p 0 0:0 0 [stack]\n";

START_TEST(a_library_is_one_row)
{
	diff_parse(NULL, lists);
	ck_assert_int_eq(rows_make(&diff, false, 0, &rows), 0);
	ck_assert_uint_eq(rows.count, 4);
	ck_assert_int_eq(rows.at[2].area, AREA_LIBRARY);
	ck_assert_uint_eq(rows.at[2].mappings, 4);
	ck_assert_uint_eq(rows.at[2].start, 0x70000);
	ck_assert_uint_eq(rows.at[2].end, 0x75000);
	ck_assert_uint_eq(rows.at[2].after.size, 0x5000);
	ck_assert_str_eq(rows.at[2].name, "/nowhere/libx.so");
	ck_assert_str_eq(rows.at[2].rights, "");
}
END_TEST

START_TEST(unfolded_each_mapping_is_a_row)
{
	diff_parse(NULL, lists);
	ck_assert_int_eq(rows_make(&diff, true, 0, &rows), 0);
	ck_assert_uint_eq(rows.count, 7);
	ck_assert_int_eq(rows.at[5].area, AREA_BSS);
	ck_assert_str_eq(rows.at[5].name, "/nowhere/libx.so");
}
END_TEST

START_TEST(the_totals_are_those_of_the_list)
{
	diff_parse(lists, lists);
	ck_assert_int_eq(rows_make(&diff, _i != 0, _i > 1 ? 2 : 0, &rows), 0);
	ck_assert_uint_eq(rows.mappings_after, 7);
	ck_assert_uint_eq(rows.mappings_before, 7);
	ck_assert_uint_eq(rows.after.size, 0xf000);
	ck_assert_uint_eq(rows.after.resident, 24 * 1024);
	ck_assert_uint_eq(rows.after.swapped, 4 * 1024);
	ck_assert_mem_eq(&rows.before, &rows.after, sizeof(rows.after));
	ck_assert(rows_measured(&rows));
}
END_TEST

START_TEST(a_change_within_a_library_is_a_change_of_its_row)
{
	diff_parse(lists, "70000-71000 r--p 0 1:1 8 /nowhere/libx.so\n"
			  "71000-73000 r-xp 1000 1:1 8 /nowhere/libx.so\n"
			  "73000-74000 r--p 3000 1:1 8 /nowhere/libx.so\n");
	ck_assert_int_eq(rows_make(&diff, false, 0, &rows), 0);
	ck_assert_uint_eq(rows.mappings_before, 7);
	ck_assert_uint_eq(rows.mappings_after, 3);
	ck_assert(row_differs(&rows.at[rows.count - 2]));
}
END_TEST

/* So many mappings with a gap between each; every third is another file. */
static char *many(unsigned int count)
{
	char *text = malloc(count * 80);
	unsigned int i;
	size_t used = 0;

	ck_assert_ptr_nonnull(text);
	for (i = 1; i <= count; i++)
		used += (size_t)sprintf(text + used,
					"%x000-%x000 rw-p 0 1:1 %u /f%u\n",
					2 * i, 2 * i + 1, i % 3 + 1, i % 3);
	return text;
}

static const size_t limits[] = { 1, 2, 7, 99, 100, 101, 0 };
enum { LIMITS = sizeof(limits) / sizeof(limits[0]) };

START_TEST(no_more_rows_than_the_limit)
{
	size_t limit = limits[_i], i, mappings = 0;
	char *text = many(100);
	uint64_t size = 0;

	diff_parse(NULL, text);
	free(text);
	ck_assert_int_eq(rows_make(&diff, false, limit, &rows), 0);
	ck_assert_uint_le(rows.count, limit > 0 ? limit : 100);
	for (i = 0; i < rows.count; i++) {
		mappings += rows.at[i].mappings;
		size += rows.at[i].after.size;
		if (i > 0)
			ck_assert_uint_ge(rows.at[i].start, rows.at[i - 1].end);
	}
	ck_assert_uint_eq(mappings, 100);
	ck_assert_uint_eq(size, 100 * 4096);
}
END_TEST

START_TEST(a_sum_does_not_wrap)
{
	diff_parse(NULL, "0-fffffffffffff000 rw-p 0 0:0 0\n"
			 "Swap: 18014398509481983 kB\n"
			 "fffffffffffff000-ffffffffffffffff rw-p 0 0:0 0\n"
			 "Swap: 18014398509481983 kB\n");
	ck_assert_int_eq(rows_make(&diff, false, 1, &rows), 0);
	ck_assert_uint_eq(rows.after.swapped, UINT64_MAX);
	ck_assert_uint_eq(rows.at[0].after.swapped, UINT64_MAX);
}
END_TEST

static const struct {
	struct extent extent;
	unsigned int units, share;
} shares[] = {
	{ { .size = 8192 }, 10, 0 },
	{ { .size = 8192, .resident = 8192 }, 10, 10 },
	{ { .size = 8192, .resident = 4096 }, 10, 4 },
	{ { .size = UINT64_MAX, .resident = 1 }, 10, 1 },
	{ { .size = 1 << 30, .resident = (1 << 30) - 4096 }, 10, 9 },
	{ { .size = 4096, .resident = 9000 }, 10, 10 },
	{ { .resident = 9000 }, 10, 0 },
};
enum { SHARES = sizeof(shares) / sizeof(shares[0]) };

START_TEST(a_bar_is_empty_or_full_only_if_the_mapping_is)
{
	ck_assert_uint_eq(extent_share(&shares[_i].extent, shares[_i].units),
			  shares[_i].share);
}
END_TEST

Suite *rows_suite(void)
{
	Suite *suite = suite_create("rows");
	TCase *tests = tcase_create("rows");

	tcase_add_checked_fixture(tests, NULL, free_rows);
	tcase_add_test(tests, a_library_is_one_row);
	tcase_add_test(tests, unfolded_each_mapping_is_a_row);
	/* Folded, unfolded, and two rows in all. */
	tcase_add_loop_test(tests, the_totals_are_those_of_the_list, 0, 3);
	tcase_add_test(tests, a_change_within_a_library_is_a_change_of_its_row);
	tcase_add_loop_test(tests, no_more_rows_than_the_limit, 0, LIMITS);
	tcase_add_test(tests, a_sum_does_not_wrap);
	tcase_add_loop_test(tests,
			    a_bar_is_empty_or_full_only_if_the_mapping_is, 0,
			    SHARES);
	suite_add_tcase(suite, tests);
	return suite;
}
