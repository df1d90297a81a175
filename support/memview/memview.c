/* SPDX-License-Identifier: MIT */

/* memview - the address space of a process as a picture: `memview --help` */

#include "faces.h"
#include "pages.h"
#include "record.h"
#include "text.h"
#include "view.h"

#include <ctype.h>
#include <errno.h>
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
	"\n"
	"  --json                      every mapping and number, for "
	"programs\n"
	"  --svg                       a picture, for slides and reports\n"
	"  --html                      a page: the arrow keys step through a "
	"recording\n"
	"  --live                      a process while it runs\n"
	"  --unfold                    every mapping in a row of its own\n"
	"  --help                      this text\n";

struct options {
	enum face face;
	bool unfold, live;
	const char *pages;  /* which, or NULL */
	const char *record; /* the folder, or NULL */
};

static int complain(const char *problem)
{
	struct fitted fitted;

	text_fit(&fitted, problem, TEXT_COLUMNS_MAX, true);
	fprintf(stderr, "memview: %s\n", fitted.text);
	return EXIT_FAILURE;
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
	if (!recording)
		return print_steps(film, film->count > 1 ? 1 : 0, look);
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && screen_possible())
		return step_through(film, look) == EXIT_SUCCESS ? 0 : -1;
	return print_steps(film, 0, look);
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
	printf("%u steps are in %s; to see them: memview %s\n", recording.steps,
	       folder, folder);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "svg", no_argument, NULL, 's' },
		{ "html", no_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'j' },
		{ "live", no_argument, NULL, 'l' },
		{ "pages", required_argument, NULL, 'p' },
		{ "record", required_argument, NULL, 'r' },
		{ "unfold", no_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool utf8 = text_setup();
	struct options options = { 0 };
	struct film film = { 0 };
	char problem[PROBLEM_MAX];
	struct look look;
	int option, result;

	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		switch (option) {
		case 's':
			options.face = FACE_SVG;
			break;
		case 'w':
			options.face = FACE_HTML;
			break;
		case 'j':
			options.face = FACE_JSON;
			break;
		case 'l':
			options.live = true;
			break;
		case 'p':
			options.pages = optarg;
			break;
		case 'r':
			options.record = optarg;
			break;
		case 'u':
			options.unfold = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(help, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	if (options.record)
		return record(options.record, argv + optind);
	look = look_here(utf8);
	look.unfold = options.unfold;
	if (options.pages)
		return pages(options.pages, argv + optind, &look);
	if (options.live) {
		if (!process_of(argv[optind]) || argv[optind + 1])
			return complain("--live takes the number of a process; "
					"`ps -e` lists them");
		return screen_possible() ? live(process_of(argv[optind]), &look)
					 : EXIT_FAILURE;
	}
	if (add_all(&film, argv + optind, problem) != 0) {
		film_free(&film);
		return complain(problem);
	}
	if (options.face == FACE_JSON)
		result = json_print(stdout, &film);
	else if (options.face == FACE_SVG)
		result = svg_print(stdout, &film, options.unfold);
	else if (options.face == FACE_HTML)
		result = html_print(stdout, &film, options.unfold);
	else
		result = show(&film, argc - optind == 1 && film.count > 1,
			      &look);
	film_free(&film);
	if (result != 0 || fclose(stdout) != 0)
		return complain(strerror(errno));
	return EXIT_SUCCESS;
}
