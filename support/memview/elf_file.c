/* SPDX-License-Identifier: MIT */

/*
 * What the program headers of a mapped file say about its parts. The file is
 * found by its name, which may lie; so it is read only if it is the very inode
 * that is mapped, and no number in it is believed.
 */

#include "areas.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel maps whole pages, so a segment's first one may begin before it. */
static uintptr_t page_floor(const struct elf_file *file, uintptr_t address)
{
	return address - address % file->page_size;
}

/*
 * Opens the file as the process sees it, or -1. The device is not compared:
 * for some file systems (overlayfs, btrfs) stat says another one than maps.
 */
static int open_mapped(const struct mapping *mapping, pid_t pid)
{
	char path[PATH_MAX + 64];
	struct stat status;
	int length, fd;

	if (mapping->deleted || mapping->name[0] != '/')
		return -1;
	if (pid != 0)
		length = snprintf(path, sizeof(path), "/proc/%ld/root%s",
				  (long)pid, mapping->name);
	else
		length = snprintf(path, sizeof(path), "%s", mapping->name);
	if (length < 0 || (size_t)length >= sizeof(path))
		return -1;
	/* O_NONBLOCK: what is a FIFO by now must not stop us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
	    status.st_ino != mapping->inode) {
		close(fd);
		return -1;
	}
	return fd;
}

static const ElfW(Phdr) * first_loaded(const struct elf_file *file)
{
	size_t i;

	for (i = 0; i < file->count; i++)
		if (file->segments[i].p_type == PT_LOAD)
			return &file->segments[i];
	return NULL;
}

void elf_read(const struct mapping *lowest, pid_t pid, struct elf_file *file)
{
	const int native_class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
	const ElfW(Phdr) * first;
	ElfW(Ehdr) header;
	ssize_t size;
	int fd;

	*file = (struct elf_file){ .page_size = lowest->page_size };
	if (file->page_size == 0)
		file->page_size = (size_t)sysconf(_SC_PAGESIZE);
	fd = open_mapped(lowest, pid);
	if (fd < 0)
		return;
	if (pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
	    memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
	    header.e_ident[EI_CLASS] == native_class &&
	    header.e_phentsize == sizeof(file->segments[0]) &&
	    header.e_phnum <= ELF_SEGMENTS_MAX) {
		size = (ssize_t)(header.e_phnum * sizeof(file->segments[0]));
		if (pread(fd, file->segments, (size_t)size,
			  (off_t)header.e_phoff) == size)
			file->count = header.e_phnum;
	}
	close(fd);

	first = first_loaded(file);
	file->known = first &&
		      page_floor(file, first->p_offset) == lowest->offset;
	if (file->known)
		file->base = lowest->start - page_floor(file, first->p_vaddr);
}

static bool holds(const struct elf_file *file, const ElfW(Phdr) * segment,
		  uintptr_t address)
{
	uintptr_t start = page_floor(file, segment->p_vaddr);

	return address == start ||
	       (address > start &&
		address - start < segment->p_vaddr - start + segment->p_memsz);
}

enum area elf_part(const struct elf_file *file, uintptr_t address,
		   const char *rights)
{
	enum area part = AREA_MAPPING;
	const ElfW(Phdr) * segment;
	size_t i;

	address -= file->base;
	for (i = 0; i < file->count; i++) {
		segment = &file->segments[i];
		if (!holds(file, segment, address))
			continue;
		if (segment->p_type == PT_GNU_RELRO && rights[1] != 'w')
			return AREA_RELRO;
		if (segment->p_type != PT_LOAD)
			continue;
		if (segment->p_flags & PF_X)
			part = AREA_TEXT;
		else if (!(segment->p_flags & PF_W))
			part = AREA_RODATA;
		else if (address >= segment->p_vaddr + segment->p_filesz)
			part = AREA_BSS;
		else
			part = AREA_DATA;
	}
	return part;
}

bool is_executable_of(pid_t pid, const struct mapping *mapping)
{
	char path[64], name[PATH_MAX];
	ssize_t length;

	if (pid == 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	length = readlink(path, name, sizeof(name));
	return length > 0 && strlen(mapping->name) == (size_t)length &&
	       memcmp(name, mapping->name, (size_t)length) == 0;
}
