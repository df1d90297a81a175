/* SPDX-License-Identifier: MIT */

/*
 * The terminal's face: a line a row, high addresses on top.
 *
 *	7f3685800000 rw-p mapping     8M ███░░░░░░░    2M  a name
 *
 * With a step before, each line has both sides. What changed is said in words,
 * behind the name where there is room, and else on a line of its own.
 */

#include "faces.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	COLUMNS_MIN = 70, /* below, lines wrap */
	COLUMNS_MAX = 400,
	WIDE = 100, /* room for all digits */
	CHANGE_COLUMNS =
		48,	/* "SHRANK -128 KiB, RIGHTS rw-p to r--p, RAM ..." */
	ROWS_MAX = 200, /* four screens; --unfold has more */
};

struct layout {
	unsigned int address, bar, name;
	bool compare, measured; /* whether there is a before, and RAM known */
	bool change_behind;	/* the name; else below */
};

struct look look_here(bool utf8)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	const char *columns = getenv("COLUMNS");
	struct look look = { .columns = 80, .utf8 = utf8 };
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		look.columns = size.ws_col;
	else if (columns && atoi(columns) > 0)
		look.columns = (unsigned int)atoi(columns);
	if (look.columns < COLUMNS_MIN)
		look.columns = COLUMNS_MIN;
	if (look.columns > COLUMNS_MAX)
		look.columns = COLUMNS_MAX;
	look.colour = isatty(STDOUT_FILENO) &&
		      (!no_colour || no_colour[0] == '\0') && term &&
		      strcmp(term, "dumb") != 0;
	return look;
}

static struct layout lay_out(const struct rows *rows, bool compare,
			     const struct look *look)
{
	struct layout layout = { .compare = compare,
				 .measured = rows_measured(rows),
				 .address = 12 };
	unsigned int wide = look->columns > 80 ? look->columns - 80 : 0, used;

	if (look->columns >= WIDE && rows->count > 0 &&
	    rows->at[rows->count - 1].start >> 24 >> 24 != 0)
		layout.address = 16;
	layout.change_behind = compare && wide >= CHANGE_COLUMNS;
	if (layout.change_behind)
		wide -= CHANGE_COLUMNS;
	layout.bar = (compare ? 6 : 10) + (wide > 80 ? 20 : wide / 4);
	/* "rw-p library 1023K bar 1023K  " and the other side. */
	used = layout.address + 1 + 4 + 1 + 8 + 1 + 5 + 1 + layout.bar + 1 + 5 +
	       2;
	if (compare)
		used += 2 + 5 + 1 + layout.bar + 1 + 5;
	if (layout.change_behind)
		used += CHANGE_COLUMNS + 2;
	layout.name = look->columns - used;
	if (layout.name > TEXT_COLUMNS_MAX)
		layout.name = TEXT_COLUMNS_MAX;
	return layout;
}

/* Okabe and Ito's colours, as near as the 256 colours of terminals come. */
static unsigned int colour_of(enum area area)
{
	static const unsigned char colours[AREA_COUNT] = {
		[AREA_TEXT] = 32,     [AREA_RODATA] = 74,   [AREA_RELRO] = 74,
		[AREA_DATA] = 36,     [AREA_BSS] = 36,	    [AREA_HEAP] = 172,
		[AREA_MAPPING] = 175, [AREA_LIBRARY] = 244, [AREA_STACK] = 166,
		[AREA_KERNEL] = 244,
	};

	return colours[area];
}

static void colour(FILE *out, const struct look *look, unsigned int number)
{
	if (look->colour)
		fprintf(out, "\033[38;5;%um", number);
}

static void attribute(FILE *out, const struct look *look, unsigned int number)
{
	if (look->colour)
		fprintf(out, "\033[%um", number);
}

/*
 * As many cells as the size has, from 1 for a page to the whole bar for 1 GiB,
 * each step four times the last; filled as far as it is in RAM.
 */
static void print_bar(FILE *out, const struct extent *extent,
		      const struct layout *layout, const struct look *look)
{
	static const char *const eighths[] = { "",  "▏", "▎", "▍", "▌",
					       "▋", "▊", "▉", "█" };
	unsigned int cells = 0, step, i, filled;
	uint64_t size = extent->size;

	if (size > 0) {
		for (step = 0; step < 9 && size > 4096; step++)
			size = (size + 3) / 4;
		cells = 1 + step * (layout->bar - 1) / 9;
	}
	filled = extent_share(extent, cells * 8);
	for (i = 0; i < cells; i++) {
		if (!look->utf8)
			putc(filled > 8 * i ? '#' : '-', out);
		else if (filled > 8 * i)
			fputs(eighths[filled > 8 * i + 8 ? 8 : filled - 8 * i],
			      out);
		else
			fputs("░", out);
	}
	fprintf(out, "%*s", (int)(layout->bar - cells), "");
}

static void print_side(FILE *out, const struct row *row,
		       const struct extent *extent, const struct layout *layout,
		       const struct look *look)
{
	if (extent->size == 0) {
		fprintf(out, "%*s", (int)(5 + 1 + layout->bar + 1 + 5), "");
		return;
	}
	fprintf(out, "%5s ", size_short(extent->size).text);
	colour(out, look, colour_of(row->area));
	print_bar(out, extent, layout, look);
	attribute(out, look, 39);
	fprintf(out, " %5s",
		layout->measured ? size_short(extent->resident).text : "");
}

static void print_change(FILE *out, const struct row *row,
			 const struct look *look)
{
	attribute(out, look, 1);
	if (row->change == CHANGE_GONE || row->change == CHANGE_SHRANK)
		colour(out, look, 166);
	else if (row->change != CHANGE_NONE)
		colour(out, look, 36);
	row_change(out, row);
	attribute(out, look, 0);
}

static void print_name(FILE *out, const struct row *row, unsigned int columns,
		       bool pad, const struct look *look)
{
	struct fitted fitted;
	char text[64 + 4096]; /* the kernel's names are at most a page */

	snprintf(text, sizeof(text), "%s%s", row->name,
		 row->deleted ? " (deleted)" : "");
	text_fit(&fitted, text, columns, look->utf8);
	fputs(fitted.text, out);
	if (pad)
		fprintf(out, "%*s", (int)(columns - fitted.columns), "");
}

/* Only what is the kernel's lies so high that it needs 16 digits. */
static void print_address(FILE *out, uintptr_t address,
			  const struct layout *layout, const struct look *look)
{
	if (address >> 24 >> 24 != 0 && layout->address < 16)
		fprintf(out, "%.4lx%s%06lx ",
			(unsigned long)address >> 24 >> 24,
			look->utf8 ? "……" : "..",
			(unsigned long)address & 0xffffff);
	else
		fprintf(out, "%*lx ", (int)layout->address,
			(unsigned long)address);
}

/* The rights; of several mappings, how many they are. */
static void print_rights(FILE *out, const struct row *row,
			 const struct look *look)
{
	char count[24];

	if (row->mappings == 1) {
		fprintf(out, "%-4s ", row->rights);
		return;
	}
	if (row->mappings < 1000)
		snprintf(count, sizeof(count), "%zu", row->mappings);
	else
		snprintf(count, sizeof(count), "%zuk", row->mappings / 1000);
	fprintf(out, "%s%-3s ", look->utf8 ? "×" : "x", count);
}

/* The name and, if there is one, the change: behind it or below. */
static void print_words(FILE *out, const struct row *row, bool differs,
			const struct layout *layout, const struct look *look)
{
	bool behind = differs && layout->change_behind;

	if (row->name[0] != '\0' || behind) {
		fputs("  ", out);
		print_name(out, row, layout->name, behind, look);
	}
	if (!differs)
		return;
	if (behind)
		fputs("  ", out);
	else
		fprintf(out, "\n%*s", (int)layout->address + 1, "");
	print_change(out, row, look);
}

static void print_row(FILE *out, const struct row *row,
		      const struct layout *layout, const struct look *look)
{
	bool differs = layout->compare && row_differs(row);

	if (layout->compare && !differs)
		attribute(out, look, 2);
	print_address(out, row->start, layout, look);
	print_rights(out, row, look);
	fprintf(out, "%-8s ", area_name(row->area));
	if (layout->compare) {
		print_side(out, row, &row->before, layout, look);
		fputs(look->utf8 ? "│ " : "| ", out);
	}
	print_side(out, row, &row->after, layout, look);
	print_words(out, row, differs, layout, look);
	attribute(out, look, 0);
	putc('\n', out);
}

void gap_words(FILE *out, uintptr_t end_below, uintptr_t start_above)
{
	fprintf(out, "%s %s", size_long(start_above - end_below).text,
		end_below >> 63 == 0 && start_above >> 63 == 1
			? "not for programs"
			: "unmapped");
}

static void print_gap(FILE *out, const struct row *below,
		      const struct row *above, const struct layout *layout,
		      const struct look *look)
{
	const char *dots = look->utf8 ? "⋯" : "...";

	if (below->end >= above->start)
		return;
	attribute(out, look, 2);
	fprintf(out, "%*s%s ", (int)layout->address + 1, "", dots);
	gap_words(out, below->end, above->start);
	fprintf(out, " %s", dots);
	attribute(out, look, 0);
	putc('\n', out);
}

static unsigned int columns_of(const char *text, const char *end, bool utf8)
{
	unsigned int columns = 0;
	struct unit unit;

	while (text < end && text_unit(&text, utf8, &unit))
		columns += unit.columns;
	return columns;
}

/* Prints a word from column `used` on, broken where a line ends in it. */
static unsigned int print_word(FILE *out, const char *text, const char *end,
			       unsigned int used, unsigned int columns,
			       bool utf8)
{
	struct unit unit;

	while (text < end && text_unit(&text, utf8, &unit)) {
		if (used + unit.columns > columns) {
			putc('\n', out);
			used = 0;
		}
		fputs(unit.text, out);
		used += unit.columns;
	}
	return used;
}

/* Breaks the text at spaces so that no line is longer than that. */
static void print_wrapped(FILE *out, const char *text, unsigned int columns,
			  bool utf8)
{
	unsigned int used = 0, width;
	const char *end;

	while (*text != '\0') {
		end = text + strcspn(text, " ");
		width = columns_of(text, end, utf8);
		if (used > 0 && used + 1 + width > columns) {
			putc('\n', out);
			used = 0;
		}
		if (used > 0) {
			putc(' ', out);
			used++;
		}
		used = print_word(out, text, end, used, columns, utf8);
		text = end + strspn(end, " ");
	}
	putc('\n', out);
}

static int print_totals(FILE *out, const struct rows *rows, bool compare,
			const struct look *look)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);
	int result;

	if (!memory)
		return -1;
	rows_totals(memory, rows, compare, look->utf8 ? "→" : "->");
	result = fclose(memory);
	if (result == 0)
		print_wrapped(out, text, look->columns, look->utf8);
	free(text);
	return result;
}

static void print_header(FILE *out, const struct layout *layout,
			 const struct look *look)
{
	int side = 5 + 1 + (int)layout->bar + 1 + 5;
	const char *ram = layout->measured ? "in RAM" : "      ";

	attribute(out, look, 4);
	if (layout->compare)
		fprintf(out, "%-*s %-4s %-8s %*s  %s%s%*s  %s  %s",
			(int)layout->address, "address", "", "area", side - 8,
			"size  before", ram, look->utf8 ? "│ " : "| ", side - 8,
			"size   after", ram, "name");
	else
		fprintf(out, "%-*s %-4s %-8s %5s %*s  %s", (int)layout->address,
			"address", "", "area", "size", (int)layout->bar + 6,
			ram, "name");
	attribute(out, look, 0);
	putc('\n', out);
}

static int print_all(FILE *out, const struct rows *rows, bool compare,
		     const struct step *step, const struct look *look)
{
	struct layout layout = lay_out(rows, compare, look);
	size_t i;

	attribute(out, look, 1);
	print_wrapped(out, step->title, look->columns, look->utf8);
	attribute(out, look, 0);
	if (step->caption[0] != '\0')
		print_wrapped(out, step->caption, look->columns, look->utf8);
	print_header(out, &layout, look);
	for (i = rows->count; i > 0; i--) {
		if (i < rows->count)
			print_gap(out, &rows->at[i - 1], &rows->at[i], &layout,
				  look);
		print_row(out, &rows->at[i - 1], &layout, look);
	}
	return print_totals(out, rows, compare, look);
}

int term_print(FILE *out, const struct step *before, const struct step *after,
	       const struct look *look)
{
	struct diff diff;
	struct rows rows;
	int result;

	if (diff_make(before, after, &diff) != 0)
		return -1;
	result = rows_make(&diff, look->unfold, look->unfold ? 0 : ROWS_MAX,
			   &rows);
	diff_free(&diff);
	if (result != 0)
		return -1;

	result = print_all(out, &rows, before != NULL, after, look);
	rows_free(&rows);
	return result;
}
