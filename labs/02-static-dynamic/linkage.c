// SPDX-License-Identifier: MIT
/*
 * linkage - says how it was linked: dynamic-pie, dynamic, static, static-pie
 *
 * It learns that from its own mappings and from nothing else, so it may be
 * copied, renamed, stripped or deleted:
 *
 *	cp build/linkage-static hello && ./hello
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

/*
 * TODO 6: write what tells the four apart, one function a fact. See make hint
 * STEP=6
 */

/* One of the four words, or NULL if no mapping holds the address of my code. */
static const char *linkage_of(const struct maps *maps, uintptr_t code)
{
	const struct mapping *mine = maps_find(maps, code);

	if (mine == NULL)
		return NULL;
	/* TODO 6: say which of the four words it is. See make hint STEP=6 */
	return NULL;
}

int main(void)
{
	struct maps maps;
	const char *linkage;

	if (maps_read(0, &maps) != 0) {
		fprintf(stderr, "linkage: %s\n", maps.problem);
		return EXIT_FAILURE;
	}
	linkage = linkage_of(&maps, (uintptr_t)main);
	maps_free(&maps);
	if (linkage == NULL) {
		fprintf(stderr, "linkage: my mappings do not say\n");
		return EXIT_FAILURE;
	}
	if (puts(linkage) == EOF || fflush(stdout) == EOF) {
		perror("linkage");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
