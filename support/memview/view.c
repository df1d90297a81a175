/* SPDX-License-Identifier: MIT */

/* What both interactive views do: draw a step, scroll, step through a film. */

#include "view.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *view_text(const struct step *before, const struct step *after,
		const struct look *look)
{
	struct look here = look_here(look->utf8); /* it may have been resized */
	char *text = NULL;
	size_t length;
	FILE *memory;
	int result;

	here.unfold = look->unfold;
	memory = open_memstream(&text, &length);
	if (!memory)
		return NULL;
	result = term_print(memory, before, after, &here);
	if (fclose(memory) == 0 && result == 0)
		return text;
	free(text);
	return NULL;
}

bool view_scroll(enum key key, unsigned int *top)
{
	unsigned int page = screen_lines();

	switch (key) {
	case KEY_UP:
		*top -= *top > 0;
		return true;
	case KEY_DOWN:
		++*top;
		return true;
	case KEY_PAGE_UP:
		*top = *top > page ? *top - page : 0;
		return true;
	case KEY_PAGE_DOWN:
		*top += page;
		return true;
	case KEY_FIRST:
		*top = 0;
		return true;
	case KEY_LAST:
		*top = UINT_MAX;
		return true;
	default:
		return false;
	}
}

static int show_step(const struct film *film, size_t now,
		     const struct look *look, unsigned int *top)
{
	char *text = view_text(now > 0 ? &film->steps[now - 1] : NULL,
			       &film->steps[now], look);
	char status[80];
	int result;

	if (!text)
		return -1;
	snprintf(status, sizeof(status),
		 " step %zu of %zu   Left Right: step   Up Down: scroll   "
		 "u: unfold   q: quit ",
		 now + 1, film->count);
	result = screen_show(text, status, top);
	free(text);
	return result;
}

int step_through(const struct film *film, const struct look *look)
{
	struct look here = *look;
	unsigned int top = 0;
	size_t now = 0;
	enum key key = KEY_NONE;

	if (screen_open() != 0) {
		perror("memview: terminal");
		return EXIT_FAILURE;
	}
	while (key != KEY_QUIT && show_step(film, now, &here, &top) == 0) {
		key = screen_key(-1);
		if (view_scroll(key, &top))
			continue;
		if ((key == KEY_NEXT || key == KEY_SPACE) &&
		    now + 1 < film->count)
			now++;
		else if (key == KEY_BACK && now > 0)
			now--;
		else if (key == KEY_UNFOLD)
			here.unfold = !here.unfold;
	}
	screen_close();
	if (key == KEY_QUIT)
		return EXIT_SUCCESS;
	fputs("memview: not enough memory\n", stderr);
	return EXIT_FAILURE;
}
