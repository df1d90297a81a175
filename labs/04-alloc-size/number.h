/* SPDX-License-Identifier: MIT */

/* number.h - the numbers on a command line */

#ifndef NUMBER_H
#define NUMBER_H

#include <stddef.h>

/* The number from 1 to most that the text is, in decimal; 0 if it is none. */
size_t number_of(const char *text, size_t most);

#endif
