// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pause.h"

static char **table;

static int rise(size_t size)
{
	pause_at("before");
	table[0] = malloc(size);
	if (!table[0])
		return 1;
	pause_at("allocated");
	free(table[0]);
	pause_at("freed");
	table[0] = malloc(size);
	if (!table[0])
		return 1;
	memset(table[0], 1, size);
	pause_at("allocated again");
	free(table[0]);
	return 0;
}

static int trim(size_t size, size_t count)
{
	size_t i;

	pause_at("before");
	for (i = 0; i < count; i++) {
		table[i] = malloc(size);
		if (!table[i])
			return 1;
		table[i][size - 1] = 1;
	}
	pause_at("allocated");
	for (i = count - 1; i-- > 0;)
		free(table[i]);
	pause_at("all but the top freed");
	free(table[count - 1]);
	pause_at("all freed");
	return 0;
}

int main(int argc, char **argv)
{
	size_t size, count;
	int result;

	if (argc < 3)
		return 2;
	size = strtoul(argv[2], NULL, 10) << 10;
	count = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	table = malloc(count * sizeof(*table));
	if (!table || puts("watch") == EOF)
		return 1;
	if (strcmp(argv[1], "rise"))
		result = trim(size, count);
	else
		result = rise(size);
	free(table);
	return result;
}
