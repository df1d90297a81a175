/* SPDX-License-Identifier: MIT */

/*
 * Folds a diff into rows. A row that is joined to its neighbour adds up: sizes,
 * mappings, and what of both is the same. To come below a limit, neighbours
 * are joined in passes, each of which asks for less likeness than the last.
 */

#include "model.h"

#include <stdlib.h>
#include <string.h>

/* Of hostile numbers, a sum that stays at the top rather than wraps. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void extent_add(struct extent *extent, const struct extent *other)
{
	extent->size = sum(extent->size, other->size);
	extent->resident = sum(extent->resident, other->resident);
	extent->swapped = sum(extent->swapped, other->swapped);
}

static struct extent extent_of(const struct mapping *mapping)
{
	struct extent extent = { 0 };

	if (!mapping)
		return extent;
	extent.size = mapping->end - mapping->start;
	/* The kernel counts while the process changes, so more may be there. */
	extent.resident = mapping->resident < extent.size ? mapping->resident
							  : extent.size;
	extent.swapped = mapping->swapped;
	return extent;
}

static struct row row_of(const struct pair *pair)
{
	const struct mapping *shown = pair->after ? pair->after : pair->before;
	const struct label *label = pair->after ? pair->after_label
						: pair->before_label;
	struct row row = {
		.start = shown->start,
		.end = shown->end,
		.area = label->part,
		.name = label->name,
		.deleted = shown->deleted,
		.change = pair->change,
		.mappings = 1,
		.before = extent_of(pair->before),
		.after = extent_of(pair->after),
	};

	memcpy(row.rights, shown->rights, sizeof(row.rights));
	memcpy(row.old_rights, pair->old_rights, sizeof(row.old_rights));
	return row;
}

/* A row that has grown at a place where another one was is just a change. */
static enum change joined_change(const struct row *a, const struct row *b)
{
	return a->change == b->change &&
			       strcmp(a->old_rights, b->old_rights) == 0
		       ? a->change
		       : CHANGE_INSIDE;
}

/* Joins b, which lies above, to a. */
static void join(struct row *a, const struct row *b)
{
	a->change = joined_change(a, b);
	if (b->end > a->end)
		a->end = b->end;
	if (a->area != b->area)
		a->area = AREA_MAPPING;
	if (strcmp(a->name, b->name) != 0 || a->deleted != b->deleted) {
		a->name = "";
		a->deleted = false;
	}
	if (strcmp(a->rights, b->rights) != 0)
		a->rights[0] = '\0';
	if (a->change == CHANGE_INSIDE)
		a->old_rights[0] = '\0';
	a->mappings += b->mappings;
	extent_add(&a->before, &b->before);
	extent_add(&a->after, &b->after);
}

/*
 * Whether a pass, 0 to 2, joins these neighbours. Each joins more than the
 * last, and none what changed in different ways.
 */
static bool joins(int pass, const struct row *a, const struct row *b)
{
	if (a->change != b->change)
		return false;
	if (pass < 2 && a->area != b->area)
		return false;
	return pass > 0 || strcmp(a->name, b->name) == 0;
}

static void join_pass(struct rows *rows, int pass)
{
	size_t i, last = 0;

	for (i = 1; i < rows->count; i++)
		if (joins(pass, &rows->at[last], &rows->at[i]))
			join(&rows->at[last], &rows->at[i]);
		else
			rows->at[++last] = rows->at[i];
	rows->count = last + 1;
}

/* As many neighbours a row as it takes, whatever they are. */
static void join_evenly(struct rows *rows, size_t limit)
{
	size_t each = (rows->count + limit - 1) / limit, i, last = 0;

	for (i = 1; i < rows->count; i++)
		if (i % each != 0)
			join(&rows->at[last], &rows->at[i]);
		else
			rows->at[++last] = rows->at[i];
	rows->count = last + 1;
}

static void add(struct rows *rows, const struct row *row)
{
	extent_add(&rows->before, &row->before);
	extent_add(&rows->after, &row->after);
	rows->at[rows->count++] = *row;
}

static const struct label *label_of(const struct pair *pair)
{
	return pair->after ? pair->after_label : pair->before_label;
}

/* Whether both are of one library: at different steps, groups have no order. */
static bool same_library(const struct pair *a, const struct pair *b)
{
	const struct label *one = label_of(a), *other = label_of(b);

	return one->group != 0 && other->group != 0 &&
	       strcmp(one->name, other->name) == 0 &&
	       (!a->after == !b->after ? one->group == other->group : true);
}

int rows_make(const struct diff *diff, bool unfold, size_t limit,
	      struct rows *rows)
{
	struct row row;
	size_t i;
	int pass;

	*rows = (struct rows){ .at = calloc(diff->count + 1,
					    sizeof(*rows->at)) };
	if (!rows->at)
		return -1;
	for (i = 0; i < diff->count; i++) {
		row = row_of(&diff->at[i]);
		rows->mappings_before += diff->at[i].before != NULL;
		rows->mappings_after += diff->at[i].after != NULL;
		if (unfold || label_of(&diff->at[i])->group == 0) {
			add(rows, &row);
			continue;
		}
		row.area = AREA_LIBRARY;
		if (i == 0 || !same_library(&diff->at[i - 1], &diff->at[i])) {
			add(rows, &row);
			continue;
		}
		extent_add(&rows->before, &row.before);
		extent_add(&rows->after, &row.after);
		join(&rows->at[rows->count - 1], &row);
	}
	for (pass = 0; pass < 3 && limit > 0 && rows->count > limit; pass++)
		join_pass(rows, pass);
	if (limit > 0 && rows->count > limit)
		join_evenly(rows, limit);
	return 0;
}

void rows_free(struct rows *rows)
{
	free(rows->at);
	*rows = (struct rows){ 0 };
}

unsigned int extent_share(const struct extent *extent, unsigned int units)
{
	uint64_t share;

	if (extent->resident == 0 || extent->size == 0)
		return 0;
	if (extent->resident >= extent->size)
		return units;
	/* KiB, so that the product stays small. */
	share = (extent->resident >> 10) * units / ((extent->size >> 10) | 1);
	if (share == 0)
		return 1;
	return share >= units ? units - 1 : (unsigned int)share;
}
