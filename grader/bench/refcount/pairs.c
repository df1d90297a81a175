/* SPDX-License-Identifier: MIT */

/*
 * KIND THREADS COUNT: has each of so many threads make COUNT pairs on the same
 * object, and prints the nanoseconds that it took: of one thread its time on a
 * core, of several the time from the first start to the last end. KIND is
 * plain or atomic.
 */

#include "pairs.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 16 };

static pthread_barrier_t start;
static void *object;
static long count;

static struct worker {
	pthread_t thread;
	int cpu;
	long long began, ended; /* nanoseconds of CLOCK_MONOTONIC */
} workers[THREADS_MAX];

/* Each thread on a core of its own, as far as there are enough. */
static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* Not permitted, not done: the figures are told with their spread. */
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static long long now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void *work(void *data)
{
	struct worker *self = data;

	stay_on(self->cpu);
	pthread_barrier_wait(&start);
	self->began = now(CLOCK_MONOTONIC);
	atomic_pairs(object, count);
	self->ended = now(CLOCK_MONOTONIC);
	return NULL;
}

static void *wait_for_end(void *data)
{
	pthread_barrier_wait(&start);
	return data;
}

/*
 * One thread, while another one waits: there are libraries that count without
 * atomic operations as long as a process has one thread.
 */
static long long alone(void)
{
	pthread_t other;
	long long began, ended;

	if (pthread_create(&other, NULL, wait_for_end, NULL) != 0)
		exit(EXIT_FAILURE);
	stay_on(workers[0].cpu);
	began = now(CLOCK_THREAD_CPUTIME_ID);
	atomic_pairs(object, count);
	ended = now(CLOCK_THREAD_CPUTIME_ID);
	pthread_barrier_wait(&start);
	pthread_join(other, NULL);
	return ended - began;
}

static long long together(int threads)
{
	long long first = 0, last = 0;

	for (struct worker *w = workers; w < workers + threads; w++)
		if (pthread_create(&w->thread, NULL, work, w) != 0)
			exit(EXIT_FAILURE);
	for (struct worker *w = workers; w < workers + threads; w++) {
		pthread_join(w->thread, NULL);
		if (w == workers || w->began < first)
			first = w->began;
		if (w->ended > last)
			last = w->ended;
	}
	return last - first;
}

int main(int argc, char **argv)
{
	int threads = argc == 4 ? atoi(argv[2]) : 0;
	enum kind kind = argc == 4 && strcmp(argv[1], "plain") == 0 ? PLAIN
								    : ATOMIC;
	cpu_set_t set;
	long long time;

	if (threads < 1 || threads > THREADS_MAX ||
	    sched_getaffinity(0, sizeof(set), &set) != 0)
		return EXIT_FAILURE;
	for (int i = 0, cpu = -1; i < threads; i++) {
		do
			cpu = (cpu + 1) % CPU_SETSIZE;
		while (!CPU_ISSET(cpu, &set));
		workers[i].cpu = cpu;
	}
	count = atol(argv[3]);
	object = make(kind);
	if (object == NULL)
		return EXIT_FAILURE;
	pthread_barrier_init(&start, NULL, threads > 1 ? (unsigned)threads : 2);
	if (kind == PLAIN) {
		stay_on(workers[0].cpu);
		time = now(CLOCK_THREAD_CPUTIME_ID);
		plain_pairs(object, count);
		time = now(CLOCK_THREAD_CPUTIME_ID) - time;
	} else if (threads == 1) {
		time = alone();
	} else {
		time = together(threads);
	}
	printf("%lld\n", time);
	return EXIT_SUCCESS;
}
