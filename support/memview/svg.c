/* SPDX-License-Identifier: MIT */

/*
 * The picture for slides, handouts and reports. It needs nothing beside it and
 * runs no script. Every step is a group with a background of its own: the last
 * one hides those below, and whoever shows them one after another sees a film.
 */

#include "svg.h"
#include "faces.h"
#include "text.h"

#include <stdlib.h>

enum {
	ROWS_MAX = 120, /* --unfold has more */
	TOP = 84,	/* title, caption, header */
	BOTTOM = 60,	/* totals, legend */
};

/* Okabe and Ito's colours, which the colour-blind can tell apart. */
static const char style[] =
	"<style>"
	"svg{--paper:#fff;--ink:#111;--soft:#595959}"
	"@media screen and (prefers-color-scheme:dark){"
	"svg{--paper:#15171c;--ink:#f0f0f0;--soft:#b0b0b0}}"
	"text{font:13px monospace;fill:var(--ink);white-space:pre}"
	".paper{fill:var(--paper)}"
	".title,.change{font-weight:bold}"
	".totals{font-weight:bold}"
	".end{text-anchor:end}"
	".soft,.soft text,.same text{fill:var(--soft)}"
	".bar{fill:none;stroke:var(--ink)}"
	".same .bar{stroke:var(--soft)}"
	".frame{fill:none;stroke:var(--ink);stroke-width:1.5}"
	".gone{stroke-dasharray:6 4}"
	".gap{stroke:var(--soft);stroke-dasharray:2 4;fill:none}"
	".a0{fill:#0072b2}.a1,.a2{fill:#56b4e9}.a3,.a4{fill:#009e73}"
	".a5{fill:#e69f00}.a6{fill:#cc79a7}.a7{fill:#999}"
	".a8{fill:#d55e00}.a9{fill:#777}"
	"</style>\n";

/* Step number i as rows, compared with the one before it, if there is one. */
static int make_rows(const struct film *film, size_t i, bool unfold,
		     struct rows *rows)
{
	struct diff diff;
	int result;

	if (diff_make(i > 0 ? &film->steps[i - 1] : NULL, &film->steps[i],
		      &diff) != 0)
		return -1;
	result = rows_make(&diff, unfold, unfold ? 0 : ROWS_MAX, rows);
	diff_free(&diff);
	return result;
}

static const struct row *above(const struct rows *rows, size_t i)
{
	return i + 1 < rows->count ? &rows->at[i + 1] : NULL;
}

static int height_of(const struct film *film, size_t step, bool unfold,
		     unsigned int *height)
{
	struct rows rows;
	size_t i;

	if (make_rows(film, step, unfold, &rows) != 0)
		return -1;
	*height = TOP + BOTTOM;
	for (i = 0; i < rows.count; i++)
		*height +=
			svg_row_height(&rows.at[i], above(&rows, i), step > 0);
	rows_free(&rows);
	return 0;
}

/* The totals as one string that the caller frees; NULL without memory. */
static char *totals_of(const struct rows *rows, bool compare)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return NULL;
	rows_totals(memory, rows, compare, "->");
	if (fclose(memory) == 0)
		return text;
	free(text);
	return NULL;
}

static unsigned int width_of(const struct film *film)
{
	return film->count > 1 ? SVG_COMPARE_WIDTH : SVG_SINGLE_WIDTH;
}

static int print_group(FILE *out, const struct film *film, size_t step,
		       bool unfold, unsigned int height)
{
	const struct step *shown = &film->steps[step];
	unsigned int width = width_of(film), y = TOP;
	unsigned int room = width - 2 * SVG_MARGIN;
	struct svg_form form = { .wide = film->count > 1, .compare = step > 0 };
	struct rows rows;
	char *totals;
	size_t i;

	if (make_rows(film, step, unfold, &rows) != 0)
		return -1;
	form.measured = rows_measured(&rows);
	totals = totals_of(&rows, form.compare);
	if (!totals) {
		rows_free(&rows);
		return -1;
	}
	fprintf(out, "<g data-step=\"%zu\" role=\"group\" aria-label=\"",
		step + 1);
	text_xml(out, shown->caption);
	fprintf(out,
		"\">\n<rect class=\"paper\" width=\"%u\" height=\"%u\"/>\n",
		width, height);
	svg_line(out, "title", SVG_MARGIN, 26, room, shown->title);
	svg_line(out, "caption", SVG_MARGIN, 48, room, shown->caption);
	svg_header(out, 74, &form);
	for (i = rows.count; i > 0; i--) {
		svg_row(out, &rows.at[i - 1], above(&rows, i - 1), y, &form);
		y += svg_row_height(&rows.at[i - 1], above(&rows, i - 1),
				    form.compare);
	}
	svg_line(out, "totals", SVG_MARGIN, y + 24, room, totals);
	svg_line(out, "soft", SVG_MARGIN, y + 46, room,
		 form.measured ? "Bar: longer is larger, four times for each "
				 "step; filled is in RAM. K is 1024 bytes."
			       : "Bar: longer is larger, four times for each "
				 "step. K is 1024 bytes.");
	fputs("</g>\n", out);
	free(totals);
	rows_free(&rows);
	return 0;
}

/* What a reader who does not see the picture is told of step number i. */
static int print_description(FILE *out, const struct film *film, size_t i)
{
	struct rows rows;

	if (make_rows(film, i, false, &rows) != 0)
		return -1;
	fputs("<title>Address space of ", out);
	text_xml(out, film->steps[i].title);
	fputs("</title>\n<desc>", out);
	text_xml(out, film->steps[i].caption);
	fputs(film->steps[i].caption[0] != '\0' ? ": " : "", out);
	rows_totals(out, &rows, i > 0, "-&gt;");
	fputs("</desc>\n", out);
	rows_free(&rows);
	return 0;
}

/* Steps first to last, drawn upon one another. */
static int print_range(FILE *out, const struct film *film, size_t first,
		       size_t last, bool unfold)
{
	unsigned int height = 0, own;
	size_t i;

	for (i = first; i <= last; i++) {
		if (height_of(film, i, unfold, &own) != 0)
			return -1;
		height = own > height ? own : height;
	}
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
		"viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\">\n",
		width_of(film), height, width_of(film), height);
	if (print_description(out, film, last) != 0)
		return -1;
	fputs(style, out);
	for (i = first; i <= last; i++)
		if (print_group(out, film, i, unfold, height) != 0)
			return -1;
	fputs("</svg>\n", out);
	return 0;
}

int svg_print(FILE *out, const struct film *film, bool unfold)
{
	return print_range(out, film, 0, film->count - 1, unfold);
}

int svg_print_step(FILE *out, const struct film *film, size_t step, bool unfold)
{
	return print_range(out, film, step, step, unfold);
}
