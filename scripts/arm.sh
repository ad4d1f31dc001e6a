#!/bin/bash
# Builds the agent and the tests for armhf (GOARM=7) and arm64 with Debian's
# cross compilers, and runs the tests under qemu-user: the same tests, on the
# instruction sets the boxes have.
# Usage: scripts/arm.sh [PACKAGE…]   (default: all of agent, boards and drivers)
set -eu
. "$(dirname "$0")/flags.sh"
out=$PWD/${BUILD:-build}/arm
packages=${*:-$(go list ./agent/... ./boards/... ./drivers/... | sed 's,^loa/,./,')}
largest=$((15 * 1024 * 1024)) # of an agent, in bytes, stripped
each=${ARM_TIMEOUT:-30m}      # for the tests of a package; relay and station are slow
skip=${ARM_SKIP:-^$}          # a pattern of tests
export CGO_ENABLED=1 GOARM=7
failed=()

# try TRIPLET RUNNER PACKAGE runs its tests. The foreign C library is found where
# multiarch puts it: with qemu's -L there are two, and what has cgo in it crashes.
try() {
	local bin=$out/$1/$(basename "$3").test began=$SECONDS ok=ok TIMEFORMAT=%U
	[ -x "$bin" ] || return 0 # no tests there
	# LOA_RUNNER is how the tests start programs of their own kind.
	{ time { (cd "$3" && LOA_RUNNER=$2 exec "$2" "$bin" -test.short -test.skip "$skip" -test.timeout "$each") >"$bin.log" 2>&1; }; } 2>"$bin.cpu" || ok=FAIL
	echo "$ok $1 $3, $((SECONDS - began)) s, $(<"$bin.cpu") s of CPU"
	[ $ok = ok ] && return
	grep -m 30 -E -- '--- FAIL|^panic:|^fatal error:|_test\.go:|^qemu:' "$bin.log" || tail -n 30 "$bin.log"
	return 1
}

# arch GOARCH TRIPLET RUNNER
arch() {
	local size running=0 p
	export GOARCH=$1 CC=$2-gcc PKG_CONFIG_LIBDIR=/usr/lib/$2/pkgconfig:/usr/share/pkgconfig
	rm -rf "${out:?}/$2"
	mkdir -p "$out/$2"
	go build "${agent_flags[@]}" -ldflags '-s -w' -o "$out/$2/agent" ./agent
	size=$(stat -c %s "$out/$2/agent")
	echo "agent $2: $((size / 1024)) KiB stripped"
	if ((size > largest)); then
		echo "agent $2 is larger than $((largest / 1024)) KiB" >&2
		failed+=("size-$2")
	fi
	# It starts, and finds its libraries.
	"$3" "$out/$2/agent" -h >"$out/$2/agent.log" 2>&1 || {
		cat "$out/$2/agent.log" >&2
		failed+=("agent-$2")
	}
	# shellcheck disable=SC2086 # a list
	go test -c -o "$out/$2/" $packages
	for p in $packages; do
		if ((running == $(nproc))); then
			wait -n || failed+=("$2")
			running=$((running - 1))
		fi
		try "$2" "$3" "$p" &
		running=$((running + 1))
	done
	for (( ; running > 0; running--)); do
		wait -n || failed+=("$2")
	done
}

arch arm arm-linux-gnueabihf qemu-arm
arch arm64 aarch64-linux-gnu qemu-aarch64
((${#failed[@]} == 0))
