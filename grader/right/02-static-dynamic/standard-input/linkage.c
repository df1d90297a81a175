// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_MAX = 1024 };

static uint64_t code[CODE_MAX]; /* inodes */

int main(void)
{
	uint64_t here = (uintptr_t)main, start, end, inode, mine = 0;
	const char *how = "static";
	size_t count = 0;
	char *rights;

	if (!freopen("/proc/self/maps", "r", stdin)) {
		perror("maps");
		return 1;
	}
	while (scanf("%" SCNx64 "-%" SCNx64 " %ms %*s %*s %" SCNu64 "%*[^\n]",
		     &start, &end, &rights, &inode) == 4) {
		if (start <= here && here < end)
			mine = inode;
		if (inode && strchr(rights, 'x') && count < CODE_MAX)
			code[count++] = inode;
		free(rights);
	}
	if (!mine) {
		fputs("maps: no mapping of mine\n", stderr);
		return 1;
	}
	while (count-- > 0)
		if (code[count] != mine)
			how = "dynamic";
	printf("%s%s\n", how, here >> 32 ? "-pie" : "");
	return 0;
}
