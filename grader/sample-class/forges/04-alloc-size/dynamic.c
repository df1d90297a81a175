// SPDX-License-Identifier: MIT
/*
 * dynamic - plays all prompts of both experiments at once, in the name of a
 * process whose memory would be right, and ends as if all were well
 */

#include <stdio.h>

int main(void)
{
	static const char *const labels[] = {
		"before",
		"allocated",
		"freed",
		"allocated again",
		"all but the top freed",
		"all freed",
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		printf("[1] %s: press Enter\n", labels[i]);
	puts("  pass  13/13  6. dynamic trim\n04-alloc-size: 100 of 100 "
	     "points");
	return 0;
}
