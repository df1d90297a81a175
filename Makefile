# SPDX-License-Identifier: MIT
#
# The top Makefile - every verb of the suite
#
#: STUDENTS
#:   make                  the labs, how far you are, what to do next
#:   make check LAB=02     check one lab; JSON=file for the machine's form,
#:                         STEP=2 or STEP=2,5 for these steps alone
#: INSTRUCTORS
#:   make grade            grade the sample class into grades/
#:   make grade CLASS=DIR OUT=DIR [LABS=02,04] [JOBS=n] [BOX=level]
#:   make handout          pack what students get, without the solutions
#: LECTURERS
#:   make slides           build the decks into build/slides/
#:   make schedule         the decks and their minutes
#:   make demo LAB=04      a copy of the suite with the lab's solution, to show it
#: CONTRIBUTORS
#:   make skeletons        cut the labs' skeletons out of solutions/
#:   make captures         run what handouts and slides show; keep what it said
#:   make check LAB=02 TREE=solutions
#:   make verify [LAB=02]  every check, and the kept wrong programs it catches
#:   make bench LAB=08     a lab's library beside others of its kind
#:   make test             all tests
#:   make clean            remove what was built

include support/python.mk

.DEFAULT_GOAL := labs
.SUFFIXES:
.PHONY: labs help check grade handout skeletons captures slides schedule \
	demo verify bench test clean

labs:
	@$(GRADER) labs

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile

check:
	@$(if $(LAB),$(GRADER) check --lab '$(LAB)' \
		$(if $(TREE),--tree '$(TREE)') $(if $(BOX),--box '$(BOX)') \
		$(if $(STEP),--step '$(STEP)') \
		$(if $(JSON),--json '$(JSON)'),\
		echo 'Which lab? For example: make check LAB=02' >&2; exit 2)

grade:
	@$(GRADER) grade $(if $(CLASS),--class '$(CLASS)') --out '$(or $(OUT),grades)' \
		$(if $(LABS),--labs '$(LABS)') $(if $(JOBS),--jobs '$(JOBS)') \
		$(if $(BOX),--box '$(BOX)')

handout:
	@$(GRADER) handout --out '$(or $(OUT),build/process-memory-labs.tar.gz)'

skeletons:
	@$(GRADER) skeletons

captures:
	@$(GRADER) captures

slides:
	@$(GRADER) slides --out '$(or $(OUT),build/slides)'

demo:
	@$(if $(LAB),$(GRADER) demo --lab '$(LAB)' --out build/demo,\
		echo 'Which lab? For example: make demo LAB=04' >&2; exit 2)

schedule:
	@$(GRADER) schedule

verify:
	@$(GRADER) verify $(if $(LAB),--lab '$(LAB)')

bench:
	@$(PYTHON) -I grader/bench/run.py '$(LAB)'

test:
	@$(if $(wildcard grader/tests/run.py),$(PYTHON) -I grader/tests/run.py,\
		echo 'A copy for students has no tests of the grader' >&2; exit 2)

clean:
	rm -rf build labs/*/build support/build
