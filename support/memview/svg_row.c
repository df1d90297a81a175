/* SPDX-License-Identifier: MIT */

/* One row of the SVG, and the gap above it. */

#include "svg.h"

#include "faces.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* Where the columns of a row begin; a number ends where it says. */
enum {
	X_ADDRESS_END = 152,
	X_RIGHTS = 162,
	X_AREA = 204,
	X_BEFORE = 280,
	X_AFTER = 508,
	X_NAME = 736,
	X_NAME_SINGLE = 560,
	BAR_COMPARE = 116,
	BAR_SINGLE = 168,
	SIZE = 44, /* "1023K" */
	GAP = 6,
	BASELINE = 14,
	BAR_TOP = 4,
	BAR_HEIGHT = 12,
	GAP_ROW = 20,
};

static bool has_gap(const struct row *row, const struct row *above)
{
	return above && row->end < above->start;
}

unsigned int svg_row_height(const struct row *row, const struct row *above,
			    bool compare)
{
	return (compare && row_differs(row) ? SVG_CHANGED_ROW : SVG_ROW) +
	       (has_gap(row, above) ? GAP_ROW : 0);
}

/*
 * Letters that a monospaced font does not have come from others, and are as
 * wide as those please; so they are squeezed into the room they were given.
 */
void svg_line(FILE *out, const char *class, unsigned int x, unsigned int y,
	      unsigned int width, const char *text)
{
	struct fitted fitted;
	const char *at;

	text_fit(&fitted, text, width * 10 / SVG_TENTHS_A_COLUMN, true);
	if (fitted.columns == 0)
		return;
	fprintf(out, "<text class=\"%s\" x=\"%u\" y=\"%u\"", class, x, y);
	for (at = fitted.text; *at != '\0'; at++)
		if ((unsigned char)*at >= 0x80)
			break;
	if (*at != '\0')
		fprintf(out,
			" textLength=\"%u\" lengthAdjust=\"spacingAndGlyphs\"",
			fitted.columns * 78 / 10);
	putc('>', out);
	text_xml(out, fitted.text);
	fputs("</text>\n", out);
}

static void right_aligned(FILE *out, unsigned int x, unsigned int y,
			  const char *text)
{
	fprintf(out, "<text class=\"end\" x=\"%u\" y=\"%u\">%s</text>\n", x, y,
		text);
}

/*
 * The outline is the size: a sixth for a page up to the whole for 1 GiB, each
 * step four times the last. What is filled is in RAM.
 */
static void bar(FILE *out, const struct row *row, const struct extent *extent,
		unsigned int x, unsigned int y, unsigned int width)
{
	unsigned int length, filled, step;
	uint64_t size = extent->size;

	for (step = 0; step < 9 && size > 4096; step++)
		size = (size + 3) / 4;
	length = width / 6 + step * (width - width / 6) / 9;
	filled = extent_share(extent, length);
	if (filled > 0)
		fprintf(out,
			"<rect class=\"a%d\" x=\"%u\" y=\"%u\" width=\"%u\" "
			"height=\"%d\"/>",
			(int)row->area, x, y + BAR_TOP, filled, BAR_HEIGHT);
	fprintf(out,
		"<rect class=\"bar\" x=\"%u\" y=\"%u\" width=\"%u\" "
		"height=\"%d\"/>\n",
		x, y + BAR_TOP, length, BAR_HEIGHT);
}

static void side(FILE *out, const struct row *row, const struct extent *extent,
		 unsigned int x, unsigned int y, const struct svg_form *form)
{
	unsigned int width = form->wide ? BAR_COMPARE : BAR_SINGLE;

	if (extent->size == 0)
		return;
	right_aligned(out, x + SIZE, y + BASELINE,
		      size_short(extent->size).text);
	bar(out, row, extent, x + SIZE + GAP, y, width);
	if (form->measured)
		right_aligned(out, x + 2 * SIZE + 2 * GAP + width, y + BASELINE,
			      size_short(extent->resident).text);
}

static void gap(FILE *out, const struct row *row, const struct row *above,
		unsigned int y, unsigned int right)
{
	fprintf(out,
		"<path class=\"gap\" d=\"M%d %uH%dM%d %uH%u\"/>"
		"<text class=\"soft\" x=\"%d\" y=\"%u\">",
		SVG_MARGIN, y + GAP_ROW / 2, X_AREA - 10,
		X_BEFORE + 228 /* "1023.9 GiB not for programs" */,
		y + GAP_ROW / 2, right, X_AREA, y + BASELINE);
	gap_words(out, row->end, above->start);
	fputs("</text>\n", out);
}

/* What a pointer that rests on the row is told: nothing is cut here. */
static void tooltip(FILE *out, const struct row *row)
{
	fprintf(out, "<title>%lx-%lx %s %s ", (unsigned long)row->start,
		(unsigned long)row->end, row->rights, area_name(row->area));
	text_xml(out, row->name);
	if (row->deleted)
		fputs(" (deleted)", out);
	if (row->mappings > 1)
		fprintf(out, " (%zu mappings)", row->mappings);
	fputs("</title>", out);
}

static void name(FILE *out, const struct row *row, unsigned int x,
		 unsigned int y, unsigned int width)
{
	char *text;

	if (asprintf(&text, "%s%s", row->name,
		     row->deleted ? " (deleted)" : "") < 0)
		return;
	svg_line(out, "name", x, y, width, text);
	free(text);
}

/* The words for the change, below the bars, in a frame around the row. */
static void change(FILE *out, const struct row *row, unsigned int y,
		   unsigned int width)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return;
	row_change(memory, row);
	if (fclose(memory) == 0)
		svg_line(out, "change", X_BEFORE + SIZE + GAP,
			 y + SVG_ROW + BASELINE - 1,
			 width - X_BEFORE - SIZE - GAP - SVG_MARGIN - 8, text);
	free(text);
}

static void frame(FILE *out, const struct row *row, unsigned int y,
		  unsigned int width)
{
	fprintf(out,
		"<rect class=\"frame%s\" x=\"%d\" y=\"%u\" "
		"width=\"%u\" height=\"%d\"/>\n",
		row->change == CHANGE_GONE ? " gone" : "", SVG_MARGIN - 8, y,
		width - 2 * SVG_MARGIN + 16, SVG_CHANGED_ROW - 2);
}

/* Address, rights or how many mappings it stands for, and area. */
static void place(FILE *out, const struct row *row, unsigned int y)
{
	char text[32];

	snprintf(text, sizeof(text), "%lx", (unsigned long)row->start);
	right_aligned(out, X_ADDRESS_END, y + BASELINE, text);
	if (row->mappings > 9999)
		snprintf(text, sizeof(text), "×%zuk", row->mappings / 1000);
	else if (row->mappings > 1)
		snprintf(text, sizeof(text), "×%zu", row->mappings);
	else
		snprintf(text, sizeof(text), "%s", row->rights);
	fprintf(out,
		"<text x=\"%d\" y=\"%u\">%s</text>"
		"<text x=\"%d\" y=\"%u\">%s</text>\n",
		X_RIGHTS, y + BASELINE, text, X_AREA, y + BASELINE,
		area_name(row->area));
}

void svg_row(FILE *out, const struct row *row, const struct row *above,
	     unsigned int y, const struct svg_form *form)
{
	unsigned int width = form->wide ? SVG_COMPARE_WIDTH : SVG_SINGLE_WIDTH;
	unsigned int x_name = form->wide ? X_NAME : X_NAME_SINGLE;
	bool differs = form->compare && row_differs(row);

	if (has_gap(row, above)) {
		gap(out, row, above, y, width - SVG_MARGIN);
		y += GAP_ROW;
	}
	fprintf(out, "<g%s>",
		form->compare && !differs ? " class=\"same\"" : "");
	tooltip(out, row);
	if (differs)
		frame(out, row, y, width);
	place(out, row, y);
	if (form->compare)
		side(out, row, &row->before, X_BEFORE, y, form);
	side(out, row, &row->after, form->wide ? X_AFTER : X_BEFORE, y, form);
	name(out, row, x_name, y + BASELINE, width - SVG_MARGIN - x_name);
	if (differs)
		change(out, row, y, width);
	fputs("</g>\n", out);
}

static void header(FILE *out, const char *what, unsigned int x, unsigned int y,
		   const struct svg_form *form)
{
	unsigned int width = form->wide ? BAR_COMPARE : BAR_SINGLE;

	right_aligned(out, x + SIZE, y, "size");
	fprintf(out, "<text x=\"%u\" y=\"%u\">%s</text>\n", x + SIZE + GAP, y,
		what);
	if (form->measured)
		right_aligned(out, x + 2 * SIZE + 2 * GAP + width, y, "in RAM");
}

void svg_header(FILE *out, unsigned int y, const struct svg_form *form)
{
	fprintf(out, "<g class=\"soft\">");
	right_aligned(out, X_ADDRESS_END, y, "address");
	fprintf(out, "<text x=\"%d\" y=\"%u\">area</text>\n", X_AREA, y);
	if (form->compare)
		header(out, "before", X_BEFORE, y, form);
	header(out, form->compare ? "after" : "",
	       form->wide ? X_AFTER : X_BEFORE, y, form);
	fprintf(out, "<text x=\"%d\" y=\"%u\">name</text></g>\n",
		form->wide ? X_NAME : X_NAME_SINGLE, y);
}
