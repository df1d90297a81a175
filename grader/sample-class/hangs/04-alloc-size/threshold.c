// SPDX-License-Identifier: MIT
/* threshold - doubles a size that stays what it is, for ever */

#include <stddef.h>

int main(void)
{
	volatile size_t size = 0;

	while (size < 131072)
		size *= 2;
	return 0;
}
