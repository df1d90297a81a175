/* SPDX-License-Identifier: MIT */

/*
 * pause.h - stops a program at a named point, so that it can be looked at
 *
 * The program and whoever watches it (a student at the terminal, the grader
 * through pipes) meet at a prompt, so neither has to sleep and hope:
 *
 *	[4711] after malloc: press Enter
 */

#ifndef PAUSE_H
#define PAUSE_H

enum { PAUSE_LABEL_MAX = 200 }; /* bytes, without the terminating zero */

/*
 * Flushes stdout, prints the line "[PID] LABEL: press Enter" there with a
 * single write, and waits until a line arrives on standard input. On the line
 * "m" it shows what `pmap -x` says about this process and prompts again. The
 * end of the input counts as Enter.
 *
 * It leaves the memory of the process as it found it: it never calls malloc,
 * and it takes no byte of the input that follows the line. (What the program
 * reads through stdio's stdin, it may have taken already.)
 *
 * Returns 0, or -1 with errno set: EINVAL, with nothing printed, when the
 * label is longer than PAUSE_LABEL_MAX or contains a newline; otherwise what
 * write(2), read(2) or fork(2) said.
 */
int pause_at(const char *label);

#endif
