/* SPDX-License-Identifier: MIT */

/*
 * The machine's face: every mapping once, lowest address first, all numbers of
 * smaps in bytes, and how each step differs from the one before. Addresses are
 * strings of hexadecimal digits, because a number in JavaScript has 53 bits.
 */

#include "faces.h"
#include "text.h"

struct number {
	const char *name;
	size_t place; /* in struct mapping */
};

static const struct number numbers[] = {
	{ "resident", offsetof(struct mapping, resident) },
	{ "proportional", offsetof(struct mapping, proportional) },
	{ "shared_clean", offsetof(struct mapping, shared_clean) },
	{ "shared_dirty", offsetof(struct mapping, shared_dirty) },
	{ "private_clean", offsetof(struct mapping, private_clean) },
	{ "private_dirty", offsetof(struct mapping, private_dirty) },
	{ "referenced", offsetof(struct mapping, referenced) },
	{ "anonymous", offsetof(struct mapping, anonymous) },
	{ "lazy_free", offsetof(struct mapping, lazy_free) },
	{ "huge", offsetof(struct mapping, huge) },
	{ "swapped", offsetof(struct mapping, swapped) },
	{ "swapped_proportional",
	  offsetof(struct mapping, swapped_proportional) },
	{ "locked", offsetof(struct mapping, locked) },
};

enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

static size_t number_of(const struct mapping *mapping, size_t i)
{
	return *(const size_t *)((const char *)mapping + numbers[i].place);
}

static void print_mapping(FILE *out, const struct mapping *mapping,
			  const struct label *label)
{
	size_t i;

	fprintf(out,
		"{\"start\":\"%lx\",\"end\":\"%lx\",\"size\":%lu,"
		"\"rights\":\"%s\",\"area\":\"%s\",\"part\":\"%s\","
		"\"offset\":%llu,\"device\":\"%x:%x\",\"inode\":%llu,"
		"\"deleted\":%s,\"page_size\":%zu",
		(unsigned long)mapping->start, (unsigned long)mapping->end,
		(unsigned long)(mapping->end - mapping->start), mapping->rights,
		area_name(label->area), area_name(label->part),
		(unsigned long long)mapping->offset, mapping->dev_major,
		mapping->dev_minor, (unsigned long long)mapping->inode,
		mapping->deleted ? "true" : "false", mapping->page_size);
	for (i = 0; i < NUMBERS; i++)
		fprintf(out, ",\"%s\":%zu", numbers[i].name,
			number_of(mapping, i));
	fputs(",\"name\":", out);
	text_json(out, mapping->name);
	putc('}', out);
}

static void print_totals(FILE *out, const struct maps *maps)
{
	size_t size = 0, totals[NUMBERS] = { 0 }, i, field;

	for (i = 0; i < maps->count; i++) {
		size += maps->at[i].end - maps->at[i].start;
		for (field = 0; field < NUMBERS; field++)
			totals[field] += number_of(&maps->at[i], field);
	}
	fprintf(out, "{\"mappings\":%zu,\"size\":%zu", maps->count, size);
	for (field = 0; field < NUMBERS; field++)
		fprintf(out, ",\"%s\":%zu", numbers[field].name, totals[field]);
	putc('}', out);
}

static void print_index(FILE *out, const char *name,
			const struct mapping *mapping, const struct step *step)
{
	if (mapping)
		fprintf(out, ",\"%s\":%td", name, mapping - step->maps.at);
	else
		fprintf(out, ",\"%s\":null", name);
}

static int print_changes(FILE *out, const struct step *before,
			 const struct step *after)
{
	const char *comma = "";
	const struct pair *pair;
	struct diff diff;
	size_t i;

	if (diff_make(before, after, &diff) != 0)
		return -1;
	for (i = 0; i < diff.count; i++) {
		pair = &diff.at[i];
		if (!pair_differs(pair))
			continue;
		fprintf(out, "%s\n{\"change\":\"%s\"", comma,
			change_word(pair->change));
		print_index(out, "before", pair->before, before);
		print_index(out, "after", pair->after, after);
		if (pair->old_rights[0] != '\0')
			fprintf(out, ",\"rights_before\":\"%s\"",
				pair->old_rights);
		putc('}', out);
		comma = ",";
	}
	diff_free(&diff);
	return 0;
}

int json_print(FILE *out, const struct film *film)
{
	const struct step *step;
	size_t i, j;

	fputs("{\"format\":1,\"steps\":[", out);
	for (i = 0; i < film->count; i++) {
		step = &film->steps[i];
		fprintf(out, "%s{\"title\":", i > 0 ? ",\n" : "\n");
		text_json(out, step->title);
		fputs(",\"caption\":", out);
		text_json(out, step->caption);
		fputs(",\n\"totals\":", out);
		print_totals(out, &step->maps);
		fputs(",\n\"mappings\":[", out);
		for (j = 0; j < step->maps.count; j++) {
			fputs(j > 0 ? ",\n" : "\n", out);
			print_mapping(out, &step->maps.at[j], &step->labels[j]);
		}
		fputs("],\n\"changes\":[", out);
		if (i > 0 && print_changes(out, &film->steps[i - 1], step) != 0)
			return -1;
		fputs("]}", out);
	}
	fputs("]}\n", out);
	return 0;
}
