/* SPDX-License-Identifier: MIT */

/*
 * A process while it runs, looked at four times a second. Space freezes the
 * picture; m makes the present the "before" that all later pictures are
 * compared with, and m again ends the comparison. When the process has ended,
 * its last state stays.
 */

#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PERIOD = 250 }; /* milliseconds */

struct live {
	pid_t pid;
	struct film mark; /* at most one step: what to compare with */
	struct film now;  /* one step, the last that could be read */
	struct look look;
	bool frozen, ended;
	unsigned int top;
	char problem[PROBLEM_MAX];
};

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* Looks again; keeps what there was when there is nothing to see any more. */
static void update(struct live *live)
{
	struct film next = { 0 };

	if (film_add_process(&next, live->pid, live->problem) != 0) {
		live->ended = true;
		return;
	}
	film_free(&live->now);
	live->now = next;
}

static void toggle_mark(struct live *live)
{
	if (live->mark.count > 0)
		film_free(&live->mark);
	else
		film_add_process(&live->mark, live->pid, live->problem);
}

/* The present picture; the caller frees it. */
static char *picture(const struct live *live)
{
	return view_text(live->mark.count > 0 ? &live->mark.steps[0] : NULL,
			 &live->now.steps[0], &live->look);
}

static int show(struct live *live)
{
	char *text = picture(live), status[100];
	int result;

	if (!text)
		return -1;
	snprintf(status, sizeof(status), " %s   space: %s   m: %s   q: quit ",
		 live->ended	? "ENDED: this was the last state"
		 : live->frozen ? "FROZEN"
				: "live",
		 live->frozen ? "go on" : "freeze",
		 live->mark.count > 0 ? "stop comparing" : "compare with now");
	result = screen_show(text, status, &live->top);
	free(text);
	return result;
}

static void obey(struct live *live, enum key key)
{
	if (view_scroll(key, &live->top))
		return;
	if (key == KEY_SPACE)
		live->frozen = !live->frozen;
	else if (key == KEY_MARK && !live->ended)
		toggle_mark(live);
	else if (key == KEY_UNFOLD)
		live->look.unfold = !live->look.unfold;
}

static int run(struct live *live)
{
	long next = milliseconds() + PERIOD, left;
	enum key key;

	for (;;) {
		if (show(live) != 0)
			return -1;
		left = next - milliseconds();
		if (live->ended || live->frozen)
			left = -1;
		else if (left < 0)
			left = 0;
		key = screen_key((int)left);
		if (key == KEY_QUIT)
			return 0;
		obey(live, key);
		if (!live->ended && !live->frozen && milliseconds() >= next) {
			update(live);
			next = milliseconds() + PERIOD;
		}
	}
}

int live(pid_t pid, const struct look *look)
{
	struct live live = { .pid = pid, .look = *look };
	char *last = NULL;
	int result;

	if (film_add_process(&live.now, pid, live.problem) != 0) {
		fprintf(stderr, "memview: %s\n", live.problem);
		return EXIT_FAILURE;
	}
	if (screen_open() != 0) {
		perror("memview: terminal");
		film_free(&live.now);
		return EXIT_FAILURE;
	}
	result = run(&live);
	if (live.ended)
		last = picture(&live);
	screen_close();
	if (last)
		fputs(last, stdout);
	free(last);
	film_free(&live.now);
	film_free(&live.mark);
	if (result == 0)
		return EXIT_SUCCESS;
	fputs("memview: not enough memory\n", stderr);
	return EXIT_FAILURE;
}
