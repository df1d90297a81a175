/* SPDX-License-Identifier: MIT */

/*
 * The parser against texts: what the format allows, what the kernel does not
 * promise not to write, and what no kernel writes. A parser that reads from a
 * FILE can be fed any text without a process that looks like it.
 */

#include "tests.h"

#include "maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct maps maps;

static void free_list(void)
{
	maps_free(&maps);
}

/* Parses so many bytes of text into the list; what maps_parse returned. */
static int parse_bytes(const char *text, size_t length)
{
	/* fmemopen refuses a buffer of no bytes; tmpfile takes any text. */
	FILE *file = tmpfile();
	int result, error;

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, length, file), length);
	rewind(file);
	result = maps_parse(file, &maps);
	error = errno;
	fclose(file);
	errno = error;
	return result;
}

static void parse(const char *text)
{
	int result = parse_bytes(text, strlen(text));

	ck_assert_msg(result == 0, "%s in:\n%s", maps.problem, text);
}

START_TEST(every_part_of_a_line)
{
	const struct mapping *mapping;

	parse("55d377ed3000-55d377f24000 r-xp 0001f000 fd:1a 4195361"
	      "                    /usr/bin/bash\n");
	ck_assert_uint_eq(maps.count, 1);
	mapping = &maps.at[0];
	ck_assert_uint_eq(mapping->start, 0x55d377ed3000);
	ck_assert_uint_eq(mapping->end, 0x55d377f24000);
	ck_assert_str_eq(mapping->rights, "r-xp");
	ck_assert_uint_eq(mapping->offset, 0x1f000);
	ck_assert_uint_eq(mapping->dev_major, 0xfd);
	ck_assert_uint_eq(mapping->dev_minor, 0x1a);
	ck_assert_uint_eq(mapping->inode, 4195361);
	ck_assert_str_eq(mapping->name, "/usr/bin/bash");
	ck_assert(!mapping->deleted);
	ck_assert_uint_eq(mapping->resident, 0);
}
END_TEST

START_TEST(the_highest_addresses)
{
	parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0"
	      "                  [vsyscall]\n");
	ck_assert_uint_eq(maps.at[0].start, 0xffffffffff600000);
	ck_assert_uint_eq(maps.at[0].end, 0xffffffffff601000);
	ck_assert_str_eq(maps.at[0].name, "[vsyscall]");
}
END_TEST

static const struct {
	const char *text; /* what stands behind the inode */
	const char *name;
	bool deleted;
} names[] = {
	{ "", "", false },
	{ " ", "", false },
	{ "    [heap]", "[heap]", false },
	{ "    [vvar_vclock]", "[vvar_vclock]", false },
	{ "    [anon:two words]", "[anon:two words]", false },
	{ "    [anon_shmem:x]", "[anon_shmem:x]", false },
	{ "    anon_inode:[perf_event]", "anon_inode:[perf_event]", false },
	{ "    /tmp/a file  with spaces ", "/tmp/a file  with spaces ", false },
	{ "    /tmp/gone (deleted)", "/tmp/gone", true },
	{ "    /memfd:x (deleted)", "/memfd:x", true },
	{ "    /dev/zero (deleted)", "/dev/zero", true },
	{ "    /tmp/(deleted)", "/tmp/(deleted)", false },
	{ "    /tmp/x (deleted) y", "/tmp/x (deleted) y", false },
	{ "    /tmp/two\\012lines", "/tmp/two\nlines", false },
	{ "    \\012\\012", "\n\n", false },
	{ "    /tmp/back\\slash\\01", "/tmp/back\\slash\\01", false },
	{ "    /tmp/a\\012b (deleted)", "/tmp/a\nb", true },
	{ "    /tmp/\x1b[31m\xff", "/tmp/\x1b[31m\xff", false },
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

START_TEST(names_as_the_kernel_means_them)
{
	char line[256];

	snprintf(line, sizeof(line), "1000-2000 r--s 0 0:0 7%s\n",
		 names[_i].text);
	parse(line);
	ck_assert_uint_eq(maps.count, 1);
	ck_assert_str_eq(maps.at[0].name, names[_i].name);
	ck_assert_int_eq(maps.at[0].deleted, names[_i].deleted);
}
END_TEST

static const size_t lengths[] = { 4095, 4096, 4097, 100000 };
enum { LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };

START_TEST(names_of_any_length)
{
	char *line = malloc(lengths[_i] + 64);
	int before;

	ck_assert_ptr_nonnull(line);
	before = sprintf(line, "1000-2000 r--p 00000000 08:01 7 ");
	memset(line + before, 'x', lengths[_i]);
	strcpy(line + before + lengths[_i], "\n2000-3000 rw-p 0 0:0 0\n");
	parse(line);
	free(line);
	ck_assert_uint_eq(maps.count, 2);
	ck_assert_uint_eq(strlen(maps.at[0].name), lengths[_i]);
	ck_assert_uint_eq(strspn(maps.at[0].name, "x"), lengths[_i]);
}
END_TEST

START_TEST(sizes_in_bytes)
{
	parse("1000-9000 rw-p 00000000 00:00 0    [heap]\n"
	      "Size:                 32 kB\n"
	      "KernelPageSize:        4 kB\n"
	      "Rss:                  28 kB\n"
	      "Pss:                  14 kB\n"
	      "Pss_Dirty:             1 kB\n"
	      "Shared_Clean:          2 kB\n"
	      "Shared_Dirty:          3 kB\n"
	      "Private_Clean:         5 kB\n"
	      "Private_Dirty:         6 kB\n"
	      "Anonymous:             7 kB\n"
	      "AnonHugePages:         8 kB\n"
	      "Swap:                  9 kB\n"
	      "SwapPss:             900 kB\n"
	      "Locked:               10 kB\n"
	      "VmFlags: rd wr mr mw me ac sd\n"
	      "a000-b000 r--p 00000000 00:00 0\n"
	      "Rss:                   4 kB\n");
	ck_assert_uint_eq(maps.count, 2);
	ck_assert_uint_eq(maps.at[0].page_size, 4 * 1024);
	ck_assert_uint_eq(maps.at[0].resident, 28 * 1024);
	ck_assert_uint_eq(maps.at[0].proportional, 14 * 1024);
	ck_assert_uint_eq(maps.at[0].shared_clean, 2 * 1024);
	ck_assert_uint_eq(maps.at[0].shared_dirty, 3 * 1024);
	ck_assert_uint_eq(maps.at[0].private_clean, 5 * 1024);
	ck_assert_uint_eq(maps.at[0].private_dirty, 6 * 1024);
	ck_assert_uint_eq(maps.at[0].anonymous, 7 * 1024);
	ck_assert_uint_eq(maps.at[0].huge, 8 * 1024);
	ck_assert_uint_eq(maps.at[0].swapped, 9 * 1024);
	ck_assert_uint_eq(maps.at[0].locked, 10 * 1024);
	ck_assert_uint_eq(maps.at[1].resident, 4 * 1024);
	ck_assert_uint_eq(maps.at[1].locked, 0);
}
END_TEST

START_TEST(fields_of_later_kernels_are_ignored)
{
	parse("1000-2000 rw-p 00000000 00:00 0\n"
	      "Rss:                   4 kB\n"
	      "Rss_of_tomorrow: 1 apple, 2 pears\n"
	      "face: -\n"
	      "Locked:                0 kB\n");
	ck_assert_uint_eq(maps.count, 1);
	ck_assert_uint_eq(maps.at[0].resident, 4096);
}
END_TEST

START_TEST(an_empty_text_is_an_empty_list)
{
	parse("");
	ck_assert_uint_eq(maps.count, 0);
	ck_assert_ptr_null(maps_find(&maps, 0));
}
END_TEST

START_TEST(more_mappings_than_any_first_guess)
{
	enum { COUNT = 10000 };
	FILE *file = tmpfile();
	size_t i;

	ck_assert_ptr_nonnull(file);
	for (i = 1; i <= COUNT; i++)
		fprintf(file, "%zx000-%zx800 r--p 0 0:0 %zu /%zu\n", i, i, i,
			i);
	rewind(file);
	ck_assert_int_eq(maps_parse(file, &maps), 0);
	fclose(file);
	ck_assert_uint_eq(maps.count, COUNT);
	for (i = 0; i < COUNT; i++) {
		ck_assert_uint_eq(maps.at[i].start, (i + 1) * 0x1000);
		ck_assert_uint_eq(strtoul(maps.at[i].name + 1, NULL, 10),
				  i + 1);
	}
}
END_TEST

/*
 * The kernel drops its lock between two pieces of the text. What the program
 * did in the meantime shows as an overlap: here it grew a mapping downwards,
 * there it merged three into one.
 */
START_TEST(of_overlapping_lines_the_later_is_true)
{
	parse("1000-2000 r--p 0 0:0 0 /first\n"
	      "2000-6000 r--p 0 0:0 0 /second\n"
	      "5000-8000 r--p 0 0:0 0 /grown\n");
	ck_assert_uint_eq(maps.count, 3);
	ck_assert_uint_eq(maps.at[1].end, 0x5000);
	ck_assert_uint_eq(maps.at[2].start, 0x5000);
	maps_free(&maps);

	parse("1000-2000 r--p 0 0:0 0 /first\n"
	      "2000-3000 r--p 0 0:0 0 /second\n"
	      "3000-4000 r--p 0 0:0 0 /third\n"
	      "2000-8000 r--p 0 0:0 0 /merged\n");
	ck_assert_uint_eq(maps.count, 2);
	ck_assert_str_eq(maps.at[0].name, "/first");
	ck_assert_str_eq(maps.at[1].name, "/merged");
}
END_TEST

static const struct {
	const char *text;
	const char *problem;
} malformed[] = {
	{ "\n", "line 1: expected a mapping first" },
	{ "Rss: 4 kB\n", "line 1: expected a mapping first" },
	{ "1000-2000 r--p 0 0:0 0", "line 1: expected a newline at its end" },
	{ "-2000 r--p 0 0:0 0\n",
	  "line 1: expected an address range such as 1000-3000" },
	{ "1000-\n", "line 1: expected an address range such as 1000-3000" },
	{ "2000-2000 r--p 0 0:0 0\n",
	  "line 1: expected an address range such as 1000-3000" },
	{ "3000-2000 r--p 0 0:0 0\n",
	  "line 1: expected an address range such as 1000-3000" },
	{ "1000-10000000000000000 r--p 0 0:0 0\n",
	  "line 1: expected an address range such as 1000-3000" },
	{ "1000- 2000 r--p 0 0:0 0\n",
	  "line 1: expected an address range such as 1000-3000" },
	{ "1000-2000 rwx\n", "line 1: expected rights such as r-xp" },
	{ "1000-2000 wr-p 0 0:0 0\n", "line 1: expected rights such as r-xp" },
	{ "1000-2000 r--p\n", "line 1: expected an offset such as 00002000" },
	{ "1000-2000 r--p -1 0:0 0\n",
	  "line 1: expected an offset such as 00002000" },
	{ "1000-2000 r--p 0 0 0\n", "line 1: expected a device such as fd:01" },
	{ "1000-2000 r--p 0 0:100000000 0\n",
	  "line 1: expected a device such as fd:01" },
	{ "1000-2000 r--p 0 0:0 x\n", "line 1: expected an inode number" },
	{ "1000-2000 r--p 0 0:0 18446744073709551616\n",
	  "line 1: expected an inode number" },
	{ "1000-2000 r--p 0 0:0 7/bin/sh\n",
	  "line 1: expected a space before the name" },
	{ "1000-2000 r--p 0 0:0 0\nRss: 4\n",
	  "line 2: expected a size such as 132 kB" },
	{ "1000-2000 r--p 0 0:0 0\nRss: kB\n",
	  "line 2: expected a size such as 132 kB" },
	{ "1000-2000 r--p 0 0:0 0\nRss: -4 kB\n",
	  "line 2: expected a size such as 132 kB" },
	{ "1000-2000 r--p 0 0:0 0\nRss: 99999999999999999999 kB\n",
	  "line 2: expected a size such as 132 kB" },
	{ "1000-2000 r--p 0 0:0 0\nnonsense\n",
	  "line 2: expected a mapping or a field such as Rss:" },
	{ "1000-2000 r--p 0 0:0 0\n:\n",
	  "line 2: expected a mapping or a field such as Rss:" },
	{ "5000-6000 r--p 0 0:0 0\n1000-2000 r--p 0 0:0 0\n",
	  "line 2: expected addresses above those before" },
	{ "1000-2000 r--p 0 0:0 0\n1000-2000 r--p 0 0:0 0\n",
	  "line 2: expected addresses above those before" },
};
enum { MALFORMED = sizeof(malformed) / sizeof(malformed[0]) };

START_TEST(of_a_malformed_text_it_names_the_line)
{
	const char *text = malformed[_i].text;

	ck_assert_msg(parse_bytes(text, strlen(text)) == -1, "accepted: %s",
		      text);
	ck_assert_int_eq(errno, EBADMSG);
	ck_assert_str_eq(maps.problem, malformed[_i].problem);
	ck_assert_uint_eq(maps.count, 0);
	ck_assert_ptr_null(maps.at);
}
END_TEST

START_TEST(a_zero_byte_does_not_end_the_line_unnoticed)
{
	static const char text[] = "1000-2000 r--p 0 0:0 0 /bin\0/sh\n";

	ck_assert_int_eq(parse_bytes(text, sizeof(text) - 1), -1);
	ck_assert_int_eq(errno, EBADMSG);
	ck_assert_str_eq(maps.problem,
			 "line 1: expected text without zero bytes");
}
END_TEST

START_TEST(an_error_of_reading_is_passed_on)
{
	/* Reading a directory is an error that any system has at hand. */
	FILE *file = fopen("/", "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(maps_parse(file, &maps), -1);
	ck_assert_int_eq(errno, EISDIR);
	ck_assert_str_eq(maps.problem, "line 1: Is a directory");
	fclose(file);
}
END_TEST

static const struct {
	uintptr_t address;
	const char *name; /* NULL: in no mapping */
} places[] = {
	{ 0, NULL },	  { 0xfff, NULL },  { 0x1000, "/a" },
	{ 0x2fff, "/a" }, { 0x3000, "/b" }, { 0x3fff, "/b" },
	{ 0x4000, NULL }, { 0x4fff, NULL }, { 0x5000, "/c" },
	{ 0x5fff, "/c" }, { 0x6000, NULL }, { UINTPTR_MAX, NULL },
};
enum { PLACES = sizeof(places) / sizeof(places[0]) };

START_TEST(finds_the_mapping_that_holds_an_address)
{
	const struct mapping *mapping;

	parse("1000-3000 r--p 0 0:0 0 /a\n"
	      "3000-4000 r--p 0 0:0 0 /b\n"
	      "5000-6000 r--p 0 0:0 0 /c\n");
	mapping = maps_find(&maps, places[_i].address);
	ck_assert_pstr_eq(mapping ? mapping->name : NULL, places[_i].name);
}
END_TEST

START_TEST(a_list_can_be_freed_twice)
{
	parse("1000-3000 r--p 0 0:0 0 /a\n");
	maps_free(&maps);
	ck_assert_uint_eq(maps.count, 0);
	maps_free(&maps);
	ck_assert_ptr_null(maps.at);
}
END_TEST

Suite *maps_parse_suite(void)
{
	Suite *suite = suite_create("maps_parse");
	TCase *tests = tcase_create("maps_parse");

	tcase_add_checked_fixture(tests, NULL, free_list);
	tcase_add_test(tests, every_part_of_a_line);
	tcase_add_test(tests, the_highest_addresses);
	/* A loop test runs once a row of its table; _i is the row. */
	tcase_add_loop_test(tests, names_as_the_kernel_means_them, 0, NAMES);
	tcase_add_loop_test(tests, names_of_any_length, 0, LENGTHS);
	tcase_add_test(tests, sizes_in_bytes);
	tcase_add_test(tests, fields_of_later_kernels_are_ignored);
	tcase_add_test(tests, an_empty_text_is_an_empty_list);
	tcase_add_test(tests, more_mappings_than_any_first_guess);
	tcase_add_test(tests, of_overlapping_lines_the_later_is_true);
	tcase_add_loop_test(tests, of_a_malformed_text_it_names_the_line, 0,
			    MALFORMED);
	tcase_add_test(tests, a_zero_byte_does_not_end_the_line_unnoticed);
	tcase_add_test(tests, an_error_of_reading_is_passed_on);
	tcase_add_loop_test(tests, finds_the_mapping_that_holds_an_address, 0,
			    PLACES);
	tcase_add_test(tests, a_list_can_be_freed_twice);
	suite_add_tcase(suite, tests);
	return suite;
}
