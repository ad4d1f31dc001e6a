#!/bin/bash
# Everything that CI runs. Fast suites first; then slow ones, one after another,
# until 60 minutes have gone. What was left out is named at the end.
set -u
start=$SECONDS
limit=$((60 * 60))
failed=() left=()

suite() { # NAME COMMAND…
	local name=$1 began=$SECONDS
	shift
	echo "=== $name"
	if "$@"; then
		echo "=== $name: ok, $((SECONDS - began)) s"
	else
		echo "=== $name: FAILED, $((SECONDS - began)) s"
		failed+=("$name")
	fi
}
slow() {
	if ((SECONDS - start > limit)); then
		left+=("$1")
		return
	fi
	suite "$@"
}

suite lint scripts/lint.sh
suite fast go test -short -timeout 10m ./...
suite race go test -short -race -timeout 10m \
	./agent/plan ./agent/message ./agent/trust ./agent/schedule ./agent/policy ./agent/arbiter ./agent/ahead \
	./agent/sound ./agent/speaker ./agent/station ./agent/player

slow demo make --no-print-directory demo

echo
echo "took $(((SECONDS - start) / 60)) min"
((${#left[@]})) && echo "left out for want of time: ${left[*]}"
if ((${#failed[@]})); then
	echo "FAILED: ${failed[*]}"
	exit 1
fi
