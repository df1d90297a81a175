/* SPDX-License-Identifier: MIT */

/* areas.h - what areas.c asks of an ELF file; see elf(5) */

#ifndef MEMVIEW_AREAS_H
#define MEMVIEW_AREAS_H

#include "model.h"

#include <link.h>

enum { ELF_SEGMENTS_MAX = 32 }; /* programs have some 12 */

/* A loaded file's segments, and where it was loaded. */
struct elf_file {
	bool known; /* false: the file could not be read, or is no ELF file */
	uintptr_t base;
	size_t page_size; /* of the machine that loaded it */
	ElfW(Phdr) segments[ELF_SEGMENTS_MAX];
	size_t count;
};

/*
 * Reads the file of a mapping, which is the lowest one of the file in its
 * process; pid 0 when there is no process, but only the text of a list.
 */
void elf_read(const struct mapping *lowest, pid_t pid, struct elf_file *file);

/* Which part of the file belongs at the address, with these rights. */
enum area elf_part(const struct elf_file *file, uintptr_t address,
		   const char *rights);

/* Whether the mapping is of the file that the process was started from. */
bool is_executable_of(pid_t pid, const struct mapping *mapping);

#endif
