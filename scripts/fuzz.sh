#!/bin/sh
# Runs every fuzz target for the time given, one after another.
set -eu
time=${1:-30s}
said=$(mktemp)
trap 'rm -f "$said"' EXIT
git ls-files '*_test.go' | xargs grep -lE '^func Fuzz' | xargs -n 1 dirname | sort -u | while read -r dir; do
	grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | sort -u | while read -r target; do
		echo "== ./$dir $target"
		if go test "./$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x >"$said" 2>&1; then
			tail -n 3 "$said"
			continue
		fi
		cat "$said"
		# Go's fuzzer may call it a failure that its time was up in the middle of an
		# input; a finding names the file it has written.
		grep -q 'context deadline exceeded' "$said" && ! grep -qE 'Failing input|panic|exit status 2' "$said"
	done
done
