/* SPDX-License-Identifier: MIT */

/*
 * pause_at from outside: each test starts a program that pauses, holds both
 * ends of its input and output, and never needs to wait for a time.
 */

#include "tests.h"

#include "maps.h"
#include "pause.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program that pauses; tests.h says what it does. */

static void write_mark(int signal)
{
	(void)signal;
	if (write(STDOUT_FILENO, "!", 1) != 1)
		_exit(EXIT_FAILURE);
}

int pausing_program(char **labels)
{
	/* Without SA_RESTART a signal makes read(2) fail with EINTR. */
	struct sigaction action = { .sa_handler = write_mark };
	char c;

	sigaction(SIGUSR1, &action, NULL);
	if (strcmp(*labels, "speak") == 0) {
		printf("spoken, ");
		labels++;
	}
	for (; *labels; labels++) {
		if (pause_at(*labels) != 0)
			return errno;
	}
	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (write(STDOUT_FILENO, &c, 1) != 1)
			return errno;
	}
	return 0;
}

/* The program as the tests see it. */

static pid_t pid;
static int to_program;
static int from_program;

/* Starts it with these arguments; output NULL is the pipe from_program. */
static void start(char *const argv[], const char *output)
{
	int in[2], out[2];

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (output) {
			close(out[1]);
			out[1] = open(output, O_WRONLY);
		}
		if (dup2(in[0], STDIN_FILENO) < 0 ||
		    dup2(out[1], STDOUT_FILENO) < 0 ||
		    dup2(out[1], STDERR_FILENO) < 0)
			_exit(EXIT_FAILURE);
		execv("/proc/self/exe", argv);
		_exit(EXIT_FAILURE);
	}
	close(in[0]);
	close(out[1]);
	to_program = in[1];
	from_program = out[0];
}

static void send_text(const char *text)
{
	size_t length = strlen(text);

	ck_assert_int_eq(write(to_program, text, length), (ssize_t)length);
}

/* Reads so many bytes and expects them to be this text. */
static void expect(const char *text)
{
	char got[PAUSE_LABEL_MAX + 100] = "";
	size_t length = strlen(text), have = 0;
	ssize_t n;

	ck_assert_uint_lt(length, sizeof(got));
	while (have < length) {
		n = read(from_program, got + have, length - have);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	ck_assert_str_eq(got, text);
}

static void expect_prompt(const char *label)
{
	char prompt[PAUSE_LABEL_MAX + 100];

	snprintf(prompt, sizeof(prompt), "[%ld] %s: press Enter\n", (long)pid,
		 label);
	expect(prompt);
}

/* Closes its input; expects no more output and this exit status. */
static void expect_end(int exit_status)
{
	int status;
	char c;

	close(to_program);
	ck_assert_int_eq(read(from_program, &c, 1), 0);
	close(from_program);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), exit_status);
}

START_TEST(a_prompt_then_nothing_until_enter)
{
	start((char *[]){ "tests", "one", "two", NULL }, NULL);
	expect_prompt("one");
	send_text("\n");
	expect_prompt("two");
	send_text("\n");
	expect_end(0);
}
END_TEST

START_TEST(the_end_of_the_input_counts_as_enter)
{
	start((char *[]){ "tests", "one", NULL }, NULL);
	expect_prompt("one");
	expect_end(0);
}
END_TEST

START_TEST(what_was_printed_before_comes_before)
{
	start((char *[]){ "tests", "speak", "one", NULL }, NULL);
	expect("spoken, ");
	expect_prompt("one");
	expect_end(0);
}
END_TEST

START_TEST(the_input_behind_the_line_is_left_alone)
{
	start((char *[]){ "tests", "one", "two", NULL }, NULL);
	expect_prompt("one");
	send_text("any words\nmm\nthe rest\n");
	expect_prompt("two");
	expect("the rest\n");
	expect_end(0);
}
END_TEST

START_TEST(a_signal_does_not_end_the_pause)
{
	start((char *[]){ "tests", "one", "two", NULL }, NULL);
	expect_prompt("one");
	ck_assert_int_eq(kill(pid, SIGUSR1), 0);
	expect("!");
	ck_assert_int_eq(kill(pid, SIGUSR1), 0);
	expect("!");
	send_text("\n");
	expect_prompt("two");
	expect_end(0);
}
END_TEST

START_TEST(a_label_may_be_so_long_and_no_longer)
{
	char label[PAUSE_LABEL_MAX + 2];

	memset(label, 'x', sizeof(label));
	label[PAUSE_LABEL_MAX] = '\0';
	start((char *[]){ "tests", label, NULL }, NULL);
	expect_prompt(label);
	expect_end(0);

	label[PAUSE_LABEL_MAX] = 'x';
	label[PAUSE_LABEL_MAX + 1] = '\0';
	start((char *[]){ "tests", label, NULL }, NULL);
	expect_end(EINVAL);
}
END_TEST

START_TEST(a_label_of_two_lines_is_refused)
{
	start((char *[]){ "tests", "one\ntwo", NULL }, NULL);
	expect_end(EINVAL);
}
END_TEST

START_TEST(a_prompt_that_cannot_be_written_is_an_error)
{
	start((char *[]){ "tests", "one", NULL }, "/dev/full");
	expect_end(ENOSPC);
	start((char *[]){ "tests", "speak", "one", NULL }, "/dev/full");
	expect_end(ENOSPC);
}
END_TEST

/* Reads lines up to the next prompt; whether one contained the word. */
static bool prompt_comes_after(const char *label, const char *word)
{
	char prompt[100], line[1000];
	FILE *output = fdopen(dup(from_program), "r");
	bool found = false;

	snprintf(prompt, sizeof(prompt), "[%ld] %s: press Enter\n", (long)pid,
		 label);
	ck_assert_ptr_nonnull(output);
	for (;;) {
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), output));
		if (strcmp(line, prompt) == 0)
			break;
		found = found || strstr(line, word);
	}
	fclose(output);
	return found;
}

START_TEST(m_shows_the_map_and_prompts_again)
{
	start((char *[]){ "tests", "one", "two", NULL }, NULL);
	expect_prompt("one");
	send_text("m\n");
	ck_assert(prompt_comes_after("one", "[ stack ]"));
	send_text("m\n");
	ck_assert(prompt_comes_after("one", "[ stack ]"));
	send_text("\n");
	expect_prompt("two");
	expect_end(0);
}
END_TEST

START_TEST(without_pmap_it_says_so_and_goes_on)
{
	ck_assert_int_eq(setenv("PATH", "/nowhere", 1), 0);
	start((char *[]){ "tests", "one", NULL }, NULL);
	expect_prompt("one");
	send_text("m\n");
	ck_assert(prompt_comes_after("one", "pmap is missing"));
	expect_end(0);
}
END_TEST

/* Whether the program has a heap: what malloc gets from brk(2). */
static bool has_heap(void)
{
	struct maps maps;
	bool found = false;
	size_t i;

	ck_assert_msg(maps_read(pid, &maps) == 0, "%s", maps.problem);
	for (i = 0; i < maps.count; i++)
		found = found || strcmp(maps.at[i].name, "[heap]") == 0;
	maps_free(&maps);
	return found;
}

START_TEST(pausing_makes_no_heap)
{
	start((char *[]){ "tests", "one", "two", NULL }, NULL);
	expect_prompt("one");
	send_text("m\n");
	prompt_comes_after("one", "");
	ck_assert(!has_heap());
	send_text("\n");
	expect_prompt("two");
	ck_assert(!has_heap());
	expect_end(0);
}
END_TEST

Suite *pause_suite(void)
{
	Suite *suite = suite_create("pause");
	TCase *tests = tcase_create("pause");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_prompt_then_nothing_until_enter);
	tcase_add_test(tests, the_end_of_the_input_counts_as_enter);
	tcase_add_test(tests, what_was_printed_before_comes_before);
	tcase_add_test(tests, the_input_behind_the_line_is_left_alone);
	tcase_add_test(tests, a_signal_does_not_end_the_pause);
	tcase_add_test(tests, a_label_may_be_so_long_and_no_longer);
	tcase_add_test(tests, a_label_of_two_lines_is_refused);
	tcase_add_test(tests, a_prompt_that_cannot_be_written_is_an_error);
	tcase_add_test(tests, m_shows_the_map_and_prompts_again);
	tcase_add_test(tests, without_pmap_it_says_so_and_goes_on);
	tcase_add_test(tests, pausing_makes_no_heap);
	suite_add_tcase(suite, tests);
	return suite;
}
