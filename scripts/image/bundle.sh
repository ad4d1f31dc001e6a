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
# The image says which version it is, and after an update the agent goes by that.
offset=$((80 << 20))
has=$(debugfs -R 'cat /usr/lib/os-release' "$image?offset=$offset" 2>/dev/null | sed -n 's/^IMAGE_VERSION=//p')
if [ "$has" != "$version" ]; then
	echo "bundle.sh: $image là bản $has, không phải $version: chạy make image lại (it is $has: run make image again)" >&2
	exit 2
fi
release=$("$here/keys.sh")
work=$(mktemp -d -p "$out")
trap 'rm -rf "$work" "$work.log" "$work.raucb"' EXIT
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
bundle=$out/loa-$board-$version.raucb # there when it is whole
# zstd: no larger than gzip, a fifth of its time here, and half of it on the box.
timeout -s KILL 3000 rauc bundle --cert="$release/release.crt" --key="$release/release.key" \
	--mksquashfs-args='-comp zstd -Xcompression-level 6 -b 256K' "$work" "$work.raucb" >"$work.log" 2>&1 ||
	{ cat "$work.log" >&2; exit 1; }
# A box reads it as this does.
rauc info --keyring="$release/release.crt" --output-format=json "$work.raucb" >"$work.log" 2>&1 ||
	{ cat "$work.log" >&2; exit 1; }
grep -q "\"compatible\":\"loa-$board\",\"version\":\"$version\"" "$work.log" || { cat "$work.log" >&2; exit 1; }
mv "$work.raucb" "$bundle"
ls -lh "$bundle" | awk '{ print "  " $5 "\t" $9 }'
sha256sum "$bundle" | cut -d' ' -f1
