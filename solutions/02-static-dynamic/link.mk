# SPDX-License-Identifier: MIT
#
# link.mk - one object file, four kinds of program
#
# $(LINK) is the compiler with its flags, but no word on the kind. What it then
# makes differs from one distribution to the next: each rule names its kind.

# The kernel chooses the address; the libraries are found at each start.
build/%-dynamic-pie: build/%.o $(SUPPORT_LIB)
# BEGIN 1 dynamic-pie: name the kind.
	$(call quiet,LINK)$(LINK) -pie -o $@ $^ $(LDLIBS)
#~ 	$(call quiet,LINK)$(LINK) -o $@ $^ $(LDLIBS)
# END 1 dynamic-pie

# The linker chooses the address; the libraries are found at each start.
build/%-dynamic: build/%.o $(SUPPORT_LIB)
# BEGIN 1 dynamic: name the kind.
	$(call quiet,LINK)$(LINK) -no-pie -o $@ $^ $(LDLIBS)
#~ 	$(call quiet,LINK)$(LINK) -o $@ $^ $(LDLIBS)
# END 1 dynamic

# The linker chooses the address; what is used of the libraries is inside.
build/%-static: build/%.o $(SUPPORT_LIB)
# BEGIN 1 static: name the kind.
	$(call quiet,LINK)$(LINK) -static -o $@ $^ $(LDLIBS)
#~ 	$(call quiet,LINK)$(LINK) -o $@ $^ $(LDLIBS)
# END 1 static

# The kernel chooses the address; what is used of the libraries is inside.
build/%-static-pie: build/%.o $(SUPPORT_LIB)
# BEGIN 1 static-pie: name the kind.
	$(call quiet,LINK)$(LINK) -static-pie -o $@ $^ $(LDLIBS)
#~ 	$(call quiet,LINK)$(LINK) -o $@ $^ $(LDLIBS)
# END 1 static-pie
