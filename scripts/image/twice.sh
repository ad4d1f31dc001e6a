#!/bin/bash
# Builds a board's image twice, in two folders, and compares the bytes.
# Usage: twice.sh BOARD [DIR]. Each gets its packages anew and sets Debian up anew; with
# LOA_CACHE set both take Debian from there, and only the rest is built twice.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
export BOARD=${1:?name a board}
dir=${2:-build/twice}
for n in 1 2; do
	rm -rf "$dir/$n"
	mkdir -p "$dir/$n"
	BUILD=$dir/$n LOA_CACHE=${LOA_CACHE:-$dir/$n/cache} "$here/image.sh"
	[ $n = 2 ] || sleep 2 # no second is the same
done
if cmp "$dir"/{1,2}/image/"loa-$BOARD.img" && cmp "$dir"/{1,2}/image/"loa-$BOARD.spdx.json"; then
	sha256sum "$dir"/{1,2}/image/"loa-$BOARD.img"
	echo 'twice.sh: cùng một bản cài (the same bytes)'
	exit
fi
if [ -z "${LOA_CACHE:-}" ] && ! cmp -s "$dir"/{1,2}/cache/rootfs/*.tar; then
	echo "twice.sh: phần Debian khác nhau (Debian's part differs):" >&2
	for n in 1 2; do
		mkdir "$dir/$n/debian"
		tar xf "$dir/$n"/cache/rootfs/*.tar -C "$dir/$n/debian" --exclude='./dev/*'
	done
	diff -rq --no-dereference "$dir"/{1,2}/debian | head -n 30 >&2
	diff <(tar tvf "$dir"/1/cache/rootfs/*.tar) <(tar tvf "$dir"/2/cache/rootfs/*.tar) | head -n 30 >&2
fi
echo 'twice.sh: hai bản cài KHÁC nhau (the images differ), MiB:' >&2
cmp -l "$dir"/{1,2}/image/"loa-$BOARD.img" | awk '{ n[int($1 / 1048576)]++ } END { for (m in n) print m, n[m] }' | sort -n | head -n 30 >&2
exit 1
