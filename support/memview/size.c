/* SPDX-License-Identifier: MIT */

/* Sizes in words: a unit is 1024 of the one before it. */

#include "text.h"

static struct size_text format(uint64_t bytes, const char *gap,
			       const char *units[])
{
	struct size_text size;
	unsigned int whole, tenths = 0;
	uint64_t rest = 0; /* of 1024 */
	int power = 0;

	for (; bytes >= 1024; bytes /= 1024) {
		rest = bytes % 1024;
		power++;
	}
	whole = (unsigned int)bytes;
	if (whole < 100)
		tenths = (unsigned int)((rest * 10 + 512) / 1024);
	whole += tenths / 10;
	tenths %= 10;
	if (tenths > 0)
		snprintf(size.text, sizeof(size.text), "%u.%u%s%s", whole,
			 tenths, gap, units[power]);
	else
		snprintf(size.text, sizeof(size.text), "%u%s%s", whole, gap,
			 units[power]);
	return size;
}

struct size_text size_short(uint64_t bytes)
{
	static const char *units[] = { "", "K", "M", "G", "T", "P", "E" };

	return format(bytes, "", units);
}

struct size_text size_long(uint64_t bytes)
{
	static const char *units[] = { "B",   "KiB", "MiB", "GiB",
				       "TiB", "PiB", "EiB" };

	return format(bytes, " ", units);
}
