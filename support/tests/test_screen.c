/* SPDX-License-Identifier: MIT */

/* The screen on a terminal that is made up: it grows whenever it is asked. */

#include "tests.h"

#include "memview/screen.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SMALL = 10, LARGER = 400 };

static unsigned short height; /* 0: the terminals are real ones */

/* Stands in for the C library's, in this whole program. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (request != TIOCGWINSZ || height == 0)
		return (int)syscall(SYS_ioctl, fd, request, argument);
	*(struct winsize *)argument = (struct winsize){ .ws_row = height };
	height += LARGER;
	return 0;
}

/* Shows a text without lines, and returns how many lines were drawn. */
static unsigned int lines_drawn(unsigned int *top)
{
	int was = dup(STDOUT_FILENO), shown = memfd_create("shown", 0);
	char drawn[64 * LARGER] = "", *line;
	unsigned int count = 0;
	int result;

	ck_assert_int_ge(dup2(shown, STDOUT_FILENO), 0);
	result = screen_show("", "status", top);
	dup2(was, STDOUT_FILENO);
	close(was);
	ck_assert_int_eq(result, 0);
	ck_assert_int_gt(pread(shown, drawn, sizeof(drawn) - 1, 0), 0);
	close(shown);
	for (line = drawn; (line = strstr(line, "\033[K")) != NULL; line++)
		count++;
	return count;
}

START_TEST(a_terminal_that_grows_is_drawn_at_the_size_it_had)
{
	unsigned int top = 0;

	height = SMALL;
	ck_assert_uint_eq(lines_drawn(&top), SMALL);
	height = SMALL + LARGER;
	ck_assert_uint_eq(lines_drawn(&top), SMALL + LARGER);
	height = 0;
}
END_TEST

Suite *screen_suite(void)
{
	Suite *suite = suite_create("screen");
	TCase *tests = tcase_create("screen");

	tcase_add_test(tests,
		       a_terminal_that_grows_is_drawn_at_the_size_it_had);
	suite_add_tcase(suite, tests);
	return suite;
}
