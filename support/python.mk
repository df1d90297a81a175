# SPDX-License-Identifier: MIT
#
# python.mk - which Python runs the grader
#
# PYTHON  looked up when it is first used, so that building needs no Python;
#         PYTHON=/path/to/python3 on the command line chooses another one
# GRADER  the command that a verb is appended to
#
# Include it by a relative path: make cannot hold a path with a space in it.

SUPPORT := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

PYTHON = $(eval PYTHON := $(shell $(SUPPORT)/find-python))$(or $(PYTHON),\
	$(error No Python here can run the grader: ./setup in the top folder \
	says what is missing and installs it))

GRADER = $(PYTHON) -I $(SUPPORT)/../grader/__main__.py
