/* SPDX-License-Identifier: MIT */

/* The changes and the totals, in words. */

#include "model.h"
#include "text.h"

#include <string.h>

const char *change_word(enum change change)
{
	static const char *const words[] = {
		"",	  "NEW",   "GONE",   "GREW",
		"SHRANK", "SPLIT", "JOINED", "CHANGED",
	};

	return words[change];
}

/* "+8 MiB", or "-12 KiB". */
static void print_delta(FILE *out, uint64_t before, uint64_t after)
{
	if (after >= before)
		fprintf(out, "+%s", size_long(after - before).text);
	else
		fprintf(out, "-%s", size_long(before - after).text);
}

bool row_differs(const struct row *row)
{
	return row->change != CHANGE_NONE || row->old_rights[0] != '\0' ||
	       row->before.size != row->after.size ||
	       row->before.resident != row->after.resident ||
	       row->before.swapped != row->after.swapped;
}

void row_change(FILE *out, const struct row *row)
{
	const char *gap = "";

	if (row->change != CHANGE_NONE) {
		fputs(change_word(row->change), out);
		gap = " ";
	}
	if (row->before.size != row->after.size) {
		fputs(gap, out);
		print_delta(out, row->before.size, row->after.size);
		gap = ", ";
	}
	if (row->old_rights[0] != '\0' && row->rights[0] != '\0') {
		fprintf(out, "%sRIGHTS %s to %s", gap, row->old_rights,
			row->rights);
		gap = ", ";
	}
	if (row->before.resident != row->after.resident) {
		fprintf(out, "%sRAM ", gap);
		print_delta(out, row->before.resident, row->after.resident);
		gap = ", ";
	}
	if (row->before.swapped != row->after.swapped) {
		fprintf(out, "%sswap ", gap);
		print_delta(out, row->before.swapped, row->after.swapped);
	}
}

static void print_total(FILE *out, const char *what, uint64_t before,
			uint64_t after, bool compare, const char *arrow)
{
	fputs(what, out);
	if (!compare || before == after) {
		fputs(size_long(after).text, out);
	} else {
		fprintf(out, "%s %s %s (", size_long(before).text, arrow,
			size_long(after).text);
		print_delta(out, before, after);
		putc(')', out);
	}
}

bool rows_measured(const struct rows *rows)
{
	return rows->before.resident > 0 || rows->after.resident > 0 ||
	       rows->before.swapped > 0 || rows->after.swapped > 0;
}

void rows_totals(FILE *out, const struct rows *rows, bool compare,
		 const char *arrow)
{
	if (compare && rows->mappings_before != rows->mappings_after)
		fprintf(out, "%zu %s ", rows->mappings_before, arrow);
	fprintf(out, "%zu mapping%s: ", rows->mappings_after,
		rows->mappings_after == 1 ? "" : "s");
	print_total(out, "virtual ", rows->before.size, rows->after.size,
		    compare, arrow);
	if (rows_measured(rows))
		print_total(out, ", in RAM ", rows->before.resident,
			    rows->after.resident, compare, arrow);
	else
		fputs("; what of it is in RAM, smaps says, and maps does not",
		      out);
	if (rows->before.swapped > 0 || rows->after.swapped > 0)
		print_total(out, ", swapped ", rows->before.swapped,
			    rows->after.swapped, compare, arrow);
	putc('.', out);
}
