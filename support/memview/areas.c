/* SPDX-License-Identifier: MIT */

/*
 * What people call each mapping. The kernel names the heap, the stack and its
 * own; a file's mappings are called by what the ELF file asks for at that
 * address (elf_file.c), and where it cannot be read by rights and order:
 *
 *	r-x  text      rw-  data      what follows the data and has no file, bss
 *	r--  rodata, or relro if the process has written to it before, or if it
 *	     is the upper one of two below the data
 */

#include "areas.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[AREA_COUNT] = {
	"text", "rodata",  "relro",   "data",  "bss",
	"heap", "mapping", "library", "stack", "kernel's",
};

const char *area_name(enum area area)
{
	return names[area];
}

static bool same_file(const struct mapping *a, const struct mapping *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && strcmp(a->name, b->name) == 0;
}

static bool has_file(const struct mapping *mapping)
{
	return mapping->inode != 0;
}

/* A file's mappings lie together, with its bss and perhaps gaps in between. */
static size_t end_of_file(const struct maps *maps, size_t first)
{
	size_t last = first, i;

	for (i = first + 1; i < maps->count && i <= last + 2; i++)
		if (same_file(&maps->at[first], &maps->at[i]))
			last = i;
		else if (has_file(&maps->at[i]))
			break;
	return last + 1;
}

/*
 * Whether the mappings are those of a loaded program or library, rather than
 * of a file that the process reads as data.
 */
static bool is_loaded(const struct maps *maps, size_t first, size_t end)
{
	size_t i;

	for (i = first; i < end; i++)
		if (has_file(&maps->at[i]) && maps->at[i].rights[2] == 'x' &&
		    maps->at[i].rights[3] == 'p')
			return true;
	return false;
}

/*
 * Where smaps does not tell what was written to: what can only be read lies in
 * two pieces for no other reason than that the upper one was written to.
 */
static bool is_relro(const struct maps *maps, size_t i)
{
	const struct mapping *mapping = &maps->at[i];

	if (mapping->anonymous > 0 || mapping->resident > 0)
		return mapping->anonymous > 0;
	return i > 0 && i + 1 < maps->count &&
	       same_file(mapping, mapping - 1) &&
	       strcmp(mapping[-1].rights, mapping->rights) == 0 &&
	       same_file(mapping, mapping + 1) && mapping[1].rights[1] == 'w';
}

static enum area part_by_rights(const struct maps *maps, size_t i)
{
	if (maps->at[i].rights[2] == 'x')
		return AREA_TEXT;
	if (maps->at[i].rights[1] == 'w')
		return AREA_DATA;
	return is_relro(maps, i) ? AREA_RELRO : AREA_RODATA;
}

static bool is_bss(const struct maps *maps, size_t i,
		   const struct elf_file *file)
{
	const struct mapping *mapping = &maps->at[i], *below = mapping - 1;

	if (has_file(mapping) || mapping->name[0] != '\0' || i == 0 ||
	    mapping->start != below->end)
		return false;
	if (file->known)
		return elf_part(file, mapping->start, mapping->rights) ==
		       AREA_BSS;
	return mapping->rights[1] == 'w' && has_file(below) &&
	       below->rights[1] == 'w';
}

/* Labels the mappings of a loaded file; returns the first behind them. */
static size_t label_file(const struct maps *maps, size_t first, size_t end,
			 struct label label, pid_t pid, struct label *labels)
{
	struct elf_file file;
	size_t i;

	elf_read(&maps->at[first], pid, &file);
	for (i = first; i < end || (i < maps->count && is_bss(maps, i, &file));
	     i++) {
		label.name = maps->at[first].name;
		if (is_bss(maps, i, &file))
			label.part = AREA_BSS;
		else if (!has_file(&maps->at[i]))
			continue; /* in between, but not of the file */
		else if (file.known)
			label.part = elf_part(&file, maps->at[i].start,
					      maps->at[i].rights);
		else
			label.part = part_by_rights(maps, i);
		labels[i] = label;
		if (label.area != AREA_LIBRARY)
			labels[i].area = label.part;
	}
	return i;
}

static enum area area_of(const struct mapping *mapping)
{
	static const char *const kernels[] = { "[vdso]", "[vsyscall]",
					       "[uprobes]", "[sigpage]" };
	size_t i;

	if (has_file(mapping))
		return AREA_MAPPING;
	if (strcmp(mapping->name, "[heap]") == 0)
		return AREA_HEAP;
	if (strncmp(mapping->name, "[stack", strlen("[stack")) == 0)
		return AREA_STACK;
	if (strncmp(mapping->name, "[vvar", strlen("[vvar")) == 0)
		return AREA_KERNEL;
	for (i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if (strcmp(mapping->name, kernels[i]) == 0)
			return AREA_KERNEL;
	return AREA_MAPPING;
}

/*
 * The program's own mappings begin here: those of the file that the process
 * was started from, or else of the last loaded file below the heap, or else
 * of the first one.
 */
static size_t find_program(const struct maps *maps, pid_t pid)
{
	size_t lowest = maps->count, last = maps->count, i, end;
	bool below_heap = true;

	for (i = 0; i < maps->count; i = end) {
		end = i + 1;
		if (strcmp(maps->at[i].name, "[heap]") == 0)
			below_heap = false;
		if (!has_file(&maps->at[i]))
			continue;
		end = end_of_file(maps, i);
		if (!is_loaded(maps, i, end))
			continue;
		if (is_executable_of(pid, &maps->at[i]))
			return i;
		if (lowest == maps->count)
			lowest = i;
		if (below_heap)
			last = i;
	}
	return below_heap || last == maps->count ? lowest : last;
}

struct label *areas_label(const struct maps *maps, pid_t pid)
{
	/* One more: calloc(0) may return NULL without a failure. */
	struct label *labels = calloc(maps->count + 1, sizeof(*labels));
	size_t program, i, end;
	unsigned int groups = 0;
	struct label label;

	if (!labels)
		return NULL;
	for (i = 0; i < maps->count; i++) {
		labels[i].area = labels[i].part = area_of(&maps->at[i]);
		labels[i].name = maps->at[i].name;
	}
	program = find_program(maps, pid);
	for (i = 0; i < maps->count; i = end) {
		end = i + 1;
		if (!has_file(&maps->at[i]) ||
		    !is_loaded(maps, i, end_of_file(maps, i)))
			continue;
		label = (struct label){ .area = AREA_LIBRARY };
		if (program < maps->count &&
		    same_file(&maps->at[i], &maps->at[program]))
			label.area = AREA_TEXT; /* each part is its own area */
		else
			label.group = ++groups;
		end = label_file(maps, i, end_of_file(maps, i), label, pid,
				 labels);
	}
	return labels;
}
