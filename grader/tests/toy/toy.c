// SPDX-License-Identifier: MIT
/* The toy lab's program: prints what it was given, pauses once. */
#include <stdio.h>

#include "pause.h"

int main(int argc, char *argv[])
{
	printf("%s\n", argc > 1 ? argv[1] : "nothing");
	fflush(stdout);
	return pause_at("toy") == 0 ? 0 : 1;
}
