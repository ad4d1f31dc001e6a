#!/bin/bash
# Makes an initial RAM disk of busybox, init and the few modules that lead to a root.
# Usage: BOARD=… initrd.sh MODULES BUSYBOX OUT, where MODULES is a folder with modules.dep
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
modules=$1 busybox=$2 out=$3
# What the board's slots lie on, and its watchdog, which systemd wants to find when it
# starts. Each module costs a tenth of a second, so no board gets another's.
case ${BOARD:?name a board} in
virt-*) want='virtio_pci virtio_mmio virtio_blk i6300esb' ;;
orangepi-* | nanopi-*) want='mmc_block sunxi-mmc sunxi_wdt' ;;
rock64) want='mmc_block dw_mmc-rockchip dw_wdt' ;;
raspberrypi*) want='mmc_block bcm2835 sdhci-iproc sdhci_pci bcm2835_wdt' ;;
*) echo "initrd.sh: what does $BOARD start from?" >&2; exit 2 ;;
esac
want+=' ext4 overlay crc32c_generic crc32c-ce softdog'

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir"/{bin,dev,proc,sys,run,root,lower,upper,modules}
install -m755 "$busybox" "$dir/bin/busybox"
install -m755 "$here/init" "$dir/init"

# add FILE puts a module and before it what it needs.
declare -A seen
add() {
	local line need
	line=$(grep -m1 "^$1:" "$modules/modules.dep")
	[ -z "${seen[$1]:-}" ] || return 0
	seen[$1]=1
	local -a needs=(${line#*:})
	for ((i = ${#needs[@]} - 1; i >= 0; i--)); do
		need=${needs[i]}
		[ -n "${seen[$need]:-}" ] && continue
		seen[$need]=1
		unpack "$need"
	done
	unpack "$1"
}
unpack() {
	local name
	name=$(basename "${1%.xz}")
	case $1 in
	*.xz) xz -dc "$modules/$1" >"$dir/modules/$name" ;;
	*) cp "$modules/$1" "$dir/modules/$name" ;;
	esac
	echo "$name" >>"$dir/modules/order"
}
for name in $want; do
	# - and _ are one to the kernel; a driver that is built in has no file
	file=$(grep -oE "^[^:]*/${name//[-_]/[-_]}\.ko(\.xz)?:" "$modules/modules.dep" | head -n1) || continue
	add "${file%:}"
done
find "$dir" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
(cd "$dir" && find . -print0 | LC_ALL=C sort -z | cpio --quiet --null -o -H newc --reproducible -R 0:0) | zstd -q -19 -T1 >"$out"
