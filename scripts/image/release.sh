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
# Which blocks have something in them.
timeout -s KILL 600 bmaptool -q create --no-checksum "loa-$board.img" >"$name.img.bmap"
cp "loa-$board.spdx.json" "$name.spdx.json"
sha256sum "$name".img.* "$name.spdx.json" >"$name.sha256"
openssl dgst -sha256 -sign "$release/release.key" -out "$name.sha256.sig" "$name.sha256"
ls -lh "$name".* | awk '{ print "  " $5 "\t" $9 }'
