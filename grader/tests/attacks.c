/* SPDX-License-Identifier: MIT */

/*
 * A library in the place of lab 08's that counts nothing, and attacks its judge
 * in the way that ATTACK in the environment names.
 */

#include "rc.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int chosen(const char *name)
{
	const char *attack = getenv("ATTACK");

	if (attack == NULL)
		return 0;
	return strcmp(attack, name) == 0;
}

/*
 * The driver's variables, by what must be in them: the first row of its books,
 * and the words before it. No symbol of the driver's may be used.
 */
enum { STEPS = 0, RESULT = 1, WORDS_BEFORE = 7 };
static uint64_t *state;

static void find_state(const void *block)
{
	extern uint64_t __bss_start[], _end[];

	for (uint64_t *word = __bss_start; word + 2 < _end; word++)
		if (word[0] == (uintptr_t)block && word[2] == 1)
			state = word - WORDS_BEFORE;
}

static void *end_it(void *data)
{
	_exit(0);
	return data;
}

/* Answers what the driver would, and more, on every descriptor. */
static void forge(int times)
{
	char text[64];
	uint64_t step = state != NULL ? state[STEPS] + 1 : 1;
	int length = snprintf(text, sizeof(text), "%llu 0\n",
			      (unsigned long long)step);

	for (int i = 0; i < times; i++)
		for (int fd = 0; fd < 256; fd++)
			if (write(fd, text, (size_t)length) < 0)
				continue;
}

/* A process that nobody waits for, in a session of its own. */
static void daemonize(void)
{
	if (fork() != 0)
		return;
	setsid();
	if (fork() != 0)
		_exit(0);
	for (;;)
		pause();
}

static void write_parent(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	fd = open(path, O_RDWR);
	if (fd >= 0) {
		puts("the parent's memory is open");
		close(fd);
	}
}

static void attack(void)
{
	pthread_t thread;

	if (chosen("exit"))
		exit(0);
	if (chosen("_exit"))
		_exit(0);
	if (chosen("quick_exit"))
		quick_exit(0);
	if (chosen("exit_group"))
		syscall(SYS_exit_group, 0);
	if (chosen("SYS_exit"))
		syscall(SYS_exit, 0);
	if (chosen("abort"))
		abort();
	if (chosen("SIGKILL"))
		raise(SIGKILL);
	if (chosen("SIGSTOP"))
		raise(SIGSTOP);
	if (chosen("loop"))
		for (;;)
			;
	if (chosen("thread") &&
	    pthread_create(&thread, NULL, end_it, NULL) == 0)
		pthread_join(thread, NULL);
	if (chosen("kill-parent"))
		kill(getppid(), SIGKILL);
	if (chosen("stop-parent"))
		kill(getppid(), SIGSTOP);
	if (chosen("kill-all"))
		kill(-1, SIGKILL);
	if (chosen("setpgid"))
		setpgid(0, getppid());
	if (chosen("trace-parent"))
		ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
	if (chosen("write-parent"))
		write_parent();
	if (chosen("close"))
		for (int fd = 0; fd < 256; fd++)
			close(fd);
	if (chosen("null"))
		for (int fd = 3; fd < 256; fd++)
			dup2(0, fd);
	if (chosen("forge"))
		forge(1);
	if (chosen("flood"))
		forge(1 << 20);
	if (chosen("forge-state") && state != NULL) {
		state[STEPS]++;
		state[RESULT] = 0;
		forge(1);
	}
	if (chosen("print"))
		puts("100%: Checks: 13, Failures: 0, Errors: 0");
	if (chosen("daemon"))
		daemonize();
	if (chosen("file-size")) {
		struct rlimit none = { 0, 0 };

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &none);
	}
	if (chosen("undumpable"))
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

__attribute__((constructor)) static void before_main(void)
{
	if (chosen("constructor-exit")) {
		puts("1 0\n2 0");
		_exit(0);
	}
	if (chosen("constructor-forge"))
		forge(4);
	if (chosen("constructor-close"))
		for (int fd = 0; fd < 256; fd++)
			close(fd);
}

void *rc_new(size_t size, void (*destroy)(void *object))
{
	struct rc_head *head = calloc(1, sizeof(*head) + size);

	if (head == NULL)
		return NULL;
	head->destroy = destroy;
	find_state(head);
	attack();
	return head + 1;
}

void rc_destroy(struct rc_head *head)
{
	(void)head;
}

void rc_assign(void *place, void *object)
{
	memcpy(place, &object, sizeof(object));
}

void rc_cleanup(void *place)
{
	(void)place;
}

struct rc_weak *rc_weak(void *object)
{
	return object;
}

struct rc_weak *arc_weak(void *object)
{
	return object;
}

void *rc_upgrade(struct rc_weak *weak)
{
	return weak;
}

void *arc_upgrade(struct rc_weak *weak)
{
	return weak;
}

void rc_weak_release(struct rc_weak *weak)
{
	(void)weak;
}

void arc_weak_release(struct rc_weak *weak)
{
	(void)weak;
}

struct node *tree_new(long value)
{
	(void)value;
	return NULL;
}

void tree_add(struct node *parent, struct node *child)
{
	(void)parent;
	(void)child;
}

struct node *tree_parent(struct node *node)
{
	return node;
}
