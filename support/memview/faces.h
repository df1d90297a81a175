/* SPDX-License-Identifier: MIT */

/*
 * faces.h - the faces of a film: terminal, SVG, HTML and JSON
 *
 * Those that return an int return 0, or -1 with errno set when memory ran out.
 * Whether everything could be written, the stream knows.
 */

#ifndef MEMVIEW_FACES_H
#define MEMVIEW_FACES_H

#include "model.h"

struct look {
	unsigned int columns; /* of the terminal */
	bool colour;
	bool utf8;
	bool unfold; /* a row each mapping, and no limit */
};

/* What the terminal on standard output is, or what a file gets. */
struct look look_here(bool utf8);

/* One step as lines of text; before is NULL if it is to be shown alone. */
int term_print(FILE *out, const struct step *before, const struct step *after,
	       const struct look *look);

/* All steps in one picture, each in a <g data-step> that hides the last. */
int svg_print(FILE *out, const struct film *film, bool unfold);

/* A picture of one step on its own, within an HTML file; step 0 is first. */
int svg_print_step(FILE *out, const struct film *film, size_t step,
		   bool unfold);

int html_print(FILE *out, const struct film *film, bool unfold);

int json_print(FILE *out, const struct film *film);

/* "41.3 TiB unmapped", the gap below a row at this address. */
void gap_words(FILE *out, uintptr_t end_below, uintptr_t start_above);

#endif
