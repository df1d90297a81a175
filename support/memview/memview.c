/* SPDX-License-Identifier: MIT */

/* memview - the address space of a process as a picture: `memview --help` */

#include "faces.h"
#include "pages.h"
#include "record.h"
#include "text.h"
#include "view.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

enum face { FACE_TERM, FACE_SVG, FACE_HTML, FACE_JSON };

static const char help[] =
	"memview - the address space of a process as a picture\n"
	"\n"
	"  memview PID                 a process, high addresses on top\n"
	"  memview BEFORE AFTER        two copies of /proc/PID/smaps: what "
	"changed\n"
	"  memview FOLDER              a recording: the arrow keys step "
	"through it\n"
	"\n"
	"  --json                      every mapping and number, for "
	"programs\n"
	"  --svg                       a picture, for slides and reports\n"
	"  --html                      a page: the arrow keys step through a "
	"recording\n"
	"  --unfold                    every mapping in a row of its own\n"
	"\n"
	"  --live PID                  a process while it runs\n"
	"  --record FOLDER PID         what changes in it, step by step, as a "
	"recording\n"
	"  --record FOLDER -- PROGRAM  the same: a step at each of its pauses\n"
	"  --pages ADDRESS[,LENGTH] PID ...\n"
	"                              a letter a page, processes side by "
	"side\n"
	"  --help                      this text\n";

struct options {
	int face, unfold, live, help;
	const char *pages;  /* which, or NULL */
	const char *record; /* the folder, or NULL */
	char **arguments;   /* what is not an option; NULL behind the last */
};

static int complain(const char *problem)
{
	struct fitted fitted;

	text_fit(&fitted, problem, TEXT_COLUMNS_MAX, true);
	fprintf(stderr, "memview: %s\n", fitted.text);
	return EXIT_FAILURE;
}

/* The status to exit with, which is no success unless all was printed. */
static int finish(int status)
{
	bool lost = ferror(stdout) != 0;

	if (fclose(stdout) != 0)
		return complain(strerror(errno));
	return lost ? complain("not everything could be printed") : status;
}

/* The process number that the argument is, or 0. */
static pid_t process_of(const char *argument)
{
	char *end;
	long pid;

	if (!isdigit((unsigned char)argument[0]))
		return 0;
	errno = 0;
	pid = strtol(argument, &end, 10);
	return errno == 0 && *end == '\0' && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* The steps that the arguments name. */
static int add_all(struct film *film, char **arguments, char *problem)
{
	struct stat status;
	int result = 0;
	pid_t pid;

	for (; *arguments && result == 0; arguments++) {
		pid = process_of(*arguments);
		if (pid != 0)
			result = film_add_process(film, pid, problem);
		else if (stat(*arguments, &status) == 0 &&
			 S_ISDIR(status.st_mode))
			result = film_add_folder(film, *arguments, problem);
		else
			result = film_add_file(film, *arguments, problem);
	}
	return result;
}

/* All steps, or from number first on. */
static int print_steps(const struct film *film, size_t first,
		       const struct look *look)
{
	size_t i;

	for (i = first; i < film->count; i++) {
		if (i > first)
			putchar('\n');
		if (term_print(stdout, i > 0 ? &film->steps[i - 1] : NULL,
			       &film->steps[i], look) != 0)
			return -1;
	}
	return 0;
}

/*
 * On the terminal, a recording is stepped through, if somebody is there; and
 * of several files or processes the first is only what the second is compared
 * with.
 */
static int show(const struct film *film, bool recording,
		const struct look *look)
{
	size_t first = !recording && film->count > 1 ? 1 : 0;

	if (recording && screen_possible())
		return step_through(film, look);
	if (print_steps(film, first, look) != 0)
		return complain(strerror(errno));
	return EXIT_SUCCESS;
}

static int record(const char *folder, char **arguments)
{
	char problem[PROBLEM_MAX] = "";
	struct recording recording = { .folder = folder, .problem = problem };
	pid_t pid = arguments[1] ? 0 : process_of(arguments[0]);
	int result;

	if (recording_open(&recording) != 0)
		return complain(problem);
	if (pid != 0)
		result = record_process(&recording, pid);
	else
		result = record_program(&recording, arguments);
	if (recording.steps == 0)
		rmdir(folder);
	if (result != 0)
		return complain(problem);
	printf("%u %s in %s; to see them: memview %s\n", recording.steps,
	       recording.steps == 1 ? "step is" : "steps are", folder, folder);
	return EXIT_SUCCESS;
}

/* 0; or -1 when they are none, or nothing is left to be looked at. */
static int parse_options(int argc, char **argv, struct options *options)
{
	const struct option names[] = {
		{ "svg", no_argument, &options->face, FACE_SVG },
		{ "html", no_argument, &options->face, FACE_HTML },
		{ "json", no_argument, &options->face, FACE_JSON },
		{ "live", no_argument, &options->live, true },
		{ "pages", required_argument, NULL, 'p' },
		{ "record", required_argument, NULL, 'r' },
		{ "unfold", no_argument, &options->unfold, true },
		{ "help", no_argument, &options->help, true },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option == '?')
			return -1;
		if (option == 'p')
			options->pages = optarg;
		if (option == 'r')
			options->record = optarg;
	}
	options->arguments = argv + optind;
	return options->help || optind < argc ? 0 : -1;
}

static int grid(const char *range, char **processes, const struct look *look)
{
	char problem[PROBLEM_MAX];

	if (pages(range, processes, look, problem) != 0)
		return complain(problem);
	return EXIT_SUCCESS;
}

static int watch(char **arguments, const struct look *look)
{
	pid_t pid = process_of(arguments[0]);

	if (pid == 0 || arguments[1])
		return complain("--live takes the number of a process; "
				"`ps -e` lists them");
	if (!screen_possible())
		return complain("--live needs a terminal; without one, memview "
				"PID shows the process once");
	return live(pid, look);
}

static int draw(const struct options *options, const struct look *look)
{
	char problem[PROBLEM_MAX];
	struct film film = { 0 };
	int status = EXIT_SUCCESS, result = 0;

	if (add_all(&film, options->arguments, problem) != 0)
		status = complain(problem);
	else if (options->face == FACE_TERM)
		status = show(&film, !options->arguments[1] && film.count > 1,
			      look);
	else if (options->face == FACE_JSON)
		result = json_print(stdout, &film);
	else if (options->face == FACE_SVG)
		result = svg_print(stdout, &film, options->unfold);
	else
		result = html_print(stdout, &film, options->unfold);
	if (result != 0)
		status = complain(strerror(errno));
	film_free(&film);
	return status;
}

/*
 * Whoever starts us may have closed them, and the next file or pipe would take
 * their number and their place. These fail as closed ones do.
 */
static void hold_standard_streams(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", modes[fd]);
}

int main(int argc, char **argv)
{
	bool utf8 = text_setup();
	struct options options = { 0 };
	int status = EXIT_SUCCESS;
	struct look look;

	hold_standard_streams();
	if (parse_options(argc, argv, &options) != 0) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	look = look_here(utf8);
	look.unfold = options.unfold;
	if (options.help)
		fputs(help, stdout);
	else if (options.record)
		status = record(options.record, options.arguments);
	else if (options.pages)
		status = grid(options.pages, options.arguments, &look);
	else if (options.live)
		status = watch(options.arguments, &look);
	else
		status = draw(&options, &look);
	return finish(status);
}
