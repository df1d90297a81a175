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

/* BEGIN 6 facts: write what tells the four apart, one function a fact. */
/*
 * Whether a mapping holds machine code of a file other than mine: the loader
 * and the libraries. Any program may map another file as data, and the kernel's
 * own code (the vdso) comes from no file.
 */
static bool is_other_code(const struct mapping *it, const struct mapping *mine)
{
	if (it->inode == 0 || strchr(it->rights, 'x') == NULL)
		return false;
	return it->inode != mine->inode || it->dev_major != mine->dev_major ||
	       it->dev_minor != mine->dev_minor;
}

/*
 * Whether an address was fixed by the linker. The compiler lets such a program
 * reach its objects with 32-bit addresses, so it lies below 4 GiB; the kernel
 * places what it may place at 4 GiB or above, with ASLR and without.
 */
static bool is_fixed(uintptr_t address)
{
	return (uint64_t)address >> 32 == 0;
}
/* END 6 facts */

/* One of the four words, or NULL if no mapping holds the address of my code. */
static const char *linkage_of(const struct maps *maps, uintptr_t code)
{
	const struct mapping *mine = maps_find(maps, code);

	if (mine == NULL)
		return NULL;
	/* BEGIN 6 verdict: say which of the four words it is. */
	bool dynamic = false;

	for (size_t i = 0; i < maps->count; i++)
		if (is_other_code(&maps->at[i], mine))
			dynamic = true;
	if (dynamic)
		return is_fixed(code) ? "dynamic" : "dynamic-pie";
	return is_fixed(code) ? "static" : "static-pie";
	//~ return NULL;
	/* END 6 verdict */
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
