// SPDX-License-Identifier: MIT
/* threshold - asks in a child, and the child asks in a child, and so on */

#include <unistd.h>

int main(void)
{
	for (;;)
		fork();
}
