/* SPDX-License-Identifier: MIT */

/* Steps out of texts: no process is needed to test what memview makes of one.
 */

#include "steps.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct step step_before, step_after;
struct diff diff;

void step_parse(struct step *step, const char *text)
{
	FILE *file = fmemopen((char *)text, strlen(text), "r");
	int result;

	ck_assert_ptr_nonnull(file);
	result = maps_parse(file, &step->maps);
	fclose(file);
	ck_assert_msg(result == 0, "%s in:\n%s", step->maps.problem, text);
	step->labels = areas_label(&step->maps, 0);
	ck_assert_ptr_nonnull(step->labels);
}

void diff_parse(const char *before, const char *after)
{
	steps_free();
	if (before)
		step_parse(&step_before, before);
	step_parse(&step_after, after);
	ck_assert_int_eq(
		diff_make(before ? &step_before : NULL, &step_after, &diff), 0);
}

void steps_free(void)
{
	diff_free(&diff);
	step_free(&step_before);
	step_free(&step_after);
}
