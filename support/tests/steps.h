/* SPDX-License-Identifier: MIT */

/* steps.h - steps of a film out of texts, for the tests of memview */

#ifndef STEPS_H
#define STEPS_H

#include "memview/model.h"

/* A text of maps or smaps as a step, labelled; the test ends if it is none. */
void step_parse(struct step *step, const char *text);

/* The same with the difference to an earlier text, or to none (NULL). */
void diff_parse(const char *before, const char *after);

/* What diff_parse made last; freed and made anew by the next call. */
extern struct step step_before, step_after;
extern struct diff diff;

/* Frees them. A fixture of every suite that uses them. */
void steps_free(void);

#endif
