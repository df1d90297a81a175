// SPDX-License-Identifier: MIT
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "maps.h"

/* An object of the loader's; NULL where there is none. */
extern char _rtld_global __attribute__((weak));

int main(void)
{
	struct maps maps;

	if (maps_read(0, &maps) != 0)
		return EXIT_FAILURE;
	maps_free(&maps);
	printf("%s%s\n", &_rtld_global != NULL ? "dynamic" : "static",
	       (uintptr_t)main > UINT32_MAX ? "-pie" : "");
	return EXIT_SUCCESS;
}
