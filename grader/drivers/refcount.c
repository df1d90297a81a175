/* SPDX-License-Identifier: MIT */

/*
 * The commands of lab 08. Slots hold references, weaks hold weak references;
 * a command's numbers say which. Every object's destructor is ours, and notes
 * that it ran.
 */

#include "refcount.h"
#include "atomics.h"
#include "driver.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tree.h"

enum { SLOTS = 6, THREADS = 2 };

/* What a destructor does beside noting; its number is in the command. */
enum kind {
	BARE,	 /* no destructor, no node: any size */
	PLAIN,	 /* releases its edge */
	LOOKS,	 /* and notes what is in its place */
	CLEARS,	 /* and assigns NULL to its place */
	UPGRADES /* and tries to upgrade its own weak reference */
};

/* The payload of all but bare objects; the rest of it is filled. */
struct payload {
	uint64_t id;
	uint64_t kind;
	void *edge;  /* owned */
	void *place; /* the address of a slot */
	struct rc_weak *self;
};

/* The bytes in front of each payload, and the alignment that one must have. */
const char driver_fact_head_bytes[sizeof(struct rc_head)] = { 0 };
const char driver_fact_alignment[alignof(max_align_t)] = { 0 };

/* What the judge reads, beside the state of the driver. */
struct {
	void *slot[SLOTS];
	struct rc_weak *weak[SLOTS];
	uint64_t destroyed; /* of objects that are only counted */
	uint64_t during;    /* what had been destroyed while another was */
	uint64_t error;	    /* errno of the last rc_new */
	uint64_t refused;   /* upgrades that returned NULL */
	uint64_t unseen;    /* writes of other threads, missed on destruction */
} lab_state;

static const struct family *family = &families[SINGLE];

void lab_reset(void)
{
	memset(&lab_state, 0, sizeof(lab_state));
	family = &families[SINGLE];
}

static void destroy(void *object)
{
	struct payload *node = object;
	uintptr_t seen = 0;
	void *other;

	if (node->kind == LOOKS && node->place != NULL)
		seen = (uintptr_t) * (void **)node->place;
	if (node->kind == UPGRADES) {
		other = family->upgrade(node->self);
		seen = (uintptr_t)other;
	}
	driver_note((uintptr_t)object, node->id, seen, 0);
	if (node->kind == CLEARS && node->place != NULL)
		rc_assign(node->place, NULL);
	if (node->kind == UPGRADES)
		family->weak_release(node->self);
	family->release(node->edge);
}

static void destroy_counted(void *object)
{
	__atomic_fetch_add(&lab_state.destroyed, 1, __ATOMIC_RELAXED);
	family->release(*(void **)object);
}

/* family ATOMIC */
static uint64_t choose(const long *argument)
{
	family = &families[argument[0] != 0];
	return 0;
}

/*
 * new SLOT SIZE KIND ID: the bytes behind a node are filled with the id, and
 * its place is its slot.
 */
static uint64_t new (const long *argument)
{
	size_t size = (size_t)argument[1];
	bool bare = argument[2] == BARE;
	void *object;
	struct payload *node;

	errno = 0;
	object = rc_new(size, bare ? NULL : destroy);
	lab_state.error = (uint64_t)errno;
	lab_state.slot[argument[0]] = object;
	if (object == NULL || bare)
		return (uintptr_t)object;
	node = object;
	node->id = (uint64_t)argument[3];
	node->kind = (uint64_t)argument[2];
	if (node->kind == LOOKS || node->kind == CLEARS)
		node->place = &lab_state.slot[argument[0]];
	if (node->kind == UPGRADES)
		node->self = family->weak(object);
	memset(node + 1, (int)argument[3], size - sizeof(*node));
	return (uintptr_t)object;
}

/* huge SLOT LESS: so much less than SIZE_MAX; more than there can be */
static uint64_t huge(const long *argument)
{
	errno = 0;
	lab_state.slot[argument[0]] =
		rc_new(SIZE_MAX - (size_t)argument[1], NULL);
	lab_state.error = (uint64_t)errno;
	return (uintptr_t)lab_state.slot[argument[0]];
}

/* starve SLOT: malloc has nothing left */
static uint64_t starve(const long *argument)
{
	heap_fail_after = 0;
	errno = 0;
	lab_state.slot[argument[0]] = rc_new(64, destroy);
	lab_state.error = (uint64_t)errno;
	heap_fail_after = -1;
	return (uintptr_t)lab_state.slot[argument[0]];
}

/* retain FROM TO */
static uint64_t retain(const long *argument)
{
	void *object = family->retain(lab_state.slot[argument[0]]);

	lab_state.slot[argument[1]] = object;
	return (uintptr_t)object;
}

/* release SLOT */
static uint64_t release(const long *argument)
{
	void *object = lab_state.slot[argument[0]];

	lab_state.slot[argument[0]] = NULL;
	family->release(object);
	return 0;
}

/* link SLOT TO: SLOT's node owns what TO holds, and no longer its old edge. */
static uint64_t link_to(const long *argument)
{
	struct payload *node = lab_state.slot[argument[0]];
	void *old = node->edge;

	node->edge = family->retain(lab_state.slot[argument[1]]);
	family->release(old);
	return (uintptr_t)node->edge;
}

/* hand SLOT TO: the same, but TO's own reference goes over to the node. */
static uint64_t hand_to(const long *argument)
{
	struct payload *node = lab_state.slot[argument[0]];
	void *old = node->edge;

	node->edge = lab_state.slot[argument[1]];
	lab_state.slot[argument[1]] = NULL;
	family->release(old);
	return (uintptr_t)node->edge;
}

/* assign SLOT FROM */
static uint64_t assign(const long *argument)
{
	rc_assign(&lab_state.slot[argument[0]], lab_state.slot[argument[1]]);
	return (uintptr_t)lab_state.slot[argument[0]];
}

/* follow SLOT: what its node owns, in its place; as `list = list->next` */
static uint64_t follow(const long *argument)
{
	struct payload *node = lab_state.slot[argument[0]];

	rc_assign(&lab_state.slot[argument[0]], node->edge);
	return (uintptr_t)lab_state.slot[argument[0]];
}

/* clear SLOT */
static uint64_t clear(const long *argument)
{
	rc_cleanup(&lab_state.slot[argument[0]]);
	return (uintptr_t)lab_state.slot[argument[0]];
}

/* scope SLOT: a reference that lives in a scope; its count is the result. */
static uint64_t scope(const long *argument)
{
	RC_SCOPED void *object = family->retain(lab_state.slot[argument[0]]);

	return object != NULL ? rc_head(object)->strong : 0;
}

/* place SLOT TO: SLOT's node knows the slot TO. */
static uint64_t place(const long *argument)
{
	struct payload *node = lab_state.slot[argument[0]];

	node->place = &lab_state.slot[argument[1]];
	return (uintptr_t)node->place;
}

/* weak SLOT WEAK */
static uint64_t weak(const long *argument)
{
	lab_state.weak[argument[1]] = family->weak(lab_state.slot[argument[0]]);
	return (uintptr_t)lab_state.weak[argument[1]];
}

/* upgrade WEAK SLOT */
static uint64_t upgrade(const long *argument)
{
	lab_state.slot[argument[1]] =
		family->upgrade(lab_state.weak[argument[0]]);
	return (uintptr_t)lab_state.slot[argument[1]];
}

/* unweak WEAK */
static uint64_t unweak(const long *argument)
{
	struct rc_weak *reference = lab_state.weak[argument[0]];

	lab_state.weak[argument[0]] = NULL;
	family->weak_release(reference);
	return 0;
}

/*
 * strong SLOT BELOW, weakly SLOT BELOW: so far below RC_LIMIT is the count. -1
 * is as far above it as there is, and a saturated count like any other.
 */
static uint32_t below_limit(long below)
{
	return below < 0 ? UINT32_MAX : RC_LIMIT - (uint32_t)below;
}

static uint64_t set_strong(const long *argument)
{
	struct rc_head *head = rc_head(lab_state.slot[argument[0]]);

	head->strong = below_limit(argument[1]);
	return head->strong;
}

static uint64_t set_weak(const long *argument)
{
	struct rc_head *head = rc_head(lab_state.slot[argument[0]]);

	head->weak = below_limit(argument[1]);
	return head->weak;
}

/* root SLOT VALUE, add PARENT CHILD, parent SLOT TO: what tree.h has */
static uint64_t root(const long *argument)
{
	lab_state.slot[argument[0]] = tree_new(argument[1]);
	return (uintptr_t)lab_state.slot[argument[0]];
}

static uint64_t add(const long *argument)
{
	tree_add(lab_state.slot[argument[0]], lab_state.slot[argument[1]]);
	return 0;
}

static uint64_t parent(const long *argument)
{
	lab_state.slot[argument[1]] = tree_parent(lab_state.slot[argument[0]]);
	return (uintptr_t)lab_state.slot[argument[1]];
}

/* list COUNT: slot 0 owns a list of so many nodes, allocated in bulk. */
static uint64_t list(const long *argument)
{
	void **node;

	heap_bulk = true;
	for (long i = 0; i < argument[0]; i++) {
		node = rc_new(sizeof(*node), destroy_counted);
		if (node == NULL)
			return 0;
		*node = lab_state.slot[0];
		lab_state.slot[0] = node;
	}
	return (uintptr_t)lab_state.slot[0];
}

/* counted SLOT: an object whose destruction is only counted */
static uint64_t counted(const long *argument)
{
	lab_state.slot[argument[0]] = rc_new(sizeof(void *), destroy_counted);
	return (uintptr_t)lab_state.slot[argument[0]];
}

/*
 * spend COUNT SIZE WEAKLY: so many objects, one after the other; weakly: each
 * has a weak reference, which goes last. How much memory that takes, and keeps,
 * is seen from outside.
 */
static uint64_t spend(const long *argument)
{
	struct rc_weak *reference = NULL;
	bool weakly = argument[2] != 0;
	void *object;

	heap_bulk = true;
	for (long i = 0; i < argument[0]; i++) {
		object = rc_new((size_t)argument[1], NULL);
		if (weakly)
			reference = family->weak(object);
		family->release(object);
		if (weakly)
			family->weak_release(reference);
	}
	return 0;
}

/*
 * Two barriers: what a thread does before it waits at the end must not seem to
 * have happened before what others do after the start.
 */
static pthread_barrier_t start, end;
static sem_t entered, go;

/* Without threads there is nothing to see: to go on would be to lie. */
static void need(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "driver: %s: %s\n", what, strerror(error));
	_exit(EXIT_FAILURE);
}

static void begin_thread(pthread_t *thread, void *(*body)(void *), void *data)
{
	need(pthread_create(thread, NULL, body, data), "pthread_create");
}

static void open_barriers(unsigned int parties)
{
	need(pthread_barrier_init(&start, NULL, parties), "barrier");
	need(pthread_barrier_init(&end, NULL, parties), "barrier");
}

static void close_barriers(void)
{
	pthread_barrier_destroy(&start);
	pthread_barrier_destroy(&end);
}

static void *storm_thread(void *data)
{
	long count = *(long *)data;

	pthread_barrier_wait(&start);
	for (long i = 0; i < count; i++) {
		families[ATOMIC].retain(lab_state.slot[0]);
		families[ATOMIC].release(lab_state.slot[0]);
	}
	return NULL;
}

static void *weak_storm_thread(void *data)
{
	long count = *(long *)data;

	pthread_barrier_wait(&start);
	for (long i = 0; i < count; i++) {
		struct rc_weak *reference =
			families[ATOMIC].weak(lab_state.slot[0]);

		families[ATOMIC].release(families[ATOMIC].upgrade(reference));
		families[ATOMIC].weak_release(reference);
	}
	return NULL;
}

/* What a thread is given to do; its number tells it what is its own. */
struct work {
	long count;
	long number;
};

/*
 * Each round: of one new object each thread owns a reference and a weak one,
 * and a word of the payload. Each writes its word and gives both back.
 */
static void *last_thread(void *data)
{
	struct work *work = data;

	for (long i = 0; i < work->count; i++) {
		uint64_t *object;

		pthread_barrier_wait(&start);
		object = lab_state.slot[0];
		object[work->number] = (uint64_t)i;
		families[ATOMIC].release(object);
		families[ATOMIC].weak_release(lab_state.weak[work->number]);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

/* What all threads wrote before their releases has happened. */
static void destroy_written(void *object)
{
	uint64_t *word = object;

	for (int i = 1; i < THREADS; i++)
		if (word[i] != word[0])
			lab_state.unseen++;
	lab_state.destroyed++;
}

/* Each round: upgrade while somebody releases the last reference. */
static void *upgrade_thread(void *data)
{
	long count = *(long *)data;

	for (long i = 0; i < count; i++) {
		void *object;

		pthread_barrier_wait(&start);
		object = families[ATOMIC].upgrade(lab_state.weak[0]);
		if (object == NULL)
			__atomic_fetch_add(&lab_state.refused, 1,
					   __ATOMIC_RELAXED);
		families[ATOMIC].release(object);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

static uint64_t run_threads(void *(*body)(void *), long count)
{
	pthread_t thread[THREADS];

	family = &families[ATOMIC];
	open_barriers(THREADS);
	for (int i = 0; i < THREADS; i++)
		begin_thread(&thread[i], body, &count);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	close_barriers();
	return 0;
}

/* storm COUNT, weakstorm COUNT: threads retain and release slot 0 */
static uint64_t storm(const long *argument)
{
	return run_threads(storm_thread, argument[0]);
}

static uint64_t weak_storm(const long *argument)
{
	return run_threads(weak_storm_thread, argument[0]);
}

/*
 * last COUNT, raise COUNT: so many rounds, each with an object of its own;
 * the other party of `raise` is this thread.
 */
static uint64_t last(const long *argument)
{
	pthread_t thread[THREADS];
	struct work work[THREADS];

	family = &families[ATOMIC];
	heap_bulk = true;
	open_barriers(THREADS + 1);
	for (long i = 0; i < THREADS; i++) {
		work[i] = (struct work){ argument[0], i };
		begin_thread(&thread[i], last_thread, &work[i]);
	}
	for (long i = 0; i < argument[0]; i++) {
		void *object =
			rc_new(THREADS * sizeof(uint64_t), destroy_written);

		lab_state.slot[0] = object;
		for (int each = 1; each < THREADS; each++)
			families[ATOMIC].retain(object);
		for (int each = 0; each < THREADS; each++)
			lab_state.weak[each] = families[ATOMIC].weak(object);
		pthread_barrier_wait(&start);
		pthread_barrier_wait(&end);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		lab_state.weak[i] = NULL;
	}
	close_barriers();
	lab_state.slot[0] = NULL;
	return 0;
}

static uint64_t raise_dead(const long *argument)
{
	pthread_t thread;
	long count = argument[0];

	family = &families[ATOMIC];
	heap_bulk = true;
	open_barriers(2);
	begin_thread(&thread, upgrade_thread, &count);
	for (long i = 0; i < argument[0]; i++) {
		void *object = rc_new(sizeof(void *), destroy_counted);

		lab_state.weak[0] = families[ATOMIC].weak(object);
		pthread_barrier_wait(&start);
		families[ATOMIC].release(object);
		pthread_barrier_wait(&end);
		families[ATOMIC].weak_release(lab_state.weak[0]);
	}
	pthread_join(thread, NULL);
	close_barriers();
	lab_state.weak[0] = NULL;
	return 0;
}

static void *churn_thread(void *data)
{
	long count = *(long *)data;

	pthread_barrier_wait(&start);
	for (long i = 0; i < count; i++)
		families[ATOMIC].release(
			rc_new(sizeof(void *), destroy_counted));
	return NULL;
}

/* churn COUNT: threads make and destroy objects, each its own */
static uint64_t churn(const long *argument)
{
	heap_bulk = true;
	return run_threads(churn_thread, argument[0]);
}

/* What of midst's another thread does, and whether it has. */
static sem_t asked, done;

static void *helper_thread(void *data)
{
	void (*step)(void) = *(void (**)(void))data;

	while (sem_wait(&asked) != 0)
		;
	step();
	sem_post(&done);
	return NULL;
}

/*
 * Lets the helper do its step, and waits for it; not for ever, because a
 * library that holds a lock here makes it wait for this thread.
 */
static void let_it_step(void)
{
	struct timespec until;

	sem_post(&asked);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	if (sem_timedwait(&done, &until) == 0)
		sem_post(&done);
}

static void release_it(void)
{
	families[ATOMIC].release(lab_state.slot[0]);
}

static void release_weak(void)
{
	families[ATOMIC].weak_release(lab_state.weak[1]);
}

enum midst { UPGRADE, RELEASE, WEAK_RELEASE };

/*
 * midst WHAT NTH: right before the nth atomic operation of a call, another
 * thread gives its reference back. The call is the upgrade of a weak reference
 * to what dies then, or the release of the other one of two references; or,
 * after death, of the other one of two weak ones.
 */
static uint64_t midst(const long *argument)
{
	void (*step)(void) = argument[0] == WEAK_RELEASE ? release_weak
							 : release_it;
	void *object = rc_new(sizeof(void *), destroy_counted);
	struct rc_weak *reference = families[ATOMIC].weak(object);
	pthread_t thread;

	family = &families[ATOMIC];
	lab_state.slot[0] = object;
	lab_state.weak[1] = families[ATOMIC].weak(object);
	if (argument[0] == RELEASE)
		families[ATOMIC].retain(object);
	if (argument[0] == WEAK_RELEASE)
		families[ATOMIC].release(object);
	sem_init(&asked, 0, 0);
	sem_init(&done, 0, 0);
	begin_thread(&thread, helper_thread, &step);
	if (atomics_before != NULL)
		atomics_before(rc_head(object), sizeof(struct rc_head),
			       argument[1], let_it_step);
	if (argument[0] == UPGRADE)
		object = families[ATOMIC].upgrade(reference);
	else if (argument[0] == RELEASE)
		families[ATOMIC].release(object);
	else
		families[ATOMIC].weak_release(reference);
	if (atomics_before != NULL)
		atomics_before(NULL, 0, 0, NULL);
	sem_post(&asked);
	pthread_join(thread, NULL);
	if (argument[0] == UPGRADE)
		families[ATOMIC].release(object);
	if (argument[0] != WEAK_RELEASE) {
		families[ATOMIC].weak_release(reference);
		families[ATOMIC].weak_release(lab_state.weak[1]);
	}
	lab_state.slot[0] = NULL;
	lab_state.weak[1] = NULL;
	return 0;
}

static void destroy_slowly(void *object)
{
	(void)object;
	sem_post(&entered);
	while (sem_wait(&go) != 0)
		;
}

static void *hold_thread(void *object)
{
	families[ATOMIC].release(object);
	return NULL;
}

/*
 * hold: while a thread is in a destructor, all else still works, on other
 * objects and on a weak reference to the dying one.
 */
static uint64_t hold(const long *argument)
{
	void *dying = rc_new(8, destroy_slowly);
	struct rc_weak *reference = families[ATOMIC].weak(dying);
	void *other = rc_new(sizeof(void *), destroy_counted);
	pthread_t thread;

	(void)argument;
	family = &families[ATOMIC];
	sem_init(&entered, 0, 0);
	sem_init(&go, 0, 0);
	begin_thread(&thread, hold_thread, dying);
	while (sem_wait(&entered) != 0)
		;
	if (families[ATOMIC].upgrade(reference) == NULL)
		lab_state.refused++;
	families[ATOMIC].weak_release(reference);
	families[ATOMIC].release(families[ATOMIC].retain(other));
	families[ATOMIC].release(other);
	lab_state.during = lab_state.destroyed;
	sem_post(&go);
	pthread_join(thread, NULL);
	return 0;
}

/* A command a line: */
/* clang-format off */
const struct lab_command lab_commands[] = {
	{ "family", choose },
	{ "new", new },
	{ "huge", huge },
	{ "starve", starve },
	{ "retain", retain },
	{ "release", release },
	{ "link", link_to },
	{ "hand", hand_to },
	{ "assign", assign },
	{ "follow", follow },
	{ "clear", clear },
	{ "scope", scope },
	{ "place", place },
	{ "weak", weak },
	{ "upgrade", upgrade },
	{ "unweak", unweak },
	{ "strong", set_strong },
	{ "weakly", set_weak },
	{ "root", root },
	{ "add", add },
	{ "parent", parent },
	{ "list", list },
	{ "counted", counted },
	{ "spend", spend },
	{ "storm", storm },
	{ "last", last },
	{ "weakstorm", weak_storm },
	{ "raise", raise_dead },
	{ "churn", churn },
	{ "midst", midst },
	{ "hold", hold },
	{ NULL, NULL },
};
/* clang-format on */
