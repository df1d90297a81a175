// SPDX-License-Identifier: MIT

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP = 4096 };

/* All of the file at path, ended by a zero; NULL if it cannot be read. */
static char *text_of(const char *path)
{
	size_t length = 0, room = STEP;
	char *text = malloc(room);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;

	while (text != NULL && n > 0) {
		char *larger;

		n = read(fd, text + length, room - length - 1);
		if (n > 0)
			length += (size_t)n;
		larger = realloc(text, room += STEP);
		if (larger == NULL)
			free(text);
		text = larger;
	}
	if (fd >= 0)
		close(fd);
	if (text == NULL || n < 0) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

/* The inode of the mapping that holds the object; 0 if none does. */
static unsigned long inode_of(const char *maps, const void *object)
{
	unsigned long address = (unsigned long)object, start, end, inode;
	const char *line = maps;

	while (*line != '\0') {
		if (sscanf(line, "%lx-%lx %*s %*s %*s %lu", &start, &end,
			   &inode) == 3 &&
		    start <= address && address < end)
			return inode;
		line = strchrnul(line, '\n');
		line += *line == '\n';
	}
	return 0;
}

int main(void)
{
	static const char mine[] = "";
	char *maps = text_of("/proc/self/maps");
	unsigned long program, library;

	if (maps == NULL) {
		perror("/proc/self/maps");
		return EXIT_FAILURE;
	}
	program = inode_of(maps, mine);
	library = inode_of(maps, stdout);
	free(maps);
	if (program == 0)
		return EXIT_FAILURE;
	printf("%s%s", program == library ? "static" : "dynamic",
	       (unsigned long)mine < 1UL << 32 ? "" : "-pie");
	return EXIT_SUCCESS;
}
