/* SPDX-License-Identifier: MIT */

/* svg.h - between svg.c, which makes the page, and svg_row.c, which fills it */

#ifndef MEMVIEW_SVG_H
#define MEMVIEW_SVG_H

#include "model.h"

enum {
	SVG_MARGIN = 16,
	SVG_COMPARE_WIDTH = 1040,
	SVG_SINGLE_WIDTH = 860,
	SVG_ROW = 20,	      /* a line of 13-pixel text with air */
	SVG_CHANGED_ROW = 40, /* two lines */
	SVG_LEGEND_ROW = 24,
};

/*
 * Monospaced fonts are 0.60 em wide, give or take a hundredth. The room that
 * text is given is that of a wider one.
 */
enum { SVG_FONT_SIZE = 13, SVG_TENTHS_A_COLUMN = 82 };

/* The height of a row, with the gap above it, if there is a row above. */
unsigned int svg_row_height(const struct row *row, const struct row *above,
			    bool compare);

/* What there is to draw of each row. */
struct svg_form {
	bool wide;     /* there is room for before and after */
	bool compare;  /* and there is a before */
	bool measured; /* and it is known what is in RAM */
};

/* Draws the row with its top at y. */
void svg_row(FILE *out, const struct row *row, const struct row *above,
	     unsigned int y, const struct svg_form *form);

/* The line above the rows that says what they are. */
void svg_header(FILE *out, unsigned int y, const struct svg_form *form);

/* A line of text from x to the right margin, cut if it must be. */
void svg_line(FILE *out, const char *class, unsigned int x, unsigned int y,
	      unsigned int width, const char *text);

#endif
