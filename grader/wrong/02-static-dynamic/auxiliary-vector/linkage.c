// SPDX-License-Identifier: MIT
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "maps.h"

int main(void)
{
	const Elf64_Phdr *segments = NULL;
	char **word = environ;
	bool dynamic = false;
	Elf64_auxv_t *it;
	struct maps maps;

	if (maps_read(0, &maps) != 0)
		return EXIT_FAILURE;
	maps_free(&maps);
	while (*word != NULL)
		word++;
	for (it = (Elf64_auxv_t *)(word + 1); it->a_type != AT_NULL; it++) {
		if (it->a_type == AT_BASE && it->a_un.a_val != 0)
			dynamic = true;
		if (it->a_type == AT_PHDR)
			segments = (const Elf64_Phdr *)it->a_un.a_val;
	}
	/* Started by a loader, it has no AT_BASE. */
	for (int i = 0; segments != NULL && i < 4; i++)
		if (segments[i].p_type == PT_INTERP)
			dynamic = true;
	printf("%s%s\n", dynamic ? "dynamic" : "static",
	       (uintptr_t)main > UINT32_MAX ? "-pie" : "");
	return EXIT_SUCCESS;
}
