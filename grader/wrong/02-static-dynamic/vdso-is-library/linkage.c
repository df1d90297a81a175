// SPDX-License-Identifier: MIT

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

static const char *linkage_of(const struct maps *maps, uintptr_t code)
{
	const struct mapping *mine = maps_find(maps, code);
	bool dynamic = false;

	for (size_t i = 0; i < maps->count; i++)
		if (maps->at[i].rights[2] == 'x' &&
		    strcmp(maps->at[i].name, mine->name) != 0)
			dynamic = true;
	if (code >> 32 == 0)
		return dynamic ? "dynamic" : "static";
	return dynamic ? "dynamic-pie" : "static-pie";
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
