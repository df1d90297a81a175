// SPDX-License-Identifier: MIT
/*
 * linkage - leaves a dozen processes behind that want to outlive the judge
 *
 * Each is in a session of its own, hears no signal that can be ignored, and
 * holds on to the pipe that it was given as standard output.
 */

#include <signal.h>
#include <unistd.h>

enum { DAEMONS = 12 };

int main(void)
{
	for (int i = 0; i < DAEMONS; i++) {
		if (fork() != 0)
			continue;
		setsid();
		if (fork() != 0)
			_exit(0);
		for (int number = 1; number < NSIG; number++)
			signal(number, SIG_IGN);
		for (;;)
			pause();
	}
	return 0;
}
