#!/bin/bash
# The bench, with everything it needs: emulator, image, program.
# Usage: hil.sh BOARD [ARGUMENT OF hil…]; exits 3 if this machine cannot run it.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
board=$1
shift
build=${BUILD:-build}
cannot() {
	echo "hil: bỏ qua (left out): $1" >&2
	[ "${CI:-}" != true ] || exit 1 # what is left out there is tried nowhere
	exit 3
}
case $board in virt-arm64) arch=arm64 ;; *) arch=armhf ;; esac
"$here/emulator.sh" "$arch" || cannot 'không có trình giả lập (no emulator)'
if ! { "$here/../packages.sh" image && BOARD="$board" BUILD="$build" "$here/../image/image.sh"; }; then
	cannot "không làm được bản cài $board (the image of $board cannot be made)"
fi
# The bench itself first: some of its tests need the emulator too.
go test -count=1 -timeout 5m ./scripts/hil/...
mkdir -p "$build"
LOA_RELEASE=$("$here/../image/keys.sh") # the bench makes updates that the image trusts
export LOA_RELEASE
go build -o "$build/bench" ./scripts/hil
exec "$build/bench" -board "$board" -image "$build/image/loa-$board.img" -out "$build/hil/$board" "$@"
