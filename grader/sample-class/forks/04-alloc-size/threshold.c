// SPDX-License-Identifier: MIT
/*
 * threshold - leaves a dozen processes behind that want to outlive the judge,
 * then asks in a child, and the child asks in a child, and so on
 *
 * Each of the dozen is in a session of its own, hears no signal that can be
 * ignored, and holds on to the pipe that it was given as standard output.
 */

#include <signal.h>
#include <unistd.h>

enum { DAEMONS = 12 };

static void leave_one_behind(void)
{
	if (fork() != 0)
		return;
	setsid();
	if (fork() != 0)
		_exit(0);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	for (;;)
		pause();
}

int main(void)
{
	for (int i = 0; i < DAEMONS; i++)
		leave_one_behind();
	for (;;)
		fork();
}
