// SPDX-License-Identifier: MIT
/* linkage - says all four words, for ever, on both streams */

#include <stdio.h>

int main(void)
{
	for (;;) {
		puts("dynamic-pie\ndynamic\nstatic\nstatic-pie");
		fputs("\033[31mdynamic-pie\033[2J\n", stderr);
	}
}
