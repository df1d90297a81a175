/* SPDX-License-Identifier: MIT */

/* A recording: what is written step by step is what is read back. */

#include "tests.h"

#include "memview/model.h"
#include "memview/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/memview-test-XXXXXX", problem[PROBLEM_MAX];
static struct recording recording;
static struct film film;

static void make_folder(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	recording = (struct recording){ .folder = folder, .problem = problem };
	problem[0] = '\0';
}

static void remove_folder(void)
{
	static const char *const names[] = { "001.smaps", "001.txt",
					     "002.smaps", "002.txt", "notes" };
	char path[64];
	size_t i;

	film_free(&film);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static void write_file(const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(steps_come_back_in_order_with_their_causes)
{
	char who[32];

	ck_assert_int_eq(recording_open(&recording), 0);
	ck_assert_int_eq(recording_add(&recording, getpid(), "before"), 0);
	ck_assert_int_eq(recording_add(&recording, getpid(), "after"), 0);
	ck_assert_uint_eq(recording.steps, 2);
	ck_assert_msg(film_add_folder(&film, folder, problem) == 0, "%s",
		      problem);
	ck_assert_uint_eq(film.count, 2);
	ck_assert_str_eq(film.steps[0].caption, "before");
	ck_assert_str_eq(film.steps[1].caption, "after");
	snprintf(who, sizeof(who), "process %ld (", (long)getpid());
	ck_assert_ptr_nonnull(strstr(film.steps[1].title, who));
	ck_assert_ptr_nonnull(strstr(film.steps[1].title, "step 2 of 2"));
	ck_assert_uint_gt(film.steps[0].maps.count, 0);
}
END_TEST

START_TEST(what_is_in_a_folder_is_not_overwritten)
{
	write_file("notes", "mine\n");
	ck_assert_int_eq(recording_open(&recording), -1);
	ck_assert_ptr_nonnull(strstr(problem, "not empty"));
}
END_TEST

START_TEST(a_process_that_is_not_there_adds_no_step)
{
	ck_assert_int_eq(recording_open(&recording), 0);
	ck_assert_int_eq(recording_add(&recording, (1 << 22) + 1, "x"), -1);
	ck_assert_uint_eq(recording.steps, 0);
	ck_assert_str_ne(problem, "");
	ck_assert_int_eq(film_add_folder(&film, folder, problem), -1);
	ck_assert_ptr_nonnull(strstr(problem, "holds no recording"));
}
END_TEST

/* Only an empty folder can be recorded into. */
static void expect_nothing_added(void)
{
	ck_assert_uint_eq(recording.steps, 0);
	ck_assert_int_eq(recording_open(&recording), 0);
}

START_TEST(a_process_that_has_ended_adds_no_step)
{
	pid_t child = fork();
	int result, error;
	siginfo_t info;

	if (child == 0)
		_exit(0);
	ck_assert_int_gt(child, 0);
	/* Until its parent waits for it, its smaps is there and empty. */
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT),
			 0);
	result = recording_add(&recording, child, "x");
	error = errno;
	waitpid(child, NULL, 0);
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(error, ESRCH);
	ck_assert_str_ne(problem, "");
	expect_nothing_added();
}
END_TEST

START_TEST(of_a_step_that_cannot_be_written_nothing_stays)
{
	/* Room for the cause, and not for the list. */
	const rlim_t room = 512;
	struct rlimit before, small;
	int result, error;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = room;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	result = recording_add(&recording, getpid(), "x");
	error = errno;
	setrlimit(RLIMIT_FSIZE, &before);
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(error, EFBIG);
	ck_assert_ptr_nonnull(strstr(problem, strerror(EFBIG)));
	expect_nothing_added();
}
END_TEST

/* The limit below which so many numbers for files are free. */
static rlim_t limit_for(int files)
{
	int fd;

	for (fd = 0; files > 0; fd++)
		files -= fcntl(fd, F_GETFD) < 0;
	return (rlim_t)fd;
}

static const int free_files[] = { 1, 3 }; /* for no pipe, and for one */
enum { FREE_FILES = sizeof(free_files) / sizeof(free_files[0]) };

START_TEST(a_pipe_that_cannot_be_made_is_told_and_leaves_none)
{
	char name[] = "true", *command[] = { name, NULL };
	struct rlimit before, few;
	int result;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = limit_for(free_files[_i]);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	result = record_program(&recording, command);
	setrlimit(RLIMIT_NOFILE, &before);
	ck_assert_int_eq(result, -1);
	ck_assert_ptr_nonnull(strstr(problem, strerror(EMFILE)));
	ck_assert_uint_eq(limit_for(free_files[_i]), few.rlim_cur);
}
END_TEST

START_TEST(a_broken_step_adds_none_at_all)
{
	write_file("001.smaps", "1000-2000 rw-p 0 0:0 0\n");
	write_file("002.smaps", "no mapping\n");
	ck_assert_int_eq(film_add_folder(&film, folder, problem), -1);
	ck_assert_ptr_nonnull(strstr(problem, "002.smaps: line 1"));
	ck_assert_ptr_nonnull(strstr(problem, "remove it to see the other"));
	ck_assert_uint_eq(film.count, 0);
}
END_TEST

START_TEST(a_fifo_in_a_folder_is_not_waited_for)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/001.txt", folder);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	write_file("001.smaps", "1000-2000 rw-p 0 0:0 0\n");
	ck_assert_int_eq(film_add_folder(&film, folder, problem), 0);
	snprintf(path, sizeof(path), "%s/002.smaps", folder);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(film_add_folder(&film, folder, problem), -1);
	ck_assert_ptr_nonnull(strstr(problem, "002.smaps: is empty"));
	ck_assert_uint_eq(film.count, 1);
}
END_TEST

START_TEST(a_step_without_a_cause_is_compared)
{
	write_file("002.smaps", "2000-3000 rw-p 0 0:0 0\n");
	write_file("001.smaps", "1000-2000 rw-p 0 0:0 0\n");
	write_file("001.txt", "the cause\n");
	ck_assert_int_eq(film_add_folder(&film, folder, problem), 0);
	ck_assert_uint_eq(film.steps[0].maps.at[0].start, 0x1000);
	ck_assert_str_eq(film.steps[0].caption, "the cause");
	ck_assert_ptr_nonnull(strstr(film.steps[1].caption, "compared with"));
}
END_TEST

Suite *recording_suite(void)
{
	Suite *suite = suite_create("recording");
	TCase *tests = tcase_create("recording");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, steps_come_back_in_order_with_their_causes);
	tcase_add_test(tests, what_is_in_a_folder_is_not_overwritten);
	tcase_add_test(tests, a_process_that_is_not_there_adds_no_step);
	tcase_add_test(tests, a_process_that_has_ended_adds_no_step);
	tcase_add_test(tests, of_a_step_that_cannot_be_written_nothing_stays);
	tcase_add_loop_test(tests,
			    a_pipe_that_cannot_be_made_is_told_and_leaves_none,
			    0, FREE_FILES);
	tcase_add_test(tests, a_broken_step_adds_none_at_all);
	tcase_add_test(tests, a_fifo_in_a_folder_is_not_waited_for);
	tcase_add_test(tests, a_step_without_a_cause_is_compared);
	suite_add_tcase(suite, tests);
	return suite;
}
