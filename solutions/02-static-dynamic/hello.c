// SPDX-License-Identifier: MIT
/*
 * hello - greets, says where its parts lie, and waits to be looked at
 *
 * It keeps some KiB of notes, as many as its argument says, and writes on the
 * first quarter of them. link.mk links one object file of it in four ways:
 *
 *	build/hello-static 512
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "pause.h"

enum {
	KIB = 1024,
	CARD_BYTES = 64,
	NOTES_KIB = 256, /* without an argument */
	BOARD_KIB = 96,	 /* more than a page, even where that is 64 KiB */
};

static const char greeting[] = "Hello from the read-only data.\n";
static int years[] = { 1969, 1971, 1991 }; /* stored in the file */
static int visits;			   /* zero, so not stored */
static char board[BOARD_KIB * KIB];

static void show(const char *name, uintptr_t address)
{
	printf("%-8s  0x%" PRIxPTR "\n", name, address);
}

/* One line for each part: its name and its address. */
static void show_parts(const char *card, const char *notes)
{
	int local = 0;

	show("code", (uintptr_t)show_parts);
	show("greeting", (uintptr_t)greeting);
	show("years", (uintptr_t)years);
	show("visits", (uintptr_t)&visits);
	show("board", (uintptr_t)board);
	show("card", (uintptr_t)card);
	show("notes", (uintptr_t)notes);
	show("local", (uintptr_t)&local);
	show("stdout", (uintptr_t)stdout); /* an object in the C library */
	show("vdso", getauxval(AT_SYSINFO_EHDR));
}

/* The number of KiB that a word says, in bytes; 0 if it does not say one. */
static size_t bytes_of(const char *word)
{
	char *end;
	unsigned long kib;

	errno = 0;
	kib = strtoul(word, &end, 10);
	if (errno != 0 || *end != '\0' || kib > SIZE_MAX / KIB)
		return 0;
	return kib * KIB;
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 1 ? bytes_of(argv[1]) : NOTES_KIB * KIB;
	int status = EXIT_FAILURE;
	char *card, *notes;

	if (argc > 2 || bytes == 0) {
		fprintf(stderr, "usage: %s [KIB OF NOTES]\n", argv[0]);
		return EXIT_FAILURE;
	}
	card = malloc(CARD_BYTES);
	if (card == NULL) {
		perror("malloc");
		return EXIT_FAILURE;
	}
	notes = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (notes == MAP_FAILED) {
		perror("mmap");
		goto free_card;
	}
	memset(notes, '.', bytes / 4);
	visits++;
	fputs(greeting, stdout);
	show_parts(card, notes);
	if (pause_at("look at my mappings") != 0) {
		perror("pause");
		goto unmap_notes;
	}
	status = EXIT_SUCCESS;

unmap_notes:
	munmap(notes, bytes);
free_card:
	free(card);
	return status;
}
