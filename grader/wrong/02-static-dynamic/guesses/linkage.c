// SPDX-License-Identifier: MIT

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "maps.h"

int main(void)
{
	bool fixed = (uintptr_t)main >> 32 == 0;
	const struct mapping *mine;
	bool dynamic = false;
	struct maps maps;

	maps_read(0, &maps);
	mine = maps_find(&maps, (uintptr_t)main);
	for (size_t i = 0; i < maps.count; i++)
		if (maps.at[i].rights[2] == 'x' && maps.at[i].inode != 0 &&
		    maps.at[i].inode != mine->inode)
			dynamic = true;
	maps_free(&maps);
	printf("%s%s\n", dynamic ? "dynamic" : "static", fixed ? "" : "-pie");
	return 0;
}
