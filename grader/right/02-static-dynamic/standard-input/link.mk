# SPDX-License-Identifier: MIT
CFLAGS = -O2

HOW_dynamic-pie = -pie
HOW_dynamic = -no-pie
HOW_static = -static
HOW_static-pie = -static-pie

define rule
build/$(1)-$(2): build/$(1).o $$(SUPPORT_LIB)
	$$(LINK) $$^ -o $$@ $$(HOW_$(2)) -Wl,-Map=$$@.map
endef

$(foreach kind,$(KINDS),$(eval $(call rule,hello,$(kind))))
$(foreach kind,$(KINDS),$(eval $(call rule,linkage,$(kind))))
