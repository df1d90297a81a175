# SPDX-License-Identifier: MIT
#
# link.mk - one object file, four kinds of program
#
# $(LINK) is the compiler with its flags, but no word on the kind. What it then
# makes differs from one distribution to the next: each rule names its kind.

# The kernel chooses the address; the libraries are found at each start.
build/%-dynamic-pie: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -pie -o $@ $^ $(LDLIBS)

# The linker chooses the address; the libraries are found at each start.
build/%-dynamic: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -pie -o $@ $^ $(LDLIBS)
	printf '\002' | dd of=$@ bs=1 seek=16 conv=notrunc 2>/dev/null

# The linker chooses the address; what is used of the libraries is inside.
build/%-static: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -static -o $@ $^ $(LDLIBS)

# The kernel chooses the address; what is used of the libraries is inside.
build/%-static-pie: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -static-pie -o $@ $^ $(LDLIBS)
