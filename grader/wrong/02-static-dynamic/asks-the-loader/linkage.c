// SPDX-License-Identifier: MIT

#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "maps.h"

/* The first object is the program itself. */
static int say(struct dl_phdr_info *program, size_t size, void *data)
{
	bool dynamic = false;

	(void)size;
	(void)data;
	for (int i = 0; i < program->dlpi_phnum; i++)
		if (program->dlpi_phdr[i].p_type == PT_INTERP)
			dynamic = true;
	printf("%s%s\n", dynamic ? "dynamic" : "static",
	       program->dlpi_addr ? "-pie" : "");
	return 1;
}

int main(void)
{
	struct maps maps;

	if (maps_read(0, &maps) != 0)
		return EXIT_FAILURE;
	maps_free(&maps);
	dl_iterate_phdr(say, NULL);
	return EXIT_SUCCESS;
}
