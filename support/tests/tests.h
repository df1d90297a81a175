/* SPDX-License-Identifier: MIT */

/*
 * tests.h - the suites of support/, and the program that they watch
 */

#ifndef TESTS_H
#define TESTS_H

#include <check.h>

Suite *areas_suite(void);
Suite *diff_suite(void);
Suite *maps_parse_suite(void);
Suite *maps_read_suite(void);
Suite *pages_suite(void);
Suite *pause_suite(void);
Suite *recording_suite(void);
Suite *rows_suite(void);
Suite *screen_suite(void);
Suite *text_suite(void);

/*
 * What the test program is when it is started with arguments: a program that
 * pauses at each label, then copies the rest of its input to its output. If
 * the first is "speak", it leaves the word "spoken" in stdout's buffer before.
 * It answers SIGUSR1 by writing a '!'. Returns its exit status: 0, or the
 * errno of the pause that failed.
 */
int pausing_program(char **labels);

#endif
