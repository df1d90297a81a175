# SPDX-License-Identifier: MIT

build/%-dynamic-pie: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -o $@ $^ $(LDLIBS)

build/%-dynamic: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -no-pie -o $@ $^ $(LDLIBS)

build/%-static: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -static -o $@ $^ $(LDLIBS)

build/%-static-pie: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -static-pie -o $@ $^ $(LDLIBS)
