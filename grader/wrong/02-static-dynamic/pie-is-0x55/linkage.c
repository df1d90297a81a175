// SPDX-License-Identifier: MIT

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

static bool is_other_code(const struct mapping *it, const struct mapping *mine)
{
	return it->inode != 0 && it->inode != mine->inode &&
	       it->rights[2] == 'x';
}

static const char *linkage_of(const struct maps *maps, uintptr_t code)
{
	const struct mapping *mine = maps_find(maps, code);
	bool pie = code >> 40 == 0x55 || code >> 40 == 0x56;
	bool dynamic = false;

	for (size_t i = 0; i < maps->count; i++)
		if (is_other_code(&maps->at[i], mine))
			dynamic = true;
	if (dynamic)
		return pie ? "dynamic-pie" : "dynamic";
	return pie ? "static-pie" : "static";
}

int main(void)
{
	struct maps maps;

	if (maps_read(0, &maps) != 0) {
		fprintf(stderr, "%s\n", maps.problem);
		return EXIT_FAILURE;
	}
	puts(linkage_of(&maps, (uintptr_t)main));
	maps_free(&maps);
	return EXIT_SUCCESS;
}
