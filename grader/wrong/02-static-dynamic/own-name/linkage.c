// SPDX-License-Identifier: MIT

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

int main(void)
{
	const struct mapping *mine;
	const char *dash;
	struct maps maps;

	if (maps_read(0, &maps) != 0)
		return EXIT_FAILURE;
	mine = maps_find(&maps, (uintptr_t)main);
	dash = mine ? strstr(mine->name, "linkage-") : NULL;
	puts(dash ? dash + strlen("linkage-") : "static");
	maps_free(&maps);
	return EXIT_SUCCESS;
}
