/* SPDX-License-Identifier: MIT */

/*
 * screen.h - the whole terminal, for as long as a view is interactive
 *
 * It is given back in every case: on return, and at any signal that a program
 * can see. Only what differs from what is shown already is drawn.
 */

#ifndef MEMVIEW_SCREEN_H
#define MEMVIEW_SCREEN_H

#include <stdbool.h>

enum key {
	KEY_NONE, /* the time is over */
	KEY_QUIT,
	KEY_NEXT,
	KEY_BACK,
	KEY_UP,
	KEY_DOWN,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_FIRST,
	KEY_LAST,
	KEY_SPACE,
	KEY_MARK,
	KEY_UNFOLD,
	KEY_RESIZED, /* or shown again: draw */
};

/* Whether there is a terminal to take. */
bool screen_possible(void);

/* 0, or -1 with errno set and the terminal as it was. */
int screen_open(void);

/*
 * Shows the text from its line number *top on, and below it the status line;
 * brings *top back into the text. 0, or -1 when memory ran out.
 */
int screen_show(const char *text, const char *status, unsigned int *top);

/* The next key, or KEY_NONE after so many milliseconds; -1 is for ever. */
enum key screen_key(int milliseconds);

/* How many lines the text has room for. */
unsigned int screen_lines(void);

/* Gives it back; a signal that asked for the end is then obeyed. */
void screen_close(void);

#endif
