/* SPDX-License-Identifier: MIT */

/*
 * text.h - names and numbers as people may see them
 *
 * A name comes from the process that is looked at, which may be hostile: it
 * may hold escape sequences, markup, 4 KiB of anything, or no text at all.
 */

#ifndef MEMVIEW_TEXT_H
#define MEMVIEW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { TEXT_COLUMNS_MAX = 250 };

/* The smallest piece of a text that is shown whole or not at all. */
struct unit {
	char text[16];	  /* a printable character, or an escape for one */
	unsigned columns; /* of a terminal */
};

/* A piece of text that fits into so many columns. */
struct fitted {
	char text[4 * TEXT_COLUMNS_MAX + 4];
	unsigned columns;
};

/* Call it once, before the others: whether this terminal can show UTF-8. */
bool text_setup(void);

/*
 * Takes the next unit off the text; false at its end. What a terminal would
 * obey, cannot show or shows in no column becomes \n, \x1b or \u{202e}.
 */
bool text_unit(const char **text, bool utf8, struct unit *unit);

/* Cuts the middle out of a text that is too long; the limit is above 2. */
void text_fit(struct fitted *fitted, const char *text, unsigned columns,
	      bool utf8);

/* The whole text for an XML or HTML file, in content or attribute. */
void text_xml(FILE *out, const char *text);

/* The whole text as a JSON string; byte 0x80 that is no UTF-8 is \udc80. */
void text_json(FILE *out, const char *text);

/* The character of UTF-8 at the start, and its bytes; 0 if there is none. */
size_t text_character(const char *text, uint32_t *character);

/* A size of bytes in at most 5 columns, "132K", and in words, "132 KiB". */
struct size_text {
	char text[24];
};
struct size_text size_short(uint64_t bytes);
struct size_text size_long(uint64_t bytes);

#endif
