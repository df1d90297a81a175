#!/bin/sh
# SPDX-License-Identifier: MIT
#
# answers.sh - read the answers of lab 02 out of observations/, as a student does
#
# Prints answers.toml. It shares no code with the grader's own extractors.

set -eu
cd observations

# The line of maps (FILE) that holds the address of hello's PART.
line_of() { # FILE PART
	awk -v part="$2" '
		# Sixteen digits of equal length compare as words do.
		function wide(hex) { return substr("0000000000000000" hex, length(hex) + 1) "" }
		$1 == part { address = wide(substr($2, 3)) }
		$1 ~ /^[0-9a-f]+-[0-9a-f]+$/ {
			split($1, range, "-")
			if (wide(range[1]) <= address && address < wide(range[2]))
				print
		}
	' "$1"
}

# KiB from one hexadecimal address to another.
kib_between() { # START END
	echo $(( (0x$2 - 0x$1) / 1024 ))
}

# Lines before the greeting; the first one is the command line, not a call.
calls_before_greeting() { # FILE
	grep -v '^#' "$1" | grep -n -m 1 '^write(1, "Hello' |
		awk -F : '{ print $1 - 2 }'
}

text_static=$(awk '$6 ~ /hello-static$/ { print $1 }' size.txt)
board_column=$(awk '
	$6 ~ /hello-dynamic-pie$/ {
		split("text data bss", name)
		for (column = 1; column <= 3; column++)
			if ($column >= 96 * 1024)
				print name[column]
	}
' size.txt)

load_segments=$(sed -n '/hello-dynamic-pie$/,/hello-static$/p' segments.txt |
	grep -c '^ *LOAD ')

pie=pause-dynamic-pie.txt
own_mappings=$(grep -c '^[0-9a-f]*-.* /.*/hello-dynamic-pie$' $pie)
libraries=$(awk '$2 ~ /^..x/ && $6 ~ /^\// && $6 !~ /hello-dynamic-pie$/ { print $6 }' \
	$pie | sort -u | wc -l)
rodata_rights=$(line_of pause-static.txt greeting | awk '{ print substr($2, 1, 3) }')
visits_mapping=$(line_of $pie visits |
	awk '{ print ($6 ~ /^\//) ? "named" : "nameless" }')

# The line behind the program's own last one, if it has no name and no gap.
last=$(grep '^[0-9a-f]*-.* /.*/hello-dynamic-pie$' $pie | tail -n 1 |
	sed 's/^[0-9a-f]*-\([0-9a-f]*\) .*/\1/')
behind=$(sed -n "s/^$last-\([0-9a-f]*\) .*/\1/p" $pie)
bss_mapping=$(kib_between "$last" "${behind:-$last}")

calls_dynamic_pie=$(calls_before_greeting strace-dynamic-pie.txt)
calls_static=$(calls_before_greeting strace-static.txt)
descriptor=$(sed -n 's/^openat(.*\/libc\.so.*) = \([0-9]*\)$/\1/p' strace-dynamic-pie.txt)
libc_call=$(sed -n "s/^\([a-z0-9]*\)(.*PROT_EXEC.*, $descriptor, .*/\1/p" \
	strace-dynamic-pie.txt | head -n 1)
relro_call=$(sed -n 's/^\([a-z0-9]*\)([^,]*, [^,]*, PROT_READ) .*= 0$/\1/p' \
	strace-dynamic-pie.txt | head -n 1)

moved_static=0
for column in 3 4 5 6 7 8; do
	places=$(awk -v column=$column '$1 == "static" { print $column }' moves.txt |
		sort -u | wc -l)
	if [ "$places" -gt 1 ]; then
		moved_static=$((moved_static + 1))
	fi
done
# shellcheck disable=SC2046 # six words are wanted
set -- $(awk '$1 == "static-pie" && $2 == 1 { print $3, $4, $5 }' moves.txt)
to_card=$(( $1 - $2 ))
to_notes=$(( $1 - $3 ))
if [ "${to_card#-}" -lt "${to_notes#-}" ]; then
	static_pie_code=card
else
	static_pie_code=notes
fi

vsz_dynamic_pie=$(awk 'END { print $1 }' $pie)
rss_static=$(awk 'END { print $2 }' pause-static.txt)

cat <<END
[predict]
libraries = 2
calls_static = 5
moved_static = 0
rss_static = 600

[answers]
text_static = $text_static
board_column = "$board_column"
load_segments = $load_segments
own_mappings = $own_mappings
libraries = $libraries
rodata_rights = "$rodata_rights"
visits_mapping = "$visits_mapping"
bss_mapping = $bss_mapping
calls_dynamic_pie = $calls_dynamic_pie
calls_static = $calls_static
libc_call = "$libc_call"
relro_call = "$relro_call"
moved_static = $moved_static
static_pie_code = "$static_pie_code"
vsz_dynamic_pie = $vsz_dynamic_pie
rss_static = $rss_static
END
