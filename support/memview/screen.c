/* SPDX-License-Identifier: MIT */

/*
 * The terminal while it is ours: raw, on its second page, without a cursor.
 * Escape sequences are those of ECMA-48 and xterm, which all terminals that
 * Linux is used with understand.
 */

#include "screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* 7: what is too long is cut, and does not go on in the next line. */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l\033[2J";
static const char leave[] = "\033[?7h\033[0m\033[?25h\033[?1049l";

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static const int others[] = { SIGTSTP, SIGWINCH };
/* After these the program cannot go on; the terminal still is given back. */
static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

enum {
	ENDS = sizeof(ends) / sizeof(ends[0]),
	OTHERS = sizeof(others) / sizeof(others[0]),
	FAULTS = sizeof(faults) / sizeof(faults[0]),
};

static struct {
	struct termios saved;
	sigset_t mask_saved;
	bool open;
	char **shown; /* the lines on the screen; NULL where unknown */
	unsigned int lines;
} screen;

static volatile sig_atomic_t end_signal, stopped, resized;

bool screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term &&
	       strcmp(term, "dumb") != 0;
}

static void write_all(const char *text, size_t length)
{
	ssize_t n;

	while (length > 0) {
		n = write(STDOUT_FILENO, text, length);
		if (n < 0 && errno != EINTR)
			return; /* the terminal is gone; SIGHUP comes */
		if (n > 0) {
			text += n;
			length -= (size_t)n;
		}
	}
}

static void on_signal(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else if (number == SIGTSTP)
		stopped = 1;
	else
		end_signal = number;
}

/* The handler is reset by now, so the signal comes again and ends us. */
static void on_fault(int number)
{
	write_all(leave, sizeof(leave) - 1);
	tcsetattr(STDIN_FILENO, TCSANOW, &screen.saved);
	raise(number);
}

/* From now on signals arrive only while screen_key waits. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction fault = { .sa_handler = on_fault,
				   .sa_flags = (int)SA_RESETHAND };
	sigset_t mask;
	size_t i;

	sigemptyset(&mask);
	for (i = 0; i < ENDS; i++)
		sigaddset(&mask, ends[i]);
	for (i = 0; i < OTHERS; i++)
		sigaddset(&mask, others[i]);
	sigprocmask(SIG_BLOCK, &mask, &screen.mask_saved);
	for (i = 0; i < ENDS; i++)
		sigaction(ends[i], &action, NULL);
	for (i = 0; i < OTHERS; i++)
		sigaction(others[i], &action, NULL);
	for (i = 0; i < FAULTS; i++)
		sigaction(faults[i], &fault, NULL);
}

static int take(void)
{
	struct termios raw = screen.saved;

	/* Signals from keys stay: Ctrl-C and Ctrl-Z do what they always do. */
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) != 0)
		return -1;
	write_all(enter, sizeof(enter) - 1);
	return 0;
}

static void give_back(void)
{
	write_all(leave, sizeof(leave) - 1);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen.saved);
}

static void forget_lines(void)
{
	unsigned int i;

	for (i = 0; i < screen.lines; i++)
		free(screen.shown[i]);
	free(screen.shown);
	screen.shown = NULL;
	screen.lines = 0;
}

int screen_open(void)
{
	if (tcgetattr(STDIN_FILENO, &screen.saved) != 0)
		return -1;
	catch_signals();
	if (take() != 0) {
		sigprocmask(SIG_SETMASK, &screen.mask_saved, NULL);
		return -1;
	}
	screen.open = true;
	return 0;
}

void screen_close(void)
{
	size_t i;

	if (!screen.open)
		return;
	screen.open = false;
	give_back();
	forget_lines();
	for (i = 0; i < ENDS; i++)
		signal(ends[i], SIG_DFL);
	for (i = 0; i < OTHERS; i++)
		signal(others[i], SIG_DFL);
	for (i = 0; i < FAULTS; i++)
		signal(faults[i], SIG_DFL);
	sigprocmask(SIG_SETMASK, &screen.mask_saved, NULL);
	if (end_signal != 0)
		raise(end_signal);
}

static unsigned int height(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 2)
		return 24;
	return size.ws_row;
}

unsigned int screen_lines(void)
{
	return height() - 1; /* the status line */
}

/* Draws a line of the text, unless the screen shows just that there. */
static int show_line(FILE *out, unsigned int line, const char *text,
		     size_t length, bool status)
{
	char *wanted = strndup(text, length);

	if (!wanted)
		return -1;
	if (screen.shown[line] && strcmp(screen.shown[line], wanted) == 0) {
		free(wanted);
		return 0;
	}
	free(screen.shown[line]);
	screen.shown[line] = wanted;
	fprintf(out, "\033[%u;1H%s%s\033[0m\033[K", line + 1,
		status ? "\033[7m" : "", wanted);
	return 0;
}

static unsigned int count_lines(const char *text)
{
	unsigned int count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

/* Moves *top so that the screen is full, if the text is long enough. */
static void bring_back(const char *text, unsigned int *top)
{
	unsigned int lines = count_lines(text), room = screen_lines();
	unsigned int last = lines > room ? lines - room : 0;

	if (*top > last)
		*top = last;
}

/* A new size of the terminal: what it shows is unknown. */
static int fit(void)
{
	unsigned int lines = height(); /* asked again, it may be another one */

	if (screen.lines == lines)
		return 0;
	forget_lines();
	screen.shown = calloc(lines, sizeof(*screen.shown));
	if (!screen.shown)
		return -1;
	screen.lines = lines;
	return 0;
}

/* Draws the text from its line number top on, and the status line. */
static int show_lines(FILE *out, const char *text, const char *status,
		      unsigned int top)
{
	unsigned int line, skip;
	int result = 0;

	for (skip = 0; skip < top; skip++)
		text = strchr(text, '\n') + 1;
	for (line = 0; line + 1 < screen.lines && result == 0; line++) {
		result = show_line(out, line, text, strcspn(text, "\n"), false);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	if (result == 0)
		result = show_line(out, line, status, strlen(status), true);
	return result;
}

int screen_show(const char *text, const char *status, unsigned int *top)
{
	char *frame = NULL;
	size_t length;
	int result;
	FILE *out;

	if (fit() != 0)
		return -1;
	bring_back(text, top);
	out = open_memstream(&frame, &length);
	if (!out)
		return -1;
	result = show_lines(out, text, status, *top);
	if (fclose(out) != 0)
		result = -1;
	else if (length > 0)
		write_all(frame, length);
	free(frame);
	return result;
}

/* Stops as if we had not caught the signal, and goes on after SIGCONT. */
static void stop(void)
{
	stopped = 0;
	give_back();
	raise(SIGSTOP);
	take();
	forget_lines();
}

/* Bytes that were read, but are of later keys. */
static char pending[64];
static size_t pending_length;

/* How many of the pending bytes the first key sent; see ECMA-48, 5.4. */
static size_t length_of_key(void)
{
	size_t i = 2;

	if (pending_length < 3 || pending[0] != '\033' ||
	    (pending[1] != '[' && pending[1] != 'O'))
		return 1;
	while (i + 1 < pending_length && (pending[i] < '@' || pending[i] > '~'))
		i++;
	return i + 1;
}

static const struct {
	const char *bytes;
	enum key key;
} keys[] = {
	{ "q", KEY_QUIT },
	{ "\033[C", KEY_NEXT },
	{ "\033[D", KEY_BACK },
	{ "\033OC", KEY_NEXT },
	{ "\033OD", KEY_BACK },
	{ "\033[A", KEY_UP },
	{ "\033[B", KEY_DOWN },
	{ "\033OA", KEY_UP },
	{ "\033OB", KEY_DOWN },
	{ "\033[5~", KEY_PAGE_UP },
	{ "\033[6~", KEY_PAGE_DOWN },
	{ "\033[H", KEY_FIRST },
	{ "\033[F", KEY_LAST },
	{ " ", KEY_SPACE },
	{ "m", KEY_MARK },
	{ "u", KEY_UNFOLD },
	{ "n", KEY_NEXT },
	{ "p", KEY_BACK },
	{ "j", KEY_DOWN },
	{ "k", KEY_UP },
};

/* Takes the first of the pending keys. */
static enum key take_key(void)
{
	size_t length = length_of_key(), i;
	enum key key = KEY_NONE;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].bytes) == length &&
		    memcmp(pending, keys[i].bytes, length) == 0)
			key = keys[i].key;
	pending_length -= length;
	memmove(pending, pending + length, pending_length);
	return key;
}

/* What a signal asks for, or KEY_NONE. */
static enum key obey_signals(void)
{
	if (end_signal != 0)
		return KEY_QUIT;
	if (stopped) {
		stop();
		return KEY_RESIZED;
	}
	if (resized) {
		resized = 0;
		forget_lines();
		return KEY_RESIZED;
	}
	return KEY_NONE;
}

enum key screen_key(int milliseconds)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec timeout = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = (long)(milliseconds % 1000) * 1000 * 1000,
	};
	enum key key;
	int ready;
	ssize_t n;

	if (pending_length > 0)
		return take_key();
	ready = ppoll(&input, 1, milliseconds < 0 ? NULL : &timeout,
		      &screen.mask_saved);
	key = obey_signals();
	if (key != KEY_NONE || ready <= 0)
		return key;
	n = read(STDIN_FILENO, pending, sizeof(pending));
	if (n <= 0)
		return KEY_QUIT; /* the terminal is gone */
	pending_length = (size_t)n;
	return take_key();
}
