#!/bin/sh
# SPDX-License-Identifier: MIT
#
# answers.sh - read the answers of lab 08 out of observations/, as a student does
#
# Prints answers.toml. It shares no code with the grader's own extractors.

set -eu
cd observations

count() { # STEP strong|weak
	sed -n "s/^$1: .*$2 \([0-9]*\).*/\1/p" counts.txt
}

lost() { # definitely|indirectly
	sed -n "s/.* $1 lost: \([0-9,]*\) bytes.*/\1/p" lost.txt | tr -d ,
}

instructions() { # FUNCTION
	awk -v head="<$1>:" '
		$2 == head { inside = 1; next }
		/^$/ { inside = 0 }
		inside { count++ }
		END { print count }
	' increment.txt
}

padding=$(sed -n 's/.*padding: \([0-9]*\) .*/\1/p' layout.txt)

cat <<END
[predict]
head_size = 24
strong_scope = 3
lost_directly = 0
plain_instructions = 4

[answers]
head_size = $(sed -n 's/.* size: \([0-9]*\),.*/\1/p' layout.txt)
head_padding = ${padding:-0}
strong_retained = $(count retain strong)
strong_scope = $(count scope strong)
weak_destroyed = $(count destroyed weak)
lost_directly = $(lost definitely)
lost_indirectly = $(lost indirectly)
plain_instructions = $(instructions plain)
atomic_instructions = $(instructions atomic)
END
