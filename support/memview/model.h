/* SPDX-License-Identifier: MIT */

/*
 * model.h - what memview shows, before any face draws it
 *
 *	film    one step or more: the mappings of a process at one moment each
 *	label   what people call a mapping: text, heap, library ...
 *	diff    the mappings of two steps, side by side
 *	rows    the diff, folded into what one line of the picture shows
 *
 * Functions that return an int return 0, or -1 with errno set and nothing to
 * be freed, unless they say otherwise.
 */

#ifndef MEMVIEW_MODEL_H
#define MEMVIEW_MODEL_H

#include "maps.h"

enum area {
	AREA_TEXT,
	AREA_RODATA,
	AREA_RELRO,
	AREA_DATA,
	AREA_BSS,
	AREA_HEAP,
	AREA_MAPPING,
	AREA_LIBRARY,
	AREA_STACK,
	AREA_KERNEL,
	AREA_COUNT
};

struct label {
	enum area area;
	enum area part;	    /* of a library: which part of it; or as above */
	unsigned int group; /* equal for the mappings of one library; or 0 */
	const char *name;   /* of the mapping, or of the file whose bss it is */
};

struct step {
	struct maps maps;
	struct label *labels; /* one a mapping */
	char *title;	      /* "process 4711 (bash)" or the file's name */
	char *caption;	      /* the cause of the step; "" when unknown */
};

struct film {
	struct step *steps;
	size_t count;
};

/* "process 4711 (bash)"; NULL without memory. The caller frees it. */
char *title_of(pid_t pid);

/* Labels a list; pid is 0 when it is from a file. The caller frees it. */
struct label *areas_label(const struct maps *maps, pid_t pid);

/* "text", "rodata" ... */
const char *area_name(enum area area);

/*
 * Each adds one step, or all that a recording's folder has. On failure the
 * film is as it was, and a message for people is in problem; errno is ESRCH if
 * the process is no longer there.
 */
enum { PROBLEM_MAX = 512 };
int film_add_process(struct film *film, pid_t pid, char *problem);
int film_add_file(struct film *film, const char *path, char *problem);
int film_add_folder(struct film *film, const char *path, char *problem);
void film_free(struct film *film);
void step_free(struct step *step);

enum change {
	CHANGE_NONE,
	CHANGE_NEW,
	CHANGE_GONE,
	CHANGE_GREW,
	CHANGE_SHRANK,
	CHANGE_SPLIT,  /* was a part of a mapping that goes on elsewhere */
	CHANGE_JOINED, /* is a part of another mapping now */
	CHANGE_INSIDE, /* of a row: some of its mappings changed */
};

/* The word for it, in capitals; "" for none. */
const char *change_word(enum change change);

struct pair {
	const struct mapping *before, *after;		/* one may be NULL */
	const struct label *before_label, *after_label; /* and so its label */
	enum change change;
	char old_rights[5]; /* if they are others now; or "" */
};

struct diff {
	struct pair *at; /* lowest address first */
	size_t count;
};

/* Without a step before, every mapping is unchanged. */
int diff_make(const struct step *before, const struct step *after,
	      struct diff *diff);
void diff_free(struct diff *diff);

/* Whether there is anything to say about it. */
bool pair_differs(const struct pair *pair);

struct extent {
	uint64_t size, resident, swapped;
};

struct row {
	uintptr_t start, end;
	enum area area;
	const char *name;
	bool deleted;
	char rights[5];	    /* "" where they differ within the row */
	char old_rights[5]; /* as in struct pair */
	enum change change;
	size_t mappings; /* how many it stands for */
	struct extent before, after;
};

struct rows {
	struct row *at; /* lowest address first */
	size_t count;
	struct extent before, after; /* the totals */
	size_t mappings_before, mappings_after;
};

/*
 * One row a library, unless unfold; and as few rows as it takes to stay below
 * the limit: neighbours of a kind share a row. 0 is no limit.
 */
int rows_make(const struct diff *diff, bool unfold, size_t limit,
	      struct rows *rows);
void rows_free(struct rows *rows);

/*
 * Whether anything is known of RAM: a copy of maps, unlike one of smaps, does
 * not say. What runs has at least a page there.
 */
bool rows_measured(const struct rows *rows);

/* "virtual 2.3 MiB -> 10.6 MiB (+8.3 MiB), in RAM ..." with this arrow. */
void rows_totals(FILE *out, const struct rows *rows, bool compare,
		 const char *arrow);

/* "GREW +8 MiB, RAM +2 MiB"; nothing when nothing changed. */
void row_change(FILE *out, const struct row *row);

/* Whether there is. */
bool row_differs(const struct row *row);

/* What of the size is in RAM, in units of so many; 0 only if nothing is. */
unsigned int extent_share(const struct extent *extent, unsigned int units);

#endif
