// SPDX-License-Identifier: MIT
/* threshold - calls a function that is nowhere */

#include <stdio.h>

size_t measured_threshold(void);

int main(void)
{
	printf("%zu\n", measured_threshold());
	return 0;
}
