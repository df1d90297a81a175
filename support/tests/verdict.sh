# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# What the tests written in shell share: a file of output, the count, and the
# last line that tests/run reads. Sourced.

passed=0
failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
output=$scratch/output
: >"$output"

# verdict TITLE COMMAND...: counts the outcome; of a failure, shows the output
verdict() {
	title=$1
	shift
	if "$@" >/dev/null; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL  $title; the output was:"
		sed 's/^/      /' "$output"
	fi
}

# run STATUS COMMAND...: ends with this status; the output is kept
run() {
	expected=$1
	shift
	"$@" >"$output" 2>&1
	status=$?
	verdict "$*: exit status $expected, not $status" \
		[ "$status" -eq "$expected" ]
}

# says PATTERN: a line of the last output matches
says() {
	verdict "a line like: $1" grep -e "$1" "$output"
}

finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
