/* SPDX-License-Identifier: MIT */

/*
 * The text of /proc/PID/maps and smaps, turned into a list. Both are lines
 *
 *	55d377ed3000-55d377f24000 rw-p 00000000 00:00 0      [heap]
 *
 * and smaps has below each of them lines such as "Rss:    196 kB". A mapping
 * starts with an address and a '-', which no field's name contains.
 */

#include "maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct field {
	const char *name;
	size_t place; /* in struct mapping */
};

/* What the functions below share: the list, and where in the text they are. */
struct parser {
	struct maps *maps;
	size_t room; /* in maps->at, in mappings */
	size_t line; /* the first is 1 */
};

static const struct field fields[] = {
	{ "KernelPageSize", offsetof(struct mapping, page_size) },
	{ "Rss", offsetof(struct mapping, resident) },
	{ "Pss", offsetof(struct mapping, proportional) },
	{ "Shared_Clean", offsetof(struct mapping, shared_clean) },
	{ "Shared_Dirty", offsetof(struct mapping, shared_dirty) },
	{ "Private_Clean", offsetof(struct mapping, private_clean) },
	{ "Private_Dirty", offsetof(struct mapping, private_dirty) },
	{ "Referenced", offsetof(struct mapping, referenced) },
	{ "Anonymous", offsetof(struct mapping, anonymous) },
	{ "LazyFree", offsetof(struct mapping, lazy_free) },
	{ "AnonHugePages", offsetof(struct mapping, huge) },
	{ "Swap", offsetof(struct mapping, swapped) },
	{ "SwapPss", offsetof(struct mapping, swapped_proportional) },
	{ "Locked", offsetof(struct mapping, locked) },
};

/* Says which line is malformed and what belongs there; always -1. */
static int expected(struct parser *parser, const char *what)
{
	snprintf(parser->maps->problem, sizeof(parser->maps->problem),
		 "line %zu: expected %s", parser->line, what);
	errno = EBADMSG;
	return -1;
}

/*
 * The number at *text, which then points behind it. False when there is none,
 * or when it is above max. strtoull would let spaces, signs and 0x pass.
 */
static bool number(const char **text, unsigned int base, uint64_t max,
		   uint64_t *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *start = *text;
	const char *digit;

	*value = 0;
	for (; **text != '\0'; (*text)++) {
		digit = memchr(digits, **text, base);
		if (!digit)
			break;
		if (*value > (max - (uint64_t)(digit - digits)) / base)
			return false;
		*value = *value * base + (uint64_t)(digit - digits);
	}
	return *text > start;
}

static bool skip(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool is_mapping(const char *line)
{
	return line[strspn(line, "0123456789abcdef")] == '-';
}

/* The name as the kernel means it, or NULL with errno set. */
static char *copy_name(const char *text, bool *deleted)
{
	static const char mark[] = " (deleted)";
	const size_t mark_length = sizeof(mark) - 1;
	size_t length = strlen(text);
	char *name, *to;
	const char *from;

	*deleted = length > mark_length &&
		   strcmp(text + length - mark_length, mark) == 0;
	if (*deleted)
		length -= mark_length;
	name = strndup(text, length);
	if (!name)
		return NULL;

	to = name;
	for (from = name; *from != '\0'; from++) {
		if (strncmp(from, "\\012", 4) == 0) {
			*to++ = '\n';
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return name;
}

/* A line's mapping, but for the name: *line then points to that. */
static int parse_mapping(struct parser *parser, const char **line,
			 struct mapping *mapping)
{
	static const char *const rights[] = { "r-", "w-", "x-", "ps" };
	uint64_t start, end, major, minor;
	size_t i;

	if (!number(line, 16, UINTPTR_MAX, &start) || !skip(line, '-') ||
	    !number(line, 16, UINTPTR_MAX, &end) || !skip(line, ' ') ||
	    start >= end)
		return expected(parser, "an address range such as 1000-3000");
	mapping->start = (uintptr_t)start;
	mapping->end = (uintptr_t)end;

	for (i = 0; i < 4; i++) {
		if (**line != rights[i][0] && **line != rights[i][1])
			return expected(parser, "rights such as r-xp");
		mapping->rights[i] = *(*line)++;
	}

	if (!skip(line, ' ') || !number(line, 16, UINT64_MAX, &mapping->offset))
		return expected(parser, "an offset such as 00002000");
	if (!skip(line, ' ') || !number(line, 16, UINT32_MAX, &major) ||
	    !skip(line, ':') || !number(line, 16, UINT32_MAX, &minor))
		return expected(parser, "a device such as fd:01");
	mapping->dev_major = (unsigned int)major;
	mapping->dev_minor = (unsigned int)minor;
	if (!skip(line, ' ') || !number(line, 10, UINT64_MAX, &mapping->inode))
		return expected(parser, "an inode number");
	if (**line != '\0' && **line != ' ')
		return expected(parser, "a space before the name");
	*line += strspn(*line, " ");
	return 0;
}

static int parse_field(struct parser *parser, const char *line,
		       struct mapping *mapping)
{
	const char *colon = strchr(line, ':');
	size_t i, length;
	uint64_t kib;

	if (!colon || colon == line)
		return expected(parser, "a mapping or a field such as Rss:");
	length = (size_t)(colon - line);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strlen(fields[i].name) != length ||
		    memcmp(line, fields[i].name, length) != 0)
			continue;
		line = colon + 1;
		line += strspn(line, " ");
		if (!number(&line, 10, SIZE_MAX / 1024, &kib) ||
		    strcmp(line, " kB") != 0)
			return expected(parser, "a size such as 132 kB");
		*(size_t *)((char *)mapping + fields[i].place) =
			(size_t)kib * 1024;
		break;
	}
	return 0;
}

/*
 * Cuts what the new mapping covers from the end of the list. The new one must
 * reach further: the kernel never goes back to addresses it has listed.
 */
static int make_room(struct parser *parser, const struct mapping *mapping)
{
	struct maps *maps = parser->maps;
	struct mapping *last;

	if (maps->count > 0 && mapping->end <= maps->at[maps->count - 1].end)
		return expected(parser, "addresses above those before");
	while (maps->count > 0) {
		last = &maps->at[maps->count - 1];
		if (last->start < mapping->start) {
			if (last->end > mapping->start)
				last->end = mapping->start;
			break;
		}
		free(last->name);
		maps->count--;
	}
	return 0;
}

/* Appends it, with a copy of its name. */
static int append(struct parser *parser, struct mapping *mapping,
		  const char *name)
{
	struct maps *maps = parser->maps;
	struct mapping *larger;
	size_t room;

	if (maps->count == parser->room) {
		/* Most programs have fewer than 64 mappings. */
		room = parser->room ? 2 * parser->room : 64;
		larger = reallocarray(maps->at, room, sizeof(*larger));
		if (!larger)
			return -1;
		maps->at = larger;
		parser->room = room;
	}
	mapping->name = copy_name(name, &mapping->deleted);
	if (!mapping->name)
		return -1;
	maps->at[maps->count++] = *mapping;
	return 0;
}

static int parse_line(struct parser *parser, const char *line)
{
	struct maps *maps = parser->maps;
	struct mapping mapping = { 0 };

	if (!is_mapping(line)) {
		if (maps->count == 0)
			return expected(parser, "a mapping first");
		return parse_field(parser, line, &maps->at[maps->count - 1]);
	}
	if (parse_mapping(parser, &line, &mapping) != 0 ||
	    make_room(parser, &mapping) != 0)
		return -1;
	return append(parser, &mapping, line);
}

/* Takes the newline off the line; -1 when it is not one whole line of text. */
static int end_line(struct parser *parser, char *line, size_t length)
{
	if (line[length - 1] != '\n')
		return expected(parser, "a newline at its end");
	line[length - 1] = '\0';
	if (strlen(line) != length - 1)
		return expected(parser, "text without zero bytes");
	return 0;
}

int maps_parse(FILE *text, struct maps *maps)
{
	struct parser parser = { .maps = maps };
	size_t line_room = 0;
	char *line = NULL;
	ssize_t length;
	int error = 0;

	*maps = (struct maps){ 0 };
	while (error == 0) {
		length = getline(&line, &line_room, text);
		if (length < 0 && feof(text))
			break;
		parser.line++;
		if (length < 0 ||
		    end_line(&parser, line, (size_t)length) != 0 ||
		    parse_line(&parser, line) != 0)
			error = errno;
	}
	free(line);
	if (error == 0)
		return 0;
	maps_free(maps);
	if (error != EBADMSG)
		snprintf(maps->problem, sizeof(maps->problem), "line %zu: %s",
			 parser.line, strerror(error));
	errno = error;
	return -1;
}
