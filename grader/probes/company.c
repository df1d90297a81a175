// SPDX-License-Identifier: MIT
/*
 * company.c - what the judge links beside a student's linkage.c
 *
 * It runs before anything of the student's and leaves a mark for strace. Then
 * it does what its environment asks for, which changes the mappings but not
 * how the program was linked:
 *
 *	COMPANY_FILE=PATH	map this file, as data
 *	COMPANY_AREAS=N		make N mappings without a file
 *	COMPANY_PROMPT=LABEL	wait at a prompt, as pause_at does
 *	COMPANY_ERASE=1		erase what tells the same without the maps: the
 *				headers in memory, and what the kernel said of
 *				them in the auxiliary vector
 */

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NO_DESCRIPTOR = -1,
	TROUBLE = 99, /* exit status: the judge's fault, not the student's */
	PROMPT_MAX = 128,
};

static void give_up(const char *what)
{
	perror(what);
	_exit(TROUBLE);
}

static void map_file(const char *path)
{
	struct stat status;
	void *file;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0)
		give_up(path);
	file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd,
		    0);
	if (file == MAP_FAILED)
		give_up(path);
	close(fd);
}

/* Every other page gets other rights, which keeps the mappings apart. */
static void map_areas(size_t count)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *areas = mmap(NULL, count * page, PROT_READ,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (areas == MAP_FAILED)
		give_up("mmap");
	for (size_t i = 0; i < count; i += 2)
		if (mprotect(areas + i * page, page, PROT_NONE) != 0)
			give_up("mprotect");
}

static void prompt(const char *label)
{
	char line[PROMPT_MAX], c;
	int length = snprintf(line, sizeof(line), "[%ld] %s: press Enter\n",
			      (long)getpid(), label);

	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		give_up("write");
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		;
}

/* Of the linker: the first byte of the file in memory. */
extern char __ehdr_start[];

/* The rights of the segment that the file's first byte lies in. */
static int rights_of_headers(const Elf64_Phdr *segment, size_t count)
{
	for (; count > 0; segment++, count--)
		if (segment->p_type == PT_LOAD && segment->p_offset == 0)
			return (segment->p_flags & PF_R ? PROT_READ : 0) |
			       (segment->p_flags & PF_W ? PROT_WRITE : 0) |
			       (segment->p_flags & PF_X ? PROT_EXEC : 0);
	return PROT_NONE;
}

/* The C library and the loader have read them by now. */
static void erase_headers(void)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)__ehdr_start;
	char *segments = __ehdr_start + header->e_phoff;
	size_t count = header->e_phnum;
	size_t bytes = header->e_phoff + count * sizeof(Elf64_Phdr);
	int rights = rights_of_headers((Elf64_Phdr *)segments, count);

	if (rights == PROT_NONE)
		give_up("no segment holds the headers");
	if (mprotect(header, bytes, rights | PROT_WRITE) != 0)
		give_up("mprotect");
	memset(header, 0, bytes);
	if (mprotect(header, bytes, rights) != 0)
		give_up("mprotect");
}

/* It lies behind the environment; see getauxval(3). */
static void erase_auxiliary_vector(char **environment)
{
	Elf64_auxv_t *it;

	while (*environment != NULL)
		environment++;
	for (it = (Elf64_auxv_t *)(environment + 1); it->a_type != AT_NULL;
	     it++)
		if (it->a_type == AT_PHDR || it->a_type == AT_PHNUM ||
		    it->a_type == AT_BASE || it->a_type == AT_ENTRY ||
		    it->a_type == AT_EXECFN)
			it->a_type = AT_IGNORE;
}

/* Of the environment as the kernel gave it: here getenv may not work yet. */
static const char *value_of(char **environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, length) == 0 &&
		    (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

static void arrive(int argc, char **argv, char **environment)
{
	static const char mark[] = "company";
	const char *file = value_of(environment, "COMPANY_FILE");
	const char *areas = value_of(environment, "COMPANY_AREAS");
	const char *label = value_of(environment, "COMPANY_PROMPT");

	(void)argc;
	(void)argv;
	/* It fails, so that strace sees it and the program does not. */
	if (write(NO_DESCRIPTOR, mark, sizeof(mark) - 1) >= 0)
		give_up("a write to nowhere succeeded");
	if (file != NULL)
		map_file(file);
	if (areas != NULL)
		map_areas(strtoul(areas, NULL, 10));
	if (label != NULL)
		prompt(label);
	if (value_of(environment, "COMPANY_ERASE") != NULL) {
		erase_headers();
		erase_auxiliary_vector(environment);
	}
}

/* The functions listed here run before all constructors of a program. */
typedef void preinit(int, char **, char **);
__attribute__((section(".preinit_array"), used)) static preinit *const first =
	arrive;
