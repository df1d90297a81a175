# SPDX-License-Identifier: MIT

PAIR = build/hello-$(1) build/linkage-$(1)

$(call PAIR,dynamic-pie): HOW = -fPIE -pie
$(call PAIR,dynamic): HOW = -fno-pie -no-pie
$(call PAIR,static): HOW = -fno-pie -no-pie -static
$(call PAIR,static-pie): HOW = -fPIE -static-pie

LINKED = $(foreach kind,$(KINDS),$(call PAIR,$(kind)))

$(filter build/hello-%,$(LINKED)): build/hello.o
$(filter build/linkage-%,$(LINKED)): build/linkage.o
$(LINKED): $(SUPPORT_LIB)
	$(LINK) $(filter %.o,$^) $(SUPPORT_LIB) $(HOW) -o $@
