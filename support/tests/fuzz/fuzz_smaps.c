/* SPDX-License-Identifier: MIT */

/*
 * Texts of maps or smaps, one or two of them with a byte 1 in between, through
 * the parser and every face. No face may pass on a control character, and no
 * line in the terminal may be longer than it is wide.
 *
 *	make -C support fuzz
 */

#include "faces.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Appends a step; what is no list adds none. */
static void add(struct film *film, const char *text, size_t size)
{
	FILE *file = size > 0 ? fmemopen((void *)text, size, "r") : NULL;
	struct step *step = &film->steps[film->count];

	if (!file)
		return;
	if (maps_parse(file, &step->maps) == 0) {
		step->labels = areas_label(&step->maps, 0);
		step->title = strndup(text, size < 300 ? size : 300);
		step->caption = strndup(text + size / 2, size - size / 2);
		if (!step->labels || !step->title || !step->caption)
			abort();
		film->count++;
	}
	fclose(file);
}

static void expect_text(const char *text)
{
	for (; *text != '\0'; text++)
		if (((unsigned char)*text < ' ' && *text != '\n') ||
		    *text == 0x7f)
			abort();
}

static void expect_columns(const char *text, unsigned int columns)
{
	unsigned int used = 0;
	struct unit unit;

	while (*text != '\0') {
		if (*text == '\n') {
			used = 0;
			text++;
		} else if (text_unit(&text, true, &unit)) {
			used += unit.columns;
		}
		if (used > columns)
			abort();
	}
}

enum { FACES = 5 };

static int print(FILE *out, const struct film *film, int face)
{
	struct look look = { .columns = 80, .utf8 = face == 1 };
	const struct step *before = film->count > 1 ? film->steps : NULL;

	switch (face) {
	case 0:
	case 1:
		return term_print(out, before, &film->steps[film->count - 1],
				  &look);
	case 2:
		return svg_print(out, film, false);
	case 3:
		return html_print(out, film, true);
	default:
		return json_print(out, film);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct step steps[2] = { 0 };
	struct film film = { .steps = steps };
	const char *text = (const char *)data;
	const char *half = memchr(text, 1, size);
	char *shown;
	size_t length;
	FILE *out;
	int face;

	text_setup();
	add(&film, text, half ? (size_t)(half - text) : size);
	if (half)
		add(&film, half + 1, size - 1 - (size_t)(half - text));
	for (face = 0; face < FACES && film.count > 0; face++) {
		out = open_memstream(&shown, &length);
		if (!out || print(out, &film, face) != 0 || fclose(out) != 0)
			abort();
		if (face != 3) /* our own script has tabs */
			expect_text(shown);
		if (face < 2)
			expect_columns(shown, 80);
		free(shown);
	}
	while (film.count > 0)
		step_free(&steps[--film.count]);
	return 0;
}
