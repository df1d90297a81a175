/* SPDX-License-Identifier: MIT */

/* Two lists of mappings side by side: what is new, gone, or another by now. */

#include "tests.h"

#include "steps.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *before, *after;
	const char *said; /* a word each, lowest address first */
} cases[] = {
	{ "1000-3000 rw-p 0 0:0 0\n", "1000-3000 rw-p 0 0:0 0\n", "-" },
	{ "1000-3000 rw-p 0 0:0 0\n", "1000-6000 rw-p 0 0:0 0\n", "GREW" },
	{ "3000-6000 rw-p 0 0:0 0\n", "1000-6000 rw-p 0 0:0 0\n", "GREW" },
	{ "1000-6000 rw-p 0 0:0 0\n", "1000-2000 rw-p 0 0:0 0\n", "SHRANK" },
	{ "1000-2000 rw-p 0 0:0 0\n",
	  "1000-2000 rw-p 0 0:0 0\n4000-5000 rw-p 0 0:0 0\n", "- NEW" },
	{ "1000-2000 rw-p 0 0:0 0\n4000-5000 rw-p 0 0:0 0\n",
	  "4000-5000 rw-p 0 0:0 0\n", "GONE -" },
	{ "1000-2000 rw-p 0 0:0 0\n", "1000-2000 r--p 0 0:0 0\n", "-rw-p" },
	/* What lies at the same place, but is of another file, is another. */
	{ "1000-2000 rw-p 0 0:0 0\n", "1000-2000 rw-p 0 1:1 7 /a\n",
	  "NEW GONE" },
	{ "1000-2000 r--p 0 1:1 7 /a\n", "1000-2000 r--p 1000 1:1 7 /a\n",
	  "NEW GONE" },
	{ "1000-2000 rw-p 0 0:0 0 [heap]\n", "1000-2000 rw-p 0 0:0 0\n",
	  "NEW GONE" },
	/* A file's mapping that lost its first page shows the same bytes. */
	{ "1000-4000 r--p 0 1:1 7 /a\n", "2000-4000 r--p 1000 1:1 7 /a\n",
	  "SHRANK" },
	/* mprotect of the last page of three, and of the middle one. */
	{ "1000-4000 rw-p 0 0:0 0\n",
	  "1000-3000 rw-p 0 0:0 0\n3000-4000 r--p 0 0:0 0\n",
	  "SHRANK SPLITrw-p" },
	{ "1000-5000 rw-p 0 0:0 0\n",
	  "1000-3000 rw-p 0 0:0 0\n3000-4000 r--p 0 0:0 0\n"
	  "4000-5000 rw-p 0 0:0 0\n",
	  "SHRANK SPLITrw-p SPLIT" },
	/* And back. */
	{ "1000-3000 rw-p 0 0:0 0\n3000-4000 r--p 0 0:0 0\n",
	  "1000-4000 rw-p 0 0:0 0\n", "GREW JOINED" },
	/* The larger part is the partner, wherever it lies. */
	{ "1000-2000 rw-p 0 0:0 0\n2000-5000 rw-p 0 0:0 0\n",
	  "1000-5000 rw-p 0 0:0 0\n", "GREW JOINED" },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(what_changed)
{
	char said[256] = "";
	size_t i;

	diff_parse(cases[_i].before, cases[_i].after);
	for (i = 0; i < diff.count; i++) {
		const char *word = change_word(diff.at[i].change);

		strcat(said, i > 0 ? " " : "");
		strcat(said, word[0] != '\0' ? word : "-");
		strcat(said, diff.at[i].old_rights);
	}
	ck_assert_str_eq(said, cases[_i].said);
}
END_TEST

START_TEST(without_a_step_before_nothing_has_changed)
{
	size_t i;

	diff_parse(NULL, "1000-2000 rw-p 0 0:0 0\nRss: 4 kB\n"
			 "2000-3000 rw-p 0 0:0 0 [heap]\n");
	ck_assert_uint_eq(diff.count, 2);
	for (i = 0; i < diff.count; i++) {
		ck_assert_int_eq(diff.at[i].change, CHANGE_NONE);
		ck_assert(!pair_differs(&diff.at[i]));
	}
}
END_TEST

static const struct {
	const char *before, *after;
	bool differs;
} numbers[] = {
	{ "Rss: 4 kB\n", "Rss: 4 kB\n", false },
	{ "Rss: 4 kB\n", "Rss: 8 kB\n", true },
	{ "Swap: 0 kB\n", "Swap: 4 kB\n", true },
	{ "Referenced: 0 kB\n", "Referenced: 4 kB\n", false },
};
enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

START_TEST(what_a_picture_shows_makes_a_difference)
{
	char before[128], after[128];

	snprintf(before, sizeof(before), "1000-9000 rw-p 0 0:0 0\n%s",
		 numbers[_i].before);
	snprintf(after, sizeof(after), "1000-9000 rw-p 0 0:0 0\n%s",
		 numbers[_i].after);
	diff_parse(before, after);
	ck_assert_int_eq(pair_differs(&diff.at[0]), numbers[_i].differs);
}
END_TEST

/* A random list of up to 20 mappings, from few places and kinds. */
static void random_list(char *text, size_t size)
{
	static const char *const backings[] = { "0 0:0 0", "0 0:0 0 [heap]",
						"0 1:1 7 /a" };
	unsigned int page, pages;
	size_t used = 0;

	for (page = 1; page < 40; page += pages) {
		pages = 1 + (unsigned int)rand() % 4;
		if (used > 0 && rand() % 3 == 0)
			continue; /* a gap */
		used += (size_t)snprintf(
			text + used, size - used, "%x000-%x000 %s %s\n", page,
			page + pages, rand() % 2 ? "rw-p" : "r--p",
			backings[rand() % 3]);
	}
}

START_TEST(every_mapping_of_both_is_there_once_and_in_order)
{
	const struct mapping *before, *after;
	char texts[2][4096];
	size_t i;

	srand((unsigned int)_i);
	random_list(texts[0], sizeof(texts[0]));
	random_list(texts[1], sizeof(texts[1]));
	diff_parse(texts[0], texts[1]);
	before = step_before.maps.at;
	after = step_after.maps.at;
	for (i = 0; i < diff.count; i++) {
		const struct pair *pair = &diff.at[i];

		ck_assert(pair->before || pair->after);
		if (pair->after)
			ck_assert_ptr_eq(pair->after, after++);
		if (pair->before && !pair->after)
			ck_assert(pair->change == CHANGE_GONE ||
				  pair->change == CHANGE_JOINED);
		if (pair->after && !pair->before)
			ck_assert(pair->change == CHANGE_NEW ||
				  pair->change == CHANGE_SPLIT);
		before += pair->before != NULL;
	}
	ck_assert_ptr_eq(after, step_after.maps.at + step_after.maps.count);
	ck_assert_ptr_eq(before, step_before.maps.at + step_before.maps.count);
}
END_TEST

Suite *diff_suite(void)
{
	Suite *suite = suite_create("diff");
	TCase *tests = tcase_create("diff");

	tcase_add_checked_fixture(tests, NULL, steps_free);
	tcase_add_loop_test(tests, what_changed, 0, CASES);
	tcase_add_test(tests, without_a_step_before_nothing_has_changed);
	tcase_add_loop_test(tests, what_a_picture_shows_makes_a_difference, 0,
			    NUMBERS);
	tcase_add_loop_test(
		tests, every_mapping_of_both_is_there_once_and_in_order, 0, 20);
	suite_add_tcase(suite, tests);
	return suite;
}
