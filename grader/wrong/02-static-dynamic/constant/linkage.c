// SPDX-License-Identifier: MIT

#include <stdio.h>

int main(void)
{
	puts("dynamic-pie");
	return 0;
}
