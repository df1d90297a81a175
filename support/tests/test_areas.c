/* SPDX-License-Identifier: MIT */

/*
 * What people call a mapping, where no ELF file can be read: by the kernel's
 * names, by rights, by order. The files named here do not exist; one that can
 * be read is made at the end.
 */

#include "tests.h"

#include "steps.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *line;
	const char *area;
} alone[] = {
	{ "1000-2000 rw-p 0 0:0 0 [heap]\n", "heap" },
	{ "1000-2000 rw-p 0 0:0 0 [stack]\n", "stack" },
	{ "1000-2000 r-xp 0 0:0 0 [vdso]\n", "kernel's" },
	{ "1000-2000 r--p 0 0:0 0 [vvar_vclock]\n", "kernel's" },
	{ "1000-2000 --xp 0 0:0 0 [vsyscall]\n", "kernel's" },
	{ "1000-2000 --xp 0 0:0 0 [uprobes]\n", "kernel's" },
	{ "1000-2000 rw-p 0 0:0 0 [anon:mine]\n", "mapping" },
	{ "1000-2000 rw-p 0 0:0 0\n", "mapping" },
	{ "1000-2000 r--s 0 1:1 7 /nowhere/table\n", "mapping" },
	{ "1000-2000 rw-p 0 0:0 0 [heap] (deleted)\n", "heap" },
	{ "1000-2000 r-xp 0 1:1 7 /nowhere/program\n", "text" },
};
enum { ALONE = sizeof(alone) / sizeof(alone[0]) };

START_TEST(the_kernel_s_names_and_files)
{
	step_parse(&step_after, alone[_i].line);
	ck_assert_str_eq(area_name(step_after.labels[0].part), alone[_i].area);
	ck_assert_uint_eq(step_after.labels[0].group, 0);
}
END_TEST

#define PROGRAM                                           \
	"10000-11000 r--p 00000 1:1 7 /nowhere/program\n" \
	"11000-13000 r-xp 01000 1:1 7 /nowhere/program\n" \
	"13000-14000 r--p 03000 1:1 7 /nowhere/program\n" \
	"14000-15000 r--p 03000 1:1 7 /nowhere/program\n" \
	"15000-16000 rw-p 04000 1:1 7 /nowhere/program\n" \
	"16000-18000 rw-p 00000 0:0 0\n"
#define LIBRARY                                           \
	"70000-71000 r--p 00000 1:1 8 /nowhere/libx.so\n" \
	"71000-73000 r-xp 01000 1:1 8 /nowhere/libx.so\n" \
	"73000-74000 rw-p 03000 1:1 8 /nowhere/libx.so\n" \
	"74000-75000 rw-p 00000 0:0 0\n"

/* The parts of all mappings, one word each. */
static void expect_parts(const char *expected)
{
	char parts[256] = "";
	size_t i;

	for (i = 0; i < step_after.maps.count; i++) {
		strcat(parts, i > 0 ? " " : "");
		strcat(parts, area_name(step_after.labels[i].part));
	}
	ck_assert_str_eq(parts, expected);
}

START_TEST(a_program_s_parts_by_rights_and_order)
{
	step_parse(&step_after, PROGRAM "20000-41000 rw-p 0 0:0 0 [heap]\n");
	expect_parts("rodata text rodata relro data bss heap");
	ck_assert_str_eq(step_after.labels[5].name, "/nowhere/program");
	ck_assert_int_eq(step_after.labels[5].area, AREA_BSS);
}
END_TEST

START_TEST(a_library_is_one_group_with_parts)
{
	const struct label *labels;
	size_t i;

	step_parse(&step_after,
		   PROGRAM "20000-41000 rw-p 0 0:0 0 [heap]\n" LIBRARY);
	expect_parts("rodata text rodata relro data bss heap "
		     "rodata text data bss");
	labels = step_after.labels;
	for (i = 0; i < 7; i++)
		ck_assert_uint_eq(labels[i].group, 0);
	for (i = 7; i < 11; i++) {
		ck_assert_int_eq(labels[i].area, AREA_LIBRARY);
		ck_assert_uint_eq(labels[i].group, labels[7].group);
		ck_assert_uint_ne(labels[i].group, 0);
	}
}
END_TEST

START_TEST(the_program_is_the_last_file_below_the_heap)
{
	/* As under a loader that was started by hand, or without ASLR. */
	step_parse(&step_after,
		   "1000-2000 r-xp 0 1:1 9 /nowhere/loader\n" PROGRAM
		   "20000-41000 rw-p 0 0:0 0 [heap]\n");
	ck_assert_int_eq(step_after.labels[0].area, AREA_LIBRARY);
	ck_assert_int_eq(step_after.labels[2].area, AREA_TEXT);
}
END_TEST

START_TEST(without_a_heap_it_is_the_lowest_file)
{
	step_parse(&step_after, PROGRAM LIBRARY);
	ck_assert_int_eq(step_after.labels[1].area, AREA_TEXT);
	ck_assert_int_eq(step_after.labels[7].area, AREA_LIBRARY);
}
END_TEST

static const struct {
	const char *numbers;
	const char *parts;
} written[] = {
	/* smaps says what was written to; the order is not asked then. */
	{ "Rss: 4 kB\nAnonymous: 4 kB\n", "text relro data" },
	{ "Rss: 4 kB\nAnonymous: 0 kB\n", "text rodata data" },
	{ "", "text rodata data" },
};
enum { WRITTEN = sizeof(written) / sizeof(written[0]) };

START_TEST(relro_was_written_to)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "11000-13000 r-xp 01000 1:1 7 /nowhere/program\n"
		 "13000-14000 r--p 03000 1:1 7 /nowhere/program\n%s"
		 "14000-15000 rw-p 04000 1:1 7 /nowhere/program\n",
		 written[_i].numbers);
	step_parse(&step_after, text);
	expect_parts(written[_i].parts);
}
END_TEST

START_TEST(a_file_without_code_is_data_that_is_read)
{
	step_parse(&step_after,
		   PROGRAM "50000-51000 r--p 0 1:1 5 /nowhere/locale\n");
	ck_assert_int_eq(step_after.labels[6].area, AREA_MAPPING);
	ck_assert_uint_eq(step_after.labels[6].group, 0);
}
END_TEST

/*
 * A program as linkers make it for 64 KiB pages: what is read only after its
 * start ends where a page does, and begins in the middle of one.
 */
static const struct {
	ElfW(Ehdr) header;
	ElfW(Phdr) segments[3];
} large_pages = {
	.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				 sizeof(void *) == 8 ? ELFCLASS64
						     : ELFCLASS32 },
		    .e_phoff = sizeof(ElfW(Ehdr)),
		    .e_phentsize = sizeof(ElfW(Phdr)),
		    .e_phnum = 3 },
	.segments = { { .p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_filesz = 0x2000,
			.p_memsz = 0x2000 },
		      { .p_type = PT_LOAD,
			.p_flags = PF_R | PF_W,
			.p_offset = 0xf000,
			.p_vaddr = 0x1f000,
			.p_filesz = 0x2000,
			.p_memsz = 0x2000 },
		      { .p_type = PT_GNU_RELRO,
			.p_flags = PF_R,
			.p_offset = 0xf000,
			.p_vaddr = 0x1f000,
			.p_memsz = 0x1000 } },
};

START_TEST(a_segment_begins_where_a_page_of_its_machine_does)
{
	char name[] = "/tmp/memview-test-XXXXXX", text[512];
	int fd = mkstemp(name);
	struct stat status;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, &large_pages, sizeof(large_pages)),
			 sizeof(large_pages));
	ck_assert_int_eq(fstat(fd, &status), 0);
	close(fd);
	snprintf(text, sizeof(text),
		 "40000-50000 r-xp 00000 1:1 %1$lu %2$s\n"
		 "KernelPageSize: 64 kB\n"
		 "50000-60000 r--p 00000 1:1 %1$lu %2$s\n"
		 "60000-70000 rw-p 10000 1:1 %1$lu %2$s\n",
		 (unsigned long)status.st_ino, name);
	step_parse(&step_after, text);
	unlink(name);
	expect_parts("text relro data");
}
END_TEST

Suite *areas_suite(void)
{
	Suite *suite = suite_create("areas");
	TCase *tests = tcase_create("areas");

	tcase_add_checked_fixture(tests, NULL, steps_free);
	tcase_add_loop_test(tests, the_kernel_s_names_and_files, 0, ALONE);
	tcase_add_test(tests, a_program_s_parts_by_rights_and_order);
	tcase_add_test(tests, a_library_is_one_group_with_parts);
	tcase_add_test(tests, the_program_is_the_last_file_below_the_heap);
	tcase_add_test(tests, without_a_heap_it_is_the_lowest_file);
	tcase_add_loop_test(tests, relro_was_written_to, 0, WRITTEN);
	tcase_add_test(tests, a_file_without_code_is_data_that_is_read);
	tcase_add_test(tests,
		       a_segment_begins_where_a_page_of_its_machine_does);
	suite_add_tcase(suite, tests);
	return suite;
}
