// SPDX-License-Identifier: MIT
// C++: std::shared_ptr, which decides at run time whether it counts atomically.

#include <memory>

#include "pairs.h"

using Pointer = std::shared_ptr<long>;

void *make(enum kind)
{
	return new Pointer(std::make_shared<long>(0));
}

static void pairs(void *object, long count)
{
	const Pointer &pointer = *static_cast<Pointer *>(object);

	for (long i = 0; i < count; i++) {
		{
			Pointer more(pointer);

			step();
		}
		step();
	}
}

void plain_pairs(void *object, long count)
{
	pairs(object, count);
}

void atomic_pairs(void *object, long count)
{
	pairs(object, count);
}
