// SPDX-License-Identifier: MIT
#include <stdio.h>

int main(void)
{
	printf("131072\n");
	return 0;
}
