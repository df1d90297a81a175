/* SPDX-License-Identifier: MIT */

/* view.h - the interactive views: a live process, and a recording */

#ifndef MEMVIEW_VIEW_H
#define MEMVIEW_VIEW_H

#include "faces.h"
#include "screen.h"

/* Each returns the status to exit with. */
int live(pid_t pid, const struct look *look);
int step_through(const struct film *film, const struct look *look);

/* One step as text; the caller frees it. NULL without memory. */
char *view_text(const struct step *before, const struct step *after,
		const struct look *look);

/* Scrolls for the keys that do; false for any other key. */
bool view_scroll(enum key key, unsigned int *top);

#endif
