#!/bin/bash
# Makes the signed update of a board from the image that image.sh made: the same bytes as
# slot A. Usage: BOARD=orangepi-zero scripts/image/bundle.sh
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
board=${BOARD:?name a board, such as BOARD=orangepi-zero}
version=${VERSION:-$(git describe --tags --always --dirty)}
out=${BUILD:-build}/image
image=$out/loa-$board.img
[ -e "$image" ] || { echo "bundle.sh: chưa có $image: chạy make image trước (run make image first)" >&2; exit 2; }
release=$("$here/keys.sh")
work=$(mktemp -d -p "$out")
trap 'rm -rf "$work"' EXIT
dd if="$image" of="$work/root.ext4" bs=1M skip=80 count=512 conv=sparse status=none
cat >"$work/manifest.raucm" <<M
[update]
compatible=loa-$board
version=$version

[bundle]
format=verity

[image.rootfs]
filename=root.ext4
M
bundle=$out/loa-$board-$version.raucb
rm -f "$bundle"
timeout -s KILL 3000 rauc bundle --cert="$release/release.crt" --key="$release/release.key" "$work" "$bundle" >"$work.log" 2>&1 || {
	cat "$work.log" >&2
	rm -f "$work.log"
	exit 1
}
rm -f "$work.log"
ls -lh "$bundle" | awk '{ print "  " $5 "\t" $9 }'
sha256sum "$bundle" | cut -d' ' -f1
