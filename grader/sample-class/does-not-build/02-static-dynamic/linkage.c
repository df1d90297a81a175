// SPDX-License-Identifier: MIT
/* linkage - uses a variable that it never declared */

#include <stdio.h>

int main(void)
{
	puts(kind);
	return 0;
}
