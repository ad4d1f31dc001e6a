#!/bin/bash
# What takes too long for every change: faults in earnest, for an evening.
set -u
cd "$(dirname "$0")/.."
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

# The broker killed every 30 s while 1,000 orders are given, a month away with 3,000
# replaced documents, links that swallow everything.
soak fleet env LOA_SOAK=1 go test -count=1 -v -timeout 90m -run 'TestKilledBroker|TestMonthAway|TestBlackHole|TestLyingBroker|TestAlarmBehindAFullQueue' ./scripts/fleet

if ((${#failed[@]})); then
	echo "FAILED: ${failed[*]}"
	exit 1
fi
