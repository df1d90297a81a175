/* SPDX-License-Identifier: MIT */

/*
 * maps.h - the mappings of a process, as /proc/PID/maps and smaps list them
 *
 * The format is that of proc_pid_maps(5) and proc_pid_smaps(5).
 *
 *	struct maps maps;
 *
 *	if (maps_read(0, &maps) != 0) {
 *		fprintf(stderr, "%s\n", maps.problem);
 *		return EXIT_FAILURE;
 *	}
 *	mapping = maps_find(&maps, (uintptr_t)&maps);
 *	printf("my stack is %s\n", mapping ? mapping->name : "nowhere");
 *	maps_free(&maps);
 */

#ifndef MAPS_H
#define MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct mapping {
	uintptr_t start; /* its first byte */
	uintptr_t end;	 /* the byte after its last */
	char rights[5];	 /* "r-xp": read, write, execute; private or shared */
	bool deleted;	 /* the file is no longer in any directory */
	uint64_t offset; /* where in the file it starts, in bytes */
	uint64_t inode;	 /* of the file; 0 for memory without one */
	unsigned int dev_major, dev_minor;
	char *name; /* path, or kernel's name such as "[heap]"; "" for none */

	/* From smaps, in bytes; 0 when the list was read from maps. */
	size_t page_size;
	size_t resident;     /* in RAM, shared pages in full */
	size_t proportional; /* the same, each page divided by its users */
	size_t shared_clean, shared_dirty;
	size_t private_clean, private_dirty;
	size_t referenced; /* used lately, as far as the kernel has looked */
	size_t anonymous;  /* resident and not (or no longer) a file's page */
	size_t lazy_free;  /* given up with MADV_FREE, but still there */
	size_t huge;	   /* resident in transparent huge pages */
	size_t swapped;
	size_t swapped_proportional;
	size_t locked;
};

struct maps {
	struct mapping *at; /* at[0] to at[count - 1], lowest address first */
	size_t count;
	char problem[128]; /* after a failure: what went wrong, for people */
};

/*
 * The mappings of a process, 0 for the caller's own, from /proc/PID/maps.
 * smaps_read fills in the sizes as well; it takes the kernel some ten times
 * longer, because it looks at every page.
 *
 * Both return 0, and the caller frees the list with maps_free; or -1 with
 * errno and maps->problem set and an empty list: ESRCH when there is no such
 * process, when it has no memory (a zombie, a kernel thread), or when it ended
 * or started another program before the list was complete; EACCES for the
 * process of another user; EBADMSG for a text that is not in the format.
 *
 * Reading allocates memory, so in a caller's own list its heap may be there
 * only because of the reading.
 */
int maps_read(pid_t pid, struct maps *maps);
int smaps_read(pid_t pid, struct maps *maps);

/*
 * The mappings listed in a text of either form, read to its end. Returns 0, or
 * -1 with errno and maps->problem set, as above; of a malformed text, the
 * problem names the line. An empty text is an empty list.
 *
 * The kernel writes the text piece by piece, and in between the process may
 * change its mappings, so that a line may overlap lines above it. The later
 * line is the newer one: it keeps its range, and what it covers is cut from
 * the mappings before it.
 *
 * Two forms are ambiguous: the kernel writes a newline within a name as \012,
 * which may be part of a name, and " (deleted)" behind the name of a file that
 * is gone, which may be the end of a name. Both are read as what the kernel
 * means. Fields of smaps that are not in struct mapping are ignored.
 */
int maps_parse(FILE *text, struct maps *maps);

/* The mapping that holds the address, or NULL. It belongs to the list. */
const struct mapping *maps_find(const struct maps *maps, uintptr_t address);

/* Frees the list and leaves it empty; harmless on an empty one. */
void maps_free(struct maps *maps);

#endif
