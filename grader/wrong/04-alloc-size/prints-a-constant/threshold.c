// SPDX-License-Identifier: MIT
#include <stdio.h>

int main(void)
{
	printf("131049\n");
	return 0;
}
