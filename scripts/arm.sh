#!/bin/bash
# Builds the agent and the tests for armhf (GOARM=7) and arm64 with Debian's
# cross compilers, and runs the tests under qemu-user: the same tests, on the
# instruction sets the boxes have.
set -eu
out=${BUILD:-build}/arm
mkdir -p "$out"
packages=${*:-$(go list ./agent/... ./boards/... ./drivers/... | sed 's,^loa/,./,')}

# GOARCH COMPILER TRIPLET QEMU
build() {
	local arch=$1 cc=$2 triplet=$3 qemu=$4 failed=()
	export CGO_ENABLED=1 GOARCH=$arch GOARM=7 CC=$cc
	export PKG_CONFIG_LIBDIR=/usr/lib/$triplet/pkgconfig:/usr/share/pkgconfig
	go build -ldflags '-s -w' -o "$out/agent-$triplet" ./agent
	local size
	size=$(stat -c %s "$out/agent-$triplet")
	echo "agent-$triplet: $((size / 1024)) KiB stripped"
	if ((size > 15 * 1024 * 1024)); then
		echo "agent-$triplet is larger than 15 MiB" >&2
		exit 1
	fi
	for p in $packages; do
		local bin
		bin=$out/$(echo "${p#./}" | tr / -)-$triplet.test
		rm -f "$bin"
		go test -c -o "$bin" "$p"
		[ -x "$bin" ] || continue # no tests there
		# LOA_QEMU tells the few tests that start programs or measure time.
		if (cd "$p" && LOA_QEMU=$qemu "$qemu" -L "/usr/$triplet" "$OLDPWD/$bin" -test.short -test.timeout 10m) >"$bin.log" 2>&1; then
			echo "ok   $triplet $p"
		else
			failed+=("$p")
			echo "FAIL $triplet $p"
			tail -n 30 "$bin.log"
		fi
	done
	((${#failed[@]} == 0))
}

build arm arm-linux-gnueabihf-gcc arm-linux-gnueabihf qemu-arm
build arm64 aarch64-linux-gnu-gcc aarch64-linux-gnu qemu-aarch64
