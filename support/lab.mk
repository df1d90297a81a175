# SPDX-License-Identifier: MIT
#
# lab.mk - the verbs of every lab, and the only place with compiler flags
#
# SYNOPSIS (a lab's whole Makefile)
#
#     PROGRAMS = alloc_size threshold dynamic
#     include ../../support/lab.mk
#
# VERBS
#
#:     make                      build the programs, into build/
#:     make run                  start the first program
#:     make run PROG=NAME        start another one; ARGS="..." are its arguments
#:     make view                 step through a program's pauses, in pictures
#:     make view PROG=NAME       the same of another one; ARGS as above
#:     make observe              run the tools; what they say is kept
#:     make check                check your work, point by point
#:     make check STEP=2         only the second step, which is quicker
#:     make hint STEP=2          a hint for step 2; LEVEL=2 and LEVEL=3 say more
#:     make handin               pack the files to hand in
#:     make reset FILE=NAME      put a file back as it was handed out
#:     make clean                remove build/
#:     make help                 this list
#
#: Any build takes V=1 (show whole commands), CC=clang, CFLAGS="-O2 -g".
#
# FOR A LAB'S MAKEFILE
#
# Program NAME is linked from build/NAME.o and whatever other objects are made
# prerequisites of build/NAME after the include. ARGS_NAME are its arguments
# in `make run`; $(call variant,small_kib) is the student's own small_kib.
#
# FOR LINK RULES OF A LAB'S OWN
#
#     build/hello-static: build/hello.o $(SUPPORT_LIB)
#             $(LINK) -static -o $@ $^ $(LDLIBS)
#
# $(LINK) is the compiler with its flags and without a word on how to link.
# Every object is compiled with -fPIE, so it fits all four kinds of program.

include $(dir $(lastword $(MAKEFILE_LIST)))python.mk

ifeq ($(origin CC),default)
CC = gcc
endif

# -O0: each call and variable of the source is there to be observed.
CFLAGS = -O0 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
# Only our own tests set it: a student's warning is no error.
WARNINGS += $(if $(WERROR),-Werror)

# -z lazy: library calls go through the PLT, where ltrace sees them.
LDFLAGS = -Wl,-z,lazy

COMPILE = $(CC) -std=c11 -D_GNU_SOURCE -fPIE -I$(SUPPORT) -MMD -MP $(WARNINGS) $(CFLAGS)
LINK = $(CC) $(CFLAGS) $(LDFLAGS)
SUPPORT_LIB = build/libsupport.a

PROG = $(firstword $(PROGRAMS))
ARGS = $(ARGS_$(PROG))
variant = $(shell $(GRADER) variant --lab ./ $(1))

# $(call quiet,CC) before a command shows "  CC    build/x" in its place, and
# nothing under make -s.
silent = $(findstring s,$(firstword -$(MAKEFLAGS)))
quiet = $(if $(V),,@$(if $(silent),,printf '  %-4s  %s\n' $(1) $@;))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all run view observe check hint handin reset clean help

all: $(PROGRAMS:%=build/%)

build/%: build/%.o $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -pie -o $@ $(filter %.o,$^) $(SUPPORT_LIB) $(LDLIBS)

build/%.o: %.c build/flags
	$(call quiet,CC)$(COMPILE) -c -o $@ $<

$(SUPPORT_LIB): $(addprefix build/support/,pause.o maps.o maps_parse.o)
	$(call quiet,AR)$(AR) rcs $@ $^

build/support/%.o: $(SUPPORT)/%.c build/flags | build/support/memview
	$(call quiet,CC)$(COMPILE) -c -o $@ $<

# The viewer is no program to be observed, so it may be fast.
MEMVIEW = $(patsubst $(SUPPORT)/%.c,build/support/%.o,\
	$(wildcard $(SUPPORT)/memview/*.c))
$(MEMVIEW): COMPILE += -O2

build/memview: $(MEMVIEW) $(SUPPORT_LIB)
	$(call quiet,LINK)$(LINK) -pie -o $@ $^

build build/support/memview:
	@mkdir -p $@

# The flags of the last build; when they change, everything is built again.
FLAGS := $(strip $(COMPILE) $(LINK))
ifneq ($(FLAGS),$(file <build/flags))
.PHONY: build/flags
endif
build/flags: | build
	@$(if $(shell command -v $(firstword $(CC)) 2>/dev/null),$(file >$@,$(FLAGS)),\
		echo 'No C compiler "$(CC)" here: ./setup in the top folder' \
		'installs gcc.' >&2; exit 1)

run: build/$(PROG)
	@build/$(PROG) $(ARGS)

# The recording and its page stay in build/view, until the next one.
view: build/$(PROG) build/memview
	@rm -rf build/view
	@build/memview --record build/view -- build/$(PROG) $(ARGS)
	@build/memview --html build/view >build/view/index.html
	@echo 'As a page: $(CURDIR)/build/view/index.html'
	@build/memview build/view

observe:
	@$(GRADER) observe --lab ./

check:
	@$(GRADER) check --lab ./ $(if $(JSON),--json '$(JSON)') \
		$(if $(STEP),--step '$(STEP)') $(if $(BOX),--box $(BOX))

hint:
	@$(if $(STEP),$(GRADER) hint --lab ./ --step $(STEP) \
		$(if $(LEVEL),--level $(LEVEL)),\
		echo 'Which step? For the second one type: make hint STEP=2' >&2; \
		exit 2)

handin:
	@$(GRADER) handin --lab ./

reset:
	@$(SUPPORT)/reset

clean:
	rm -rf build

help:
	@sed -n 's/^#: \{0,1\}//p' $(SUPPORT)/lab.mk

-include $(wildcard build/*.d build/support/*.d build/support/*/*.d)
