// SPDX-License-Identifier: MIT
/* dynamic - one line, and it does not end */

#include <stdio.h>

int main(void)
{
	for (;;)
		putchar('x');
}
