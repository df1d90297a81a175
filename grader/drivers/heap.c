/* SPDX-License-Identifier: MIT */

/*
 * The heap that the student's code allocates from, by the linker's --wrap.
 *
 * No byte is given out twice in a sequence, so a freed block stays what it
 * became: the judge sees a write to it, and one outside of any block, as a
 * byte that is not what it was filled with. With -DPLAIN_HEAP, under a
 * sanitizer, there is no heap of ours.
 */

#include "driver.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

long heap_fail_after = -1;
bool heap_bulk;

#ifdef PLAIN_HEAP

void heap_reset(void)
{
	heap_fail_after = -1;
	heap_bulk = false;
}

#else

enum {
	ALIGNMENT = 16, /* what malloc promises, and not more: see allocate */
	BETWEEN = 32,	/* bytes between two blocks, at least */
	FENCE = 0xa5,	/* between the blocks */
	FRESH = 0xcd,	/* what malloc returns */
	FREED = 0xdd	/* what free leaves */
};

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
void __wrap_free(void *block);

/* Not static: the judge looks for the one variable of this name. */
_Alignas(64) unsigned char driver_heap[HEAP_BYTES];
static bool taken;

static void lock(void)
{
	while (__atomic_test_and_set(&taken, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock(void)
{
	__atomic_clear(&taken, __ATOMIC_RELEASE);
}

void heap_reset(void)
{
	memset(driver_heap, FENCE, sizeof(driver_heap));
	memset(driver_state.block, 0, sizeof(driver_state.block));
	driver_state.block_count = 0;
	driver_state.bad_frees = 0;
	driver_state.bulk_live = 0;
	driver_state.heap_used = 0;
	heap_fail_after = -1;
	heap_bulk = false;
}

static bool refused(void)
{
	return heap_fail_after >= 0 && heap_fail_after-- == 0;
}

/* A block filled with a byte, or NULL with errno set. */
static void *allocate(size_t size, size_t alignment, int byte)
{
	const uintptr_t first = (uintptr_t)driver_heap;
	struct driver_block *block;
	uintptr_t start;
	void *result = NULL;

	lock();
	/* An odd multiple of the alignment, so that no more is had by luck. */
	start = (first + driver_state.heap_used + BETWEEN) |
		(2 * alignment - 1);
	start = start + 1 + alignment;
	if (refused() || driver_state.block_count == BLOCKS ||
	    size > HEAP_BYTES || start - first > HEAP_BYTES ||
	    size + BETWEEN > HEAP_BYTES - (start - first)) {
		errno = ENOMEM;
	} else {
		block = &driver_state.block[driver_state.block_count++];
		block->address = start;
		block->size = size;
		block->state = BLOCK_LIVE;
		driver_state.heap_used = start + size - first;
		result = (void *)start;
		memset(result, byte, size);
	}
	unlock();
	return result;
}

void *__wrap_malloc(size_t size)
{
	if (!heap_bulk)
		return allocate(size, ALIGNMENT, FRESH);
	__atomic_fetch_add(&driver_state.bulk_live, 1, __ATOMIC_RELAXED);
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	if (!heap_bulk)
		return allocate(count * size, ALIGNMENT, 0);
	__atomic_fetch_add(&driver_state.bulk_live, 1, __ATOMIC_RELAXED);
	return __real_calloc(count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	if (heap_bulk)
		return __wrap_malloc(size);
	if (alignment < ALIGNMENT)
		alignment = ALIGNMENT;
	return allocate(size, alignment, FRESH);
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size)
{
	void *made = __wrap_aligned_alloc(alignment, size);

	if (made == NULL)
		return ENOMEM;
	*block = made;
	return 0;
}

static struct driver_block *find(const void *address)
{
	for (uint64_t i = 0; i < driver_state.block_count; i++)
		if (driver_state.block[i].address == (uintptr_t)address)
			return &driver_state.block[i];
	return NULL;
}

void __wrap_free(void *address)
{
	struct driver_block *block;

	if (address == NULL)
		return;
	if (heap_bulk) {
		__atomic_fetch_sub(&driver_state.bulk_live, 1,
				   __ATOMIC_RELAXED);
		__real_free(address);
		return;
	}
	lock();
	block = find(address);
	if (block == NULL) {
		driver_state.bad_frees++;
	} else if (block->state == BLOCK_LIVE) {
		block->state = BLOCK_FREED;
		memset(address, FREED, block->size);
	} else {
		block->state = BLOCK_FREED_TWICE;
	}
	unlock();
}

void *__wrap_realloc(void *address, size_t size)
{
	struct driver_block *block = find(address);
	void *result = __wrap_malloc(size);

	if (result != NULL && block != NULL) {
		memcpy(result, address,
		       block->size < size ? block->size : size);
		__wrap_free(address);
	}
	return result;
}

#endif
