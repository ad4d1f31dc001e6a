#!/bin/bash
# What takes too long for every change: faults in earnest, for an evening.
set -u
failed=()
soak() { # NAME COMMAND…
	local name=$1 began=$SECONDS
	shift
	echo "=== $name"
	"$@" || failed+=("$name")
	echo "=== $name: $((SECONDS - began)) s"
}

# One node of a NATS cluster killed, two, all three, while commands are issued.
soak nats go test -count=1 -v -timeout 15m -run TestClusterFaults ./scripts/broker/conform

if ((${#failed[@]})); then
	echo "FAILED: ${failed[*]}"
	exit 1
fi
