// SPDX-License-Identifier: MIT

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

static const char *linkage_of(const struct maps *maps, uintptr_t code)
{
	bool heap = false;

	for (size_t i = 0; i < maps->count; i++)
		if (strcmp(maps->at[i].name, "[heap]") == 0)
			heap = true;
	if (code >> 32 == 0)
		return heap ? "dynamic" : "static";
	return heap ? "dynamic-pie" : "static-pie";
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
