/* SPDX-License-Identifier: MIT */

/* Hostile text, made printable for each face. The C library says what is. */

#include "text.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>

bool text_setup(void)
{
	bool utf8 = setlocale(LC_CTYPE, "") &&
		    strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	/* SVG is UTF-8 wherever it is made. Without this locale: ASCII. */
	if (!utf8)
		setlocale(LC_CTYPE, "C.UTF-8");
	return utf8;
}

/* RFC 3629: no surrogates, nothing above 10ffff, the shortest form only. */
size_t text_character(const char *text, uint32_t *character)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *byte = (const unsigned char *)text;
	size_t length, i;

	*character = byte[0];
	if (byte[0] < 0x80)
		return byte[0] != '\0';
	if (byte[0] < 0xc0 || byte[0] > 0xf4)
		return 0;
	length = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	*character = byte[0] & (0x7fu >> length);
	for (i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (byte[i] & 0x3f);
	}
	if (*character < smallest[length] || *character > 0x10ffff ||
	    (*character >= 0xd800 && *character < 0xe000))
		return 0;
	return length;
}

bool text_unit(const char **text, bool utf8, struct unit *unit)
{
	uint32_t character;
	size_t length;
	int columns;

	if (**text == '\0')
		return false;
	length = text_character(*text, &character);
	columns = length > 0 ? wcwidth((wchar_t)character) : -1;
	if (length > 1 && !utf8)
		columns = -1;
	if (columns > 0) {
		memcpy(unit->text, *text, length);
		unit->text[length] = '\0';
		unit->columns = (unsigned int)columns;
		*text += length;
		return true;
	}
	if (length > 1)
		snprintf(unit->text, sizeof(unit->text), "\\u{%x}",
			 (unsigned int)character);
	else if (**text == '\n')
		strcpy(unit->text, "\\n");
	else
		snprintf(unit->text, sizeof(unit->text), "\\x%02x",
			 (unsigned int)(unsigned char)**text);
	unit->columns = (unsigned int)strlen(unit->text);
	*text += length > 1 ? length : 1;
	return true;
}

static unsigned int columns_of(const char *text, bool utf8)
{
	unsigned int columns = 0;
	struct unit unit;

	while (text_unit(&text, utf8, &unit))
		columns += unit.columns;
	return columns;
}

static void append(struct fitted *fitted, const char *text, unsigned columns)
{
	strcat(fitted->text, text);
	fitted->columns += columns;
}

void text_fit(struct fitted *fitted, const char *text, unsigned columns,
	      bool utf8)
{
	unsigned int left = columns_of(text, utf8), dots = utf8 ? 1 : 2;
	const char *base = strrchr(text, '/');
	unsigned int head, tail;
	struct unit unit;

	if (columns > TEXT_COLUMNS_MAX)
		columns = TEXT_COLUMNS_MAX;
	*fitted = (struct fitted){ 0 };
	if (left > columns) {
		/* The end of a path says more than its beginning. */
		head = (columns - dots) / 3;
		tail = base ? columns_of(base, utf8) : columns;
		if (tail + dots <= columns)
			head = columns - dots - tail;
		while (text_unit(&text, utf8, &unit)) {
			left -= unit.columns;
			if (fitted->columns + unit.columns > head)
				break;
			append(fitted, unit.text, unit.columns);
		}
		append(fitted, utf8 ? "…" : "..", dots);
		while (left > columns - fitted->columns &&
		       text_unit(&text, utf8, &unit))
			left -= unit.columns;
	}
	while (text_unit(&text, utf8, &unit))
		append(fitted, unit.text, unit.columns);
}

void text_xml(FILE *out, const char *text)
{
	struct unit unit;

	while (text_unit(&text, true, &unit)) {
		switch (unit.text[0]) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputs(unit.text, out);
		}
	}
}

void text_json(FILE *out, const char *text)
{
	uint32_t character;
	size_t length;

	putc('"', out);
	for (; *text != '\0'; text += length ? length : 1) {
		length = text_character(text, &character);
		if (length == 0)
			/* What Python's surrogateescape makes of the byte. */
			fprintf(out, "\\udc%02x",
				(unsigned int)(unsigned char)*text);
		else if (character <= 0xffff &&
			 (wcwidth((wchar_t)character) <= 0 ||
			  (length == 1 && strchr("\"\\<>&", *text))))
			fprintf(out, "\\u%04x", (unsigned int)character);
		else
			fwrite(text, 1, length, out);
	}
	putc('"', out);
}
