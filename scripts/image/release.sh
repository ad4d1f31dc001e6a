#!/bin/bash
# Makes of an image what is given to others: compressed, with checksums and a signature.
# Usage: BOARD=orangepi-zero scripts/image/release.sh, after image.sh
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
board=${BOARD:?name a board, such as BOARD=orangepi-zero}
version=${VERSION:-$(git describe --tags --always --dirty)}
name=loa-$board-$version
release=$("$here/keys.sh")
cd "${BUILD:-build}/image"
rm -f "$name".img.* "$name".spdx.json "$name".sha256*
zstd -q -T2 -12 "loa-$board.img" -o "$name.img.zst"
# Which blocks a card must be given: all but those that a file system has free. The holes of
# the image will not do: what is zero in it may be a table or a file's, and a card that
# was used before has something else there.
full=$(mktemp -p .)
trap 'rm -f "$full"' EXIT
cp --sparse=never "loa-$board.img" "$full"
for mib in 80 592 1104; do
	dumpe2fs "$full?offset=$((mib << 20))" 2>/dev/null |
		awk -v at=$((mib << 20)) '/^Block size:/ { size = $3 } sub(/^  Free blocks: /, "") {
			n = split($0, runs, ", ")
			for (i = 1; i <= n; i++) if (runs[i] != "") {
				if (split(runs[i], e, "-") == 1) e[2] = e[1]
				printf "%.0f %.0f\n", at + e[1] * size, (e[2] - e[1] + 1) * size
			}
		}' |
		while read -r from bytes; do fallocate -p -o "$from" -l "$bytes" "$full"; done
done
timeout -s KILL 600 bmaptool -q create --no-checksum "$full" >"$name.img.bmap"
rm -f "$full"
cp "loa-$board.spdx.json" "$name.spdx.json"
sha256sum "$name".img.* "$name.spdx.json" >"$name.sha256"
openssl dgst -sha256 -sign "$release/release.key" -out "$name.sha256.sig" "$name.sha256"
ls -lh "$name".* | awk '{ print "  " $5 "\t" $9 }'
