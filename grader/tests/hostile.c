// SPDX-License-Identifier: MIT
/*
 * hostile.c - what a student's program might try against its box
 *
 * hostile ATTACK [CANARY]: one attack a run; CANARY is a file outside the
 * workspace that everybody may write to. No attack succeeds, and each says on
 * stdout what it did get ("got: ..."). Used by test_box.py only.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *canary = "/tmp/no-canary-given";

static void got(const char *what)
{
	printf("got: %s\n", what);
	fflush(stdout);
}

static void got_of(const char *what, pid_t pid)
{
	printf("got: %s of process %d\n", what, pid);
	fflush(stdout);
}

static void hang(void)
{
	for (;;)
		;
}

static void ignore_and_wait(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	for (;;)
		pause();
}

static void stop_self(void)
{
	raise(SIGSTOP);
}

static void fork_bomb(void)
{
	for (;;)
		if (fork() < 0 && errno == EAGAIN)
			usleep(1000);
}

/* The same with a process group for each. */
static void scattered_bomb(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			setsid();
		if (pid < 0 && errno == EAGAIN)
			usleep(1000);
	}
}

static void daemons(void)
{
	for (int i = 0; i < 10; i++) {
		if (fork() != 0)
			continue;
		setsid();
		if (fork() != 0)
			_exit(0);
		/* It holds our stdout for ever. */
		for (;;)
			pause();
	}
}

static void *sleep_in_thread(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 100000; i++)
		if (pthread_create(&thread, NULL, sleep_in_thread, NULL) != 0)
			return;
	got("100000 threads");
}

static void flood(void)
{
	static char page[1 << 16];

	memset(page, 'x', sizeof(page));
	for (;;)
		if (write(1, page, sizeof(page)) < 0 && errno == EPIPE)
			return;
}

static void memory(void)
{
	enum { PIECE = 16 << 20 };

	for (int i = 0; i < 8; i++)
		if (fork() == 0)
			break;
	for (;;) {
		char *piece = malloc(PIECE);

		if (piece)
			memset(piece, 1, PIECE);
		else
			pause();
	}
}

/* Write until that fails; says whether it has made a file of 4 GiB. */
static int fill(int fd)
{
	static char page[1 << 20];

	for (int i = 0; i < 4096; i++)
		if (write(fd, page, sizeof(page)) < 0)
			return 0;
	return 1;
}

static void big_file(void)
{
	signal(SIGXFSZ, SIG_IGN);
	if (fill(open("big", O_WRONLY | O_CREAT, 0600)))
		got("a file of 4 GiB");
}

/* Files of the largest size, each one within its own limit. */
static void fill_disk(void)
{
	char name[16];

	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "full%d", i);
		fill(open(name, O_WRONLY | O_CREAT, 0600));
	}
}

static void make_files(void)
{
	char name[16];

	mkdir("many", 0700);
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		close(open(name, O_WRONLY | O_CREAT, 0600));
	}
}

/* No folder has their names: only the descriptors keep them. */
static void hide_files(void)
{
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 64; i++) {
		int fd = open("hidden", O_WRONLY | O_CREAT, 0600);

		unlink("hidden");
		fill(fd);
	}
}

static void write_outside(void)
{
	const char *places[] = { canary,
				 "/tmp/hostile-was-here",
				 "/var/tmp/hostile-was-here",
				 "/dev/shm/hostile-was-here",
				 "/etc/hostile-was-here",
				 "/usr/hostile-was-here" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int fd = open(places[i], O_WRONLY | O_CREAT | O_TRUNC, 0600);

		/* A /tmp of the box's own is no harm: test_box looks outside.
		 */
		if (fd >= 0 && write(fd, "x", 1) == 1)
			close(fd);
	}
	chmod(canary, 0);
	unlink(canary);
}

static void read_secrets(void)
{
	if (open("/etc/shadow", O_RDONLY) >= 0)
		got("/etc/shadow");
	if (open(canary, O_RDONLY) >= 0)
		got("the canary's content");
}

static void kill_everybody(void)
{
	kill(getppid(), SIGKILL);
	kill(getppid(), SIGSTOP);
	kill(0, SIGKILL);
	kill(-1, SIGKILL);
}

/* Reach into every process that can be seen, the judge first of all. */
static void reach_out(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc)) != NULL) {
		pid_t pid = atoi(entry->d_name);
		char path[64];
		int fd;

		if (pid <= 0 || pid == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%d/mem", pid);
		fd = open(path, O_RDWR);
		if (fd >= 0)
			got_of("the memory", pid);
		if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0)
			got_of("control", pid);
		snprintf(path, sizeof(path), "/proc/%d/fd/1", pid);
		fd = open(path, O_WRONLY);
		if (fd >= 0)
			got_of("the output", pid);
	}
}

static void descriptors(void)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			got("a descriptor beside 0, 1 and 2");
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
}

static void shared_memory(void)
{
	shmget(0x6c616273, 4096, IPC_CREAT | 0666);
}

static void become_root(void)
{
	if (setuid(0) == 0)
		got("uid 0");
	execl("/usr/bin/su", "su", "-c", "id", NULL);
	execl("/bin/su", "su", "-c", "id", NULL);
}

static const struct {
	const char *name;
	void (*attack)(void);
} attacks[] = {
	{ "hang", hang },
	{ "ignore-and-wait", ignore_and_wait },
	{ "stop-self", stop_self },
	{ "fork-bomb", fork_bomb },
	{ "scattered-bomb", scattered_bomb },
	{ "daemons", daemons },
	{ "threads", threads },
	{ "flood", flood },
	{ "memory", memory },
	{ "big-file", big_file },
	{ "fill-disk", fill_disk },
	{ "make-files", make_files },
	{ "hide-files", hide_files },
	{ "write-outside", write_outside },
	{ "read-secrets", read_secrets },
	{ "kill-everybody", kill_everybody },
	{ "reach-out", reach_out },
	{ "descriptors", descriptors },
	{ "shared-memory", shared_memory },
	{ "become-root", become_root },
};

int main(int argc, char *argv[])
{
	if (argc > 2)
		canary = argv[2];
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (argc > 1 && strcmp(argv[1], attacks[i].name) == 0) {
			attacks[i].attack();
			return 0;
		}
	}
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		puts(attacks[i].name);
	return 2;
}
