/* SPDX-License-Identifier: MIT */

/*
 * Runs every suite of support/: `make -C support test`. CK_RUN_CASE=... in the
 * environment runs one test case, CK_FORK=no keeps it in one process, for gdb.
 */

#include "tests.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	SRunner *runner;
	int run, failed;

	if (argc > 1)
		return pausing_program(argv + 1);

	/* Seconds for each test: a sanitizer on a machine under full load. */
	setenv("CK_DEFAULT_TIMEOUT", "60", 0);
	runner = srunner_create(maps_parse_suite());
	srunner_add_suite(runner, maps_read_suite());
	srunner_add_suite(runner, pause_suite());
	srunner_add_suite(runner, areas_suite());
	srunner_add_suite(runner, diff_suite());
	srunner_add_suite(runner, rows_suite());
	srunner_add_suite(runner, screen_suite());
	srunner_add_suite(runner, text_suite());
	srunner_add_suite(runner, pages_suite());
	srunner_add_suite(runner, recording_suite());
	srunner_run_all(runner, CK_NORMAL);
	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);

	printf("%d passed, %d failed\n", run - failed, failed);
	return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
