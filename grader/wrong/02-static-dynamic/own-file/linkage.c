// SPDX-License-Identifier: MIT

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	bool dynamic = false;
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	FILE *file = fopen("/proc/self/exe", "r");

	if (file == NULL || fread(&header, sizeof(header), 1, file) != 1)
		return EXIT_FAILURE;
	for (int i = 0; i < header.e_phnum; i++) {
		if (fread(&segment, sizeof(segment), 1, file) != 1)
			return EXIT_FAILURE;
		if (segment.p_type == PT_INTERP)
			dynamic = true;
	}
	fclose(file);
	printf("%s%s\n", dynamic ? "dynamic" : "static",
	       header.e_type == ET_DYN ? "-pie" : "");
	return EXIT_SUCCESS;
}
