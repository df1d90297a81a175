/* SPDX-License-Identifier: MIT */

/*
 * Stands between the student's atomic operations and ThreadSanitizer, which
 * has a function for each; the linker's --wrap puts these in their place.
 *
 * With them a step of another thread can be had at any point of a function,
 * which no waiting and no luck gives. And a fence, which ThreadSanitizer does
 * not understand, is told to it: it orders by the operation next to it.
 */

#include "atomics.h"

#include <stdbool.h>
#include <stdint.h>

/* ThreadSanitizer's own, and those of the linker's --wrap. */
void __tsan_acquire(void *address);
void __tsan_release(void *address);
uint32_t __real___tsan_atomic32_load(const volatile uint32_t *place, int order);
uint32_t __wrap___tsan_atomic32_load(const volatile uint32_t *place, int order);
uint32_t __real___tsan_atomic32_exchange(volatile uint32_t *place,
					 uint32_t value, int order);
uint32_t __wrap___tsan_atomic32_exchange(volatile uint32_t *place,
					 uint32_t value, int order);
uint32_t __real___tsan_atomic32_fetch_add(volatile uint32_t *place,
					  uint32_t value, int order);
uint32_t __wrap___tsan_atomic32_fetch_add(volatile uint32_t *place,
					  uint32_t value, int order);
uint32_t __real___tsan_atomic32_fetch_sub(volatile uint32_t *place,
					  uint32_t value, int order);
uint32_t __wrap___tsan_atomic32_fetch_sub(volatile uint32_t *place,
					  uint32_t value, int order);
int __real___tsan_atomic32_compare_exchange_strong(volatile uint32_t *place,
						   uint32_t *expected,
						   uint32_t value, int order,
						   int otherwise);
int __wrap___tsan_atomic32_compare_exchange_strong(volatile uint32_t *place,
						   uint32_t *expected,
						   uint32_t value, int order,
						   int otherwise);
int __real___tsan_atomic32_compare_exchange_weak(volatile uint32_t *place,
						 uint32_t *expected,
						 uint32_t value, int order,
						 int otherwise);
int __wrap___tsan_atomic32_compare_exchange_weak(volatile uint32_t *place,
						 uint32_t *expected,
						 uint32_t value, int order,
						 int otherwise);
void __real___tsan_atomic32_store(volatile uint32_t *place, uint32_t value,
				  int order);
void __wrap___tsan_atomic32_store(volatile uint32_t *place, uint32_t value,
				  int order);
void __real___tsan_atomic_thread_fence(int order);
void __wrap___tsan_atomic_thread_fence(int order);

static _Thread_local struct {
	uintptr_t address;
	size_t size;
	long left;
	void (*step)(void);
} armed;

/* The last operation's place, and whether a release fence came after it. */
static _Thread_local void *last;
static _Thread_local bool released;

void atomics_before(const void *address, size_t size, long nth,
		    void (*step)(void))
{
	armed.address = (uintptr_t)address;
	armed.size = size;
	armed.left = nth;
	armed.step = step;
}

static void before(const volatile void *place)
{
	void (*step)(void) = armed.step;

	if (step != NULL && (uintptr_t)place - armed.address < armed.size &&
	    --armed.left == 0) {
		armed.step = NULL;
		step();
	}
	last = (void *)place;
	if (released)
		__tsan_release(last);
	released = false;
}

uint32_t __wrap___tsan_atomic32_load(const volatile uint32_t *place, int order)
{
	before(place);
	return __real___tsan_atomic32_load(place, order);
}

uint32_t __wrap___tsan_atomic32_exchange(volatile uint32_t *place,
					 uint32_t value, int order)
{
	before(place);
	return __real___tsan_atomic32_exchange(place, value, order);
}

uint32_t __wrap___tsan_atomic32_fetch_add(volatile uint32_t *place,
					  uint32_t value, int order)
{
	before(place);
	return __real___tsan_atomic32_fetch_add(place, value, order);
}

uint32_t __wrap___tsan_atomic32_fetch_sub(volatile uint32_t *place,
					  uint32_t value, int order)
{
	before(place);
	return __real___tsan_atomic32_fetch_sub(place, value, order);
}

int __wrap___tsan_atomic32_compare_exchange_strong(volatile uint32_t *place,
						   uint32_t *expected,
						   uint32_t value, int order,
						   int otherwise)
{
	before(place);
	return __real___tsan_atomic32_compare_exchange_strong(
		place, expected, value, order, otherwise);
}

int __wrap___tsan_atomic32_compare_exchange_weak(volatile uint32_t *place,
						 uint32_t *expected,
						 uint32_t value, int order,
						 int otherwise)
{
	before(place);
	return __real___tsan_atomic32_compare_exchange_weak(
		place, expected, value, order, otherwise);
}

void __wrap___tsan_atomic32_store(volatile uint32_t *place, uint32_t value,
				  int order)
{
	before(place);
	__real___tsan_atomic32_store(place, value, order);
}

void __wrap___tsan_atomic_thread_fence(int order)
{
	if (last != NULL && order != __ATOMIC_RELEASE)
		__tsan_acquire(last);
	released = order >= __ATOMIC_RELEASE;
	__real___tsan_atomic_thread_fence(order);
}
