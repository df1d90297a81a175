# SPDX-License-Identifier: MIT

build/%-dynamic-pie: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -pie -o $@ $^ $(LDLIBS)

build/%-dynamic: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -no-pie -o $@ $^ $(LDLIBS)

build/%-static-pie: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -static-pie -o $@ $^ $(LDLIBS)
