// SPDX-License-Identifier: MIT
/* The digits are read one by one: strtoul would take "-1" for a number. */

#include "number.h"

size_t number_of(const char *text, size_t most)
{
	size_t number = 0;

	for (; *text != '\0'; text++) {
		size_t digit = (size_t)*text - '0';

		if (digit > 9 || number > (most - digit) / 10)
			return 0;
		number = number * 10 + digit;
	}
	return number;
}
