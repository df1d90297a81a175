/* SPDX-License-Identifier: MIT */

/*
 * Which mapping of before is which of after. Two are the same if they overlap
 * and would hold the same bytes there: of no file, or of one file at the same
 * distance. Each takes the partner with which it shares most, and a couple are
 * those who chose each other. What found no partner was split off or joined if
 * it overlaps one, and otherwise is new or gone.
 */

#include "model.h"

#include <stdlib.h>
#include <string.h>

struct partner {
	size_t index;
	uintptr_t overlap; /* 0: none */
};

static bool same_backing(const struct mapping *a, const struct mapping *b)
{
	if (a->inode != b->inode || a->dev_major != b->dev_major ||
	    a->dev_minor != b->dev_minor || strcmp(a->name, b->name) != 0)
		return false;
	return a->inode == 0 || a->start - a->offset == b->start - b->offset;
}

static uintptr_t overlap_of(const struct mapping *a, const struct mapping *b)
{
	uintptr_t start = a->start > b->start ? a->start : b->start;
	uintptr_t end = a->end < b->end ? a->end : b->end;

	return start < end && same_backing(a, b) ? end - start : 0;
}

static void prefer(struct partner *partner, size_t index, uintptr_t overlap)
{
	if (overlap > partner->overlap) {
		partner->index = index;
		partner->overlap = overlap;
	}
}

/* Both lists are in order, so a walk over both meets every overlap. */
static void choose(const struct maps *before, const struct maps *after,
		   struct partner *of_before, struct partner *of_after)
{
	size_t i = 0, j = 0;
	uintptr_t overlap;

	while (i < before->count && j < after->count) {
		overlap = overlap_of(&before->at[i], &after->at[j]);
		prefer(&of_before[i], j, overlap);
		prefer(&of_after[j], i, overlap);
		if (before->at[i].end < after->at[j].end)
			i++;
		else
			j++;
	}
}

static size_t length(const struct mapping *mapping)
{
	return mapping->end - mapping->start;
}

static void compare(struct pair *pair)
{
	const struct mapping *before = pair->before, *after = pair->after;

	if (length(after) != length(before))
		pair->change = length(after) > length(before) ? CHANGE_GREW
							      : CHANGE_SHRANK;
	if (strcmp(before->rights, after->rights) != 0)
		memcpy(pair->old_rights, before->rights,
		       sizeof(before->rights));
}

/* The mapping after, with its partner if that chose it, too. */
static struct pair pair_after(const struct step *before,
			      const struct step *after, size_t j,
			      const struct partner *of_before,
			      const struct partner *of_after)
{
	struct pair pair = { .after = &after->maps.at[j],
			     .after_label = &after->labels[j] };
	size_t i = of_after[j].index;

	if (of_after[j].overlap == 0) {
		pair.change = CHANGE_NEW;
	} else if (of_before[i].index == j) {
		pair.before = &before->maps.at[i];
		pair.before_label = &before->labels[i];
		compare(&pair);
	} else {
		pair.change = CHANGE_SPLIT;
		if (strcmp(before->maps.at[i].rights, pair.after->rights) != 0)
			memcpy(pair.old_rights, before->maps.at[i].rights,
			       sizeof(pair.old_rights));
	}
	return pair;
}

/* All of after, and between them what of before has no couple's place. */
static void fill(const struct step *before, const struct step *after,
		 const struct partner *of_before,
		 const struct partner *of_after, struct diff *diff)
{
	size_t i = 0, j = 0;
	struct pair *pair;

	while (i < before->maps.count || j < after->maps.count) {
		pair = &diff->at[diff->count];
		if (i < before->maps.count && of_before[i].overlap > 0 &&
		    of_after[of_before[i].index].index == i) {
			i++; /* comes with its partner */
		} else if (j == after->maps.count ||
			   (i < before->maps.count &&
			    before->maps.at[i].start <
				    after->maps.at[j].start)) {
			*pair = (struct pair){
				.before = &before->maps.at[i],
				.before_label = &before->labels[i],
				.change = of_before[i].overlap > 0
						  ? CHANGE_JOINED
						  : CHANGE_GONE,
			};
			diff->count++;
			i++;
		} else {
			*pair = pair_after(before, after, j, of_before,
					   of_after);
			diff->count++;
			j++;
		}
	}
}

int diff_make(const struct step *before, const struct step *after,
	      struct diff *diff)
{
	struct partner *of_before = NULL, *of_after = NULL;
	size_t i, all = after->maps.count + (before ? before->maps.count : 0);
	int result = -1;

	/* One more: calloc(0) may return NULL without a failure. */
	*diff = (struct diff){ .at = calloc(all + 1, sizeof(*diff->at)) };
	if (!diff->at)
		return -1;
	if (!before) {
		for (i = 0; i < all; i++)
			diff->at[i] = (struct pair){
				.after = &after->maps.at[i],
				.after_label = &after->labels[i],
			};
		diff->count = all;
		return 0;
	}

	of_before = calloc(before->maps.count + 1, sizeof(*of_before));
	of_after = calloc(after->maps.count + 1, sizeof(*of_after));
	if (of_before && of_after) {
		choose(&before->maps, &after->maps, of_before, of_after);
		fill(before, after, of_before, of_after, diff);
		result = 0;
	} else {
		diff_free(diff);
	}
	free(of_before);
	free(of_after);
	return result;
}

bool pair_differs(const struct pair *pair)
{
	if (pair->change != CHANGE_NONE || pair->old_rights[0] != '\0')
		return true;
	return pair->before &&
	       (pair->before->resident != pair->after->resident ||
		pair->before->swapped != pair->after->swapped);
}

void diff_free(struct diff *diff)
{
	free(diff->at);
	*diff = (struct diff){ 0 };
}
