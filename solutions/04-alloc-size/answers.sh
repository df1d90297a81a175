#!/bin/sh
# SPDX-License-Identifier: MIT
#
# answers.sh - read the answers of lab 04 out of observations/, as a student does
#
# Prints answers.toml. It shares no code with the grader's own extractors.

set -eu
cd observations

# What a transcript has below the line `$ COMMAND` up to the next such line.
below() { # FILE COMMAND
	awk -v wanted="\$ $2" '
		/^\$ / { inside = $0 == wanted; next }
		inside
	' "$1"
}

# KiB of the heap at a prompt: the row of pmap that starts where maps says.
heap() { # FILE LABEL
	start=$(below "$1" "cat /proc/PID/maps   # $2" |
		sed -n '/ \[heap\]$/{ s/-.*//; s/^0*//; p; }')
	below "$1" "pmap PID   # $2" |
		sed -n "s/^0*$start  *\([0-9]*\)K .*/\1/p"
}

# KiB of everything but the heap at a prompt.
others() { # FILE LABEL
	total=$(below "$1" "pmap PID   # $2" | sed -n 's/^ *total  *\([0-9]*\)K$/\1/p')
	echo $(( total - $(heap "$1" "$2") ))
}

# The system calls between the writes of two prompts.
between() { # FILE LABEL LABEL
	sed -n "/^write(1, .*\] $2/,/^write(1, .*\] $3/p" "$1"
}

before="before allocation"
after="after allocation"

small_heap_before=$(heap pmap-small.txt "$before")
small_heap_growth=$(( $(heap pmap-small.txt "$after") - small_heap_before ))
small_heap_after=$(heap pmap-small.txt "after free")
large_heap_growth=$((
	$(heap pmap-large.txt "$after") - $(heap pmap-large.txt "$before") ))
large_other_growth=$((
	$(others pmap-large.txt "$after") - $(others pmap-large.txt "$before") ))

small_brk_calls=$(between strace-small.txt "$before" "$after" | grep -c '^brk(')
small_mallocs=$(grep -c 'malloc([0-9]*) *= 0x' ltrace-small.txt)
# shellcheck disable=SC2046 # two words are wanted
set -- $(sed -n 's/.*malloc([0-9]*) *= \(0x[0-9a-f]*\)$/\1/p' ltrace-small.txt |
	tail -n 2)
small_distance=$(( $2 - $1 ))

large=$(between strace-large.txt "$before" "$after" | grep 'ANONYMOUS' | head -n 1)
large_call=${large%%(*}
large_length=$(echo "$large" | awk -F ', ' '{ print $2 }')
address=$(echo "$large" | sed 's/.* = //')
large_free_call=$(between strace-large.txt "$after" "after free" |
	sed -n "s/^\([a-z0-9]*\)($address, .*/\1/p")

tunable="GLIBC_TUNABLES=glibc.malloc.mmap_threshold=1048576"
threshold_gap=$(( 1048576 - $(below threshold.txt "$tunable build/threshold") ))

# Where the second block of `dynamic rise` is: did the heap grow for it?
place() { # FILE
	if [ "$(heap "$1" "allocated again")" -gt "$(heap "$1" freed)" ]; then
		echo heap
	else
		echo mapping
	fi
}

trim_given_back=$((
	$(heap pmap-trim.txt "all but the top freed") -
	$(heap pmap-trim.txt "all freed") ))

cat <<END
[predict]
small_heap_growth = 960
small_brk_calls = 20
large_length = 262144
rise_place = "mapping"
trim_given_back = 40

[answers]
small_heap_before = $small_heap_before
small_heap_growth = $small_heap_growth
small_heap_after = $small_heap_after
large_heap_growth = $large_heap_growth
large_other_growth = $large_other_growth
small_brk_calls = $small_brk_calls
small_mallocs = $small_mallocs
small_distance = $small_distance
large_call = "$large_call"
large_length = $large_length
large_free_call = "$large_free_call"
threshold_gap = $threshold_gap
rise_place = "$(place pmap-rise.txt)"
limit_place = "$(place pmap-limit.txt)"
trim_given_back = $trim_given_back
trim_kept_by = "top"
END
