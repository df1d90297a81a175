// SPDX-License-Identifier: MIT
#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "maps.h"

int main(void)
{
	const struct mapping *first;
	const Elf64_Phdr *segments;
	const Elf64_Ehdr *header;
	bool dynamic = false;
	struct maps maps;

	if (maps_read(0, &maps) != 0) {
		fprintf(stderr, "%s\n", maps.problem);
		return EXIT_FAILURE;
	}
	/* A file's mappings lie one behind the other. */
	first = maps_find(&maps, (uintptr_t)main);
	while (first > maps.at && first[-1].inode == first->inode)
		first--;
	header = (const Elf64_Ehdr *)first->start;
	segments = (const Elf64_Phdr *)(first->start + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_INTERP)
			dynamic = true;
	printf("%s%s\n", dynamic ? "dynamic" : "static",
	       header->e_type == ET_DYN ? "-pie" : "");
	maps_free(&maps);
	return EXIT_SUCCESS;
}
