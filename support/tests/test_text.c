/* SPDX-License-Identifier: MIT */

/* Names and numbers as people may see them, and the words for a change. */

#include "tests.h"

#include "memview/model.h"
#include "memview/text.h"

#include <stdlib.h>
#include <string.h>

static void setup(void)
{
	text_setup();
}

static const struct {
	const char *text;
	size_t length; /* of its first character; 0: it is none */
	uint32_t character;
} characters[] = {
	{ "a", 1, 'a' },
	{ "\xc3\xa9", 2, 0xe9 },
	{ "\xe2\x82\xac", 3, 0x20ac },
	{ "\xf0\x9f\x90\xa7", 4, 0x1f427 },
	{ "\x80", 0, 0 }, /* goes on what never began */
	{ "\xc3", 0, 0 }, /* ends too early */
	{ "\xe2\x82", 0, 0 },
	{ "\xc0\x80", 0, 0 },	      /* a longer form of 0 */
	{ "\xe0\x80\xaf", 0, 0 },     /* and of a slash */
	{ "\xed\xa0\x80", 0, 0 },     /* half of a pair of UTF-16 */
	{ "\xf4\x90\x80\x80", 0, 0 }, /* above the last one */
	{ "\xff", 0, 0 },
};
enum { CHARACTERS = sizeof(characters) / sizeof(characters[0]) };

START_TEST(utf_8_and_nothing_else)
{
	uint32_t character;

	ck_assert_uint_eq(text_character(characters[_i].text, &character),
			  characters[_i].length);
	if (characters[_i].length > 0)
		ck_assert_uint_eq(character, characters[_i].character);
}
END_TEST

static const struct {
	const char *text;
	unsigned int columns;
	bool utf8;
	const char *shown;
} fits[] = {
	{ "", 10, true, "" },
	{ "/usr/bin/cat", 12, true, "/usr/bin/cat" },
	{ "/usr/bin/cat", 11, true, "/usr/b…/cat" },
	{ "/usr/bin/cat", 11, false, "/usr/../cat" },
	{ "/usr/lib/a-very-long-name", 9, true, "/u…g-name" },
	{ "[anon:1234567890]", 10, true, "[an…67890]" },
	{ "a\x1b[2Jb", 20, true, "a\\x1b[2Jb" },
	{ "two\nlines", 20, true, "two\\nlines" },
	{ "\xff", 20, true, "\\xff" },
	{ "\u202egnp", 20, true, "\\u{202e}gnp" },
	{ "é", 20, false, "\\u{e9}" },
	{ "字字字", 4, true, "…字" },
};
enum { FITS = sizeof(fits) / sizeof(fits[0]) };

START_TEST(fitted_text_is_printable_and_its_end_is_kept)
{
	struct fitted fitted;

	text_fit(&fitted, fits[_i].text, fits[_i].columns, fits[_i].utf8);
	ck_assert_str_eq(fitted.text, fits[_i].shown);
	ck_assert_uint_le(fitted.columns, fits[_i].columns);
}
END_TEST

START_TEST(any_bytes_fit_any_columns)
{
	char text[600];
	struct fitted fitted;
	unsigned int columns;
	size_t i;

	srand((unsigned int)_i);
	for (i = 0; i + 1 < sizeof(text); i++)
		text[i] = (char)(1 + rand() % 255);
	text[i] = '\0';
	for (columns = 3; columns < 300; columns += 7) {
		text_fit(&fitted, text, columns, _i % 2 == 0);
		ck_assert_uint_le(fitted.columns, columns);
		ck_assert_ptr_null(strpbrk(fitted.text, "\033\n\r\t\b\a\177"));
	}
}
END_TEST

/* What the function prints for the text. */
static char *printed(void (*print)(FILE *, const char *), const char *text)
{
	char *shown = NULL;
	size_t length;
	FILE *memory = open_memstream(&shown, &length);

	ck_assert_ptr_nonnull(memory);
	print(memory, text);
	ck_assert_int_eq(fclose(memory), 0);
	return shown;
}

START_TEST(xml_and_json_keep_text_apart_from_markup)
{
	char *xml = printed(text_xml, "<a b=\"c\">&'\x1b\xff");
	char *json = printed(text_json, "</script>\"\\\n\xff é");

	ck_assert_str_eq(xml, "&lt;a b=&quot;c&quot;&gt;&amp;&#39;\\x1b\\xff");
	ck_assert_str_eq(json, "\"\\u003c/script\\u003e\\u0022\\u005c"
			       "\\u000a\\udcff é\"");
	free(xml);
	free(json);
}
END_TEST

static const struct {
	uint64_t bytes;
	const char *brief, *full;
} sizes[] = {
	{ 0, "0", "0 B" },
	{ 1023, "1023", "1023 B" },
	{ 1024, "1K", "1 KiB" },
	{ 1536, "1.5K", "1.5 KiB" },
	{ 132 * 1024, "132K", "132 KiB" },
	{ 1024 * 1024 - 1, "1023K", "1023 KiB" },
	{ UINT64_C(2047) << 9, "1023K", "1023 KiB" },
	{ UINT64_C(1) << 20, "1M", "1 MiB" },
	{ (UINT64_C(1) << 40) + (UINT64_C(1) << 39), "1.5T", "1.5 TiB" },
	{ UINT64_MAX, "16E", "16 EiB" },
};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

START_TEST(sizes_in_words)
{
	ck_assert_str_eq(size_short(sizes[_i].bytes).text, sizes[_i].brief);
	ck_assert_str_eq(size_long(sizes[_i].bytes).text, sizes[_i].full);
	ck_assert_uint_le(strlen(sizes[_i].brief), 5);
}
END_TEST

static const struct {
	struct row row;
	const char *words;
} changes[] = {
	{ { .rights = "rw-p" }, "" },
	{ { .change = CHANGE_NEW, .after = { 8192, 4096, 0 } },
	  "NEW +8 KiB, RAM +4 KiB" },
	{ { .change = CHANGE_GONE, .before = { 8192, 0, 4096 } },
	  "GONE -8 KiB, swap -4 KiB" },
	{ { .rights = "r--p", .old_rights = "rw-p" }, "RIGHTS rw-p to r--p" },
	{ { .change = CHANGE_SHRANK,
	    .rights = "r--p",
	    .old_rights = "rw-p",
	    .before = { 8192, 0, 0 },
	    .after = { 4096, 0, 0 } },
	  "SHRANK -4 KiB, RIGHTS rw-p to r--p" },
	{ { .change = CHANGE_INSIDE,
	    .before = { 8192, 4096, 0 },
	    .after = { 8192, 8192, 0 } },
	  "CHANGED RAM +4 KiB" },
};
enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };

START_TEST(a_change_in_words)
{
	char *shown = NULL;
	size_t length;
	FILE *memory = open_memstream(&shown, &length);

	ck_assert_ptr_nonnull(memory);
	row_change(memory, &changes[_i].row);
	ck_assert_int_eq(fclose(memory), 0);
	ck_assert_str_eq(shown, changes[_i].words);
	ck_assert_int_eq(row_differs(&changes[_i].row), length > 0);
	free(shown);
}
END_TEST

static const struct {
	struct rows rows;
	bool compare;
	const char *words;
} totals[] = {
	{ { .after = { 4096, 4096, 0 }, .mappings_after = 1 },
	  false,
	  "1 mapping: virtual 4 KiB, in RAM 4 KiB." },
	{ { .before = { 4096, 4096, 0 },
	    .after = { 8192, 4096, 4096 },
	    .mappings_before = 1,
	    .mappings_after = 2 },
	  true,
	  "1 -> 2 mappings: virtual 4 KiB -> 8 KiB (+4 KiB), in RAM 4 KiB, "
	  "swapped 0 B -> 4 KiB (+4 KiB)." },
	{ { .after = { 8192, 0, 0 }, .mappings_after = 2 },
	  false,
	  "2 mappings: virtual 8 KiB; what of it is in RAM, smaps says, and "
	  "maps does not." },
};
enum { TOTALS = sizeof(totals) / sizeof(totals[0]) };

START_TEST(totals_in_one_sentence)
{
	char *shown = NULL;
	size_t length;
	FILE *memory = open_memstream(&shown, &length);

	ck_assert_ptr_nonnull(memory);
	rows_totals(memory, &totals[_i].rows, totals[_i].compare, "->");
	ck_assert_int_eq(fclose(memory), 0);
	ck_assert_str_eq(shown, totals[_i].words);
	free(shown);
}
END_TEST

Suite *text_suite(void)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, utf_8_and_nothing_else, 0, CHARACTERS);
	tcase_add_loop_test(tests, fitted_text_is_printable_and_its_end_is_kept,
			    0, FITS);
	tcase_add_loop_test(tests, any_bytes_fit_any_columns, 0, 4);
	tcase_add_test(tests, xml_and_json_keep_text_apart_from_markup);
	tcase_add_loop_test(tests, sizes_in_words, 0, SIZES);
	tcase_add_loop_test(tests, a_change_in_words, 0, CHANGES);
	tcase_add_loop_test(tests, totals_in_one_sentence, 0, TOTALS);
	suite_add_tcase(suite, tests);
	return suite;
}
