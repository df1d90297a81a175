/* SPDX-License-Identifier: MIT */

/*
 * What happens once in an object's life, and what weak references do. Both
 * families share it: an atomic step more or less does not matter here.
 */

#include "rc.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void *rc_new(size_t size, void (*destroy)(void *object))
{
	struct rc_head *head;
	void *block;
	int error;

	if (size > SIZE_MAX - sizeof(*head)) {
		errno = ENOMEM;
		return NULL;
	}
	error = posix_memalign(&block, alignof(max_align_t),
			       sizeof(*head) + size);
	if (error != 0) {
		errno = error;
		return NULL;
	}
	head = memset(block, 0, sizeof(*head) + size);
	head->strong = 1;
	head->weak = 1;
	head->destroy = destroy;
	return head + 1;
}

/*
 * Of this thread, on the stack of the call that destroys: what is still to be
 * destroyed, threaded through the heads.
 */
struct queue {
	struct rc_head *dead;
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_key(void)
{
	if (pthread_key_create(&key, NULL) != 0)
		abort();
}

void rc_destroy(struct rc_head *head)
{
	struct queue mine = { NULL };
	struct queue *queue;

	pthread_once(&once, make_key);
	queue = pthread_getspecific(key);
	if (queue != NULL) {
		head->next = queue->dead;
		queue->dead = head;
		return;
	}
	head->next = NULL;
	mine.dead = head;
	pthread_setspecific(key, &mine);
	while (mine.dead != NULL) {
		head = mine.dead;
		mine.dead = head->next;
		if (head->destroy != NULL)
			head->destroy(head + 1);
		arc_weak_release((struct rc_weak *)head);
	}
	pthread_setspecific(key, NULL);
}

void rc_assign(void *place, void *object)
{
	void *old;

	/* Not *(void **)place: place may be the address of any pointer. */
	memcpy(&old, place, sizeof(old));
	rc_retain(object);
	memcpy(place, &object, sizeof(object));
	rc_release(old);
}

void rc_cleanup(void *place)
{
	rc_assign(place, NULL);
}

struct rc_weak *rc_weak(void *object)
{
	struct rc_head *head;

	if (object == NULL)
		return NULL;
	head = rc_head(object);
	if (head->weak < RC_LIMIT)
		head->weak++;
	return (struct rc_weak *)head;
}

void *rc_upgrade(struct rc_weak *weak)
{
	struct rc_head *head = (struct rc_head *)weak;

	if (head == NULL || head->strong == 0)
		return NULL;
	return rc_retain(head + 1);
}

void rc_weak_release(struct rc_weak *weak)
{
	struct rc_head *head = (struct rc_head *)weak;

	if (head != NULL && head->weak < RC_LIMIT && --head->weak == 0)
		free(head);
}

struct rc_weak *arc_weak(void *object)
{
	struct rc_head *head;
	uint32_t count;

	if (object == NULL)
		return NULL;
	head = rc_head(object);
	count = __atomic_fetch_add(&head->weak, 1, __ATOMIC_RELAXED);
	if (count >= RC_LIMIT)
		__atomic_store_n(&head->weak, RC_STUCK, __ATOMIC_RELAXED);
	return (struct rc_weak *)head;
}

void *arc_upgrade(struct rc_weak *weak)
{
	struct rc_head *head = (struct rc_head *)weak;
	uint32_t strong;

	if (head == NULL)
		return NULL;
	strong = __atomic_load_n(&head->strong, __ATOMIC_RELAXED);
	do {
		if (strong == 0)
			return NULL;
		if (strong >= RC_LIMIT)
			return head + 1;
		/* A failure loads the count that was there instead. */
	} while (!__atomic_compare_exchange_n(
		&head->strong, &strong, strong + 1, true, __ATOMIC_ACQUIRE,
		__ATOMIC_RELAXED));
	return head + 1;
}

void arc_weak_release(struct rc_weak *weak)
{
	struct rc_head *head = (struct rc_head *)weak;
	uint32_t count;

	if (head == NULL)
		return;
	count = __atomic_fetch_sub(&head->weak, 1, __ATOMIC_RELEASE);
	if (count == 1) {
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		free(head);
	} else if (count >= RC_LIMIT)
		__atomic_store_n(&head->weak, RC_STUCK, __ATOMIC_RELAXED);
}
