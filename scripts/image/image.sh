#!/bin/bash
# Makes the image of a board, without loop devices and mounts.
# Usage: BOARD=orangepi-zero scripts/image/image.sh; everything lands in $BUILD/image.
#
# The card, for every board alike:
#   0         MBR, signature 4c4f4131 ("LOA1")
#   8 KiB     what an Allwinner chip starts; Rockchip: 32 KiB and 8 MiB
#   15 MiB    boot counters, 4 KiB; again at 15.5 MiB
#   16 MiB    1  FAT     64 MiB  boot script; the Raspberry Pi's firmware
#   80 MiB    2  ext4   512 MiB  slot A, read-only: kernel, device tree, Debian, agent
#   592 MiB   3  ext4   512 MiB  slot B
#   1104 MiB  4  ext4    64 MiB  data; grows to the card's end at the first start
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=scripts/image/board.sh
. "$here/board.sh"
if [ "$(id -u)" != 0 ]; then
	echo 'image.sh: cần quyền root: tệp trong bản cài thuộc nhiều người dùng (needs root: files of an image have owners)' >&2
	exit 2
fi
mkdir -p "${BUILD:-build}/image"
out=$(readlink -f "${BUILD:-build}/image")
image=$out/loa-$board.img
version=${VERSION:-$(git describe --tags --always --dirty)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022
work=$(mktemp -d -p "$out")
trap 'wait; rm -rf "$work"' EXIT
# unpack PACKAGE [ARCH] prints the folder of a package, and notes it for the list.
unpack() {
	"$here/apt.sh" "${2:-$arch}" unpack "$1" | tee -a "$work/unpacked"
}
began=$SECONDS
lap() { printf '  %-24s %4d s\n' "$1" $((SECONDS - began)); }

release=$("$here/keys.sh")
"$here/apt.sh" "$arch" sources >/dev/null
"$here/root.sh" "$arch" >"$work/rootfs" & # from nothing it takes minutes, and one processor
rooting=$!
linux=$(unpack "$kernel")
busybox=$(unpack busybox-static)
authorities=$(unpack ca-certificates)
"$here/agent.sh" "$arch" "$work/agent"
lap 'agent'
wait $rooting
rootfs=$(cat "$work/rootfs")
lap 'Debian'

root=$work/root
mkdir "$root"
tar xpf "$rootfs" -C "$root" --exclude='./dev/*'
kv=$(basename "$linux"/lib/modules/*)
modules=$root/usr/lib/modules/$kv
mkdir -p "$root/usr/lib/modules" "$root/boot"
cp -a "$linux/lib/modules/$kv" "$modules"
"$here/prune.sh" "$modules/kernel"
depmod -b "$root" "$kv"
cp "$linux/boot/vmlinuz-$kv" "$root/boot/vmlinuz"
"$here/initrd.sh" "$modules" "$busybox/bin/busybox" "$root/boot/initrd.img"
if [ -n "$dtb" ]; then
	cp "$linux/usr/lib/linux-image-$kv/$dtb" "$work/board.dtb"
	if [ -e "$here/dts/$board.dtso" ]; then
		dtc -q -@ -I dts -O dtb -o "$work/board.dtbo" "$here/dts/$board.dtso"
		fdtoverlay -i "$work/board.dtb" -o "$work/changed.dtb" "$work/board.dtbo"
		mv "$work/changed.dtb" "$work/board.dtb"
	fi
	cp "$work/board.dtb" "$root/boot/board.dtb"
fi
lap 'kernel'

mkdir -p "$root"/{data,boot/firmware,etc/loa,var/lib/loa,var/lib/systemd/timesync}
cp -r "$here/../system/usr/." "$root/usr/" # what every box has, whoever made its Debian
cp -r "$here/overlay/." "$root/"
sed -i "s/@BOARD@/$board/" "$root/etc/rauc/system.conf"
sed -i "s/@WATCHDOG@/$watchdog/" "$root/etc/systemd/system.conf.d/loa.conf"
cp "$release/release.crt" "$root/etc/rauc/keyring.pem"
install -m755 "$work/agent" "$root/usr/bin/agent"
ln -sf ../run/systemd/resolve/resolv.conf "$root/etc/resolv.conf"
# The one file that is read of them; Debian's script makes it under qemu-user in minutes.
mkdir -p "$root/etc/ssl/certs"
awk 1 "$authorities"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
printf 'IMAGE_ID=loa-%s\nIMAGE_VERSION=%s\n' "$board" "$version" >>"$root/usr/lib/os-release"
systemd-sysusers --root="$root" 2>/dev/null
systemctl --root="$root" enable --quiet loa.service loa-host.path loa-{first,keep-last}.service loa-{keep,lost,trial}.timer systemd-networkd.service systemd-resolved.service systemd-timesyncd.service
systemctl --root="$root" disable --quiet ModemManager.service # udev starts it
# Sound comes before names.
sed '/^Before=/s/sysinit.target//; /^\[Unit\]/aAfter=loa.service' "$root/usr/lib/systemd/system/systemd-resolved.service" >"$root/etc/systemd/system/systemd-resolved.service"
sed 's/#.*//' "$here/masked.txt" | xargs systemctl --root="$root" mask --quiet
# Of the programs that make units at each start a box needs the one that reads fstab.
mkdir -p "$root/etc/systemd/system-generators"
for generator in "$root"/usr/lib/systemd/system-generators/*; do
	case $generator in *-fstab-generator) ;; *) ln -s /dev/null "$root/etc/systemd/system-generators/${generator##*/}" ;; esac
done
# What systemd does once after Debian has changed is done: / is in RAM, and each start would do it anew.
touch "$root/etc/.updated" "$root/var/.updated"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/etc/*- "$root"/var/cache/ldconfig
find "$root" -xdev -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
find "$root" -xdev -exec touch -h -a -d "@$SOURCE_DATE_EPOCH" {} +
lap 'root'

data=$work/data
install -d -m755 "$data"/{etc,lib}
install -d -m750 -o 960 -g 960 "$data"/{etc,lib}/loa
install -d -m755 "$data"/{lib/timesync,log}
find "$data" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

# ext4 LABEL NUMBER MIB FEATURES FOLDER [OPTION…] makes a file system of a folder.
ext4() {
	truncate -s "$3M" "$work/$1.ext4"
	mke2fs -q -t ext4 -L "$1" -m 0 -O "$4" -U "4c4f4131-0000-4000-8000-00000000000$2" \
		-E "hash_seed=4c4f4131-0000-4000-8000-00000000001$2,lazy_itable_init=0,root_owner=0:0" -d "$5" "${@:6}" "$work/$1.ext4"
	# When this machine changed an inode is nobody's business, and another time each time.
	local used
	used=$(dumpe2fs -h "$work/$1.ext4" 2>/dev/null | awk '/^Inode count:/ { n = $3 } /^Free inodes:/ { print n - $3 }')
	seq -f "set_inode_field <%.0f> ctime @$SOURCE_DATE_EPOCH" 11 "$used" >"$work/times"
	debugfs -w -f "$work/times" "$work/$1.ext4" >/dev/null 2>"$work/log"
	! grep -v '^debugfs 1' "$work/log" >&2
}
# U-Boot reads the slots: no features that its old reader does not know. Nobody writes there.
ext4 root 2 512 '^metadata_csum,^64bit,^orphan_file,^has_journal' "$root"
# Of so small a file system mke2fs thinks that it holds small files: grown to a card of 4 GB
# it would have 186 MB of inodes, all of them written at the first start.
ext4 data 4 64 'metadata_csum' "$data" -b 4096 -i 65536
truncate -s 64M "$work/boot.vfat"
mkfs.vfat -F 32 -n LOA -i 4c4f4131 --invariant "$work/boot.vfat" >/dev/null
sed "s|@SAFE@|$safe|; s|@DTB@|${dtb:+board.dtb}|; s|@BOOT@|$boot|" "$here/boot.cmd" >"$work/boot.cmd"
mkimage -A "${arch/armhf/arm}" -T script -C none -n loa -d "$work/boot.cmd" "$work/boot.scr" >/dev/null
touch -d "@$SOURCE_DATE_EPOCH" "$work/boot.scr"
mcopy -m -i "$work/boot.vfat" "$work/boot.scr" ::
firmware
lap 'file systems'

rm -f "$image"
truncate -s 1168M "$image"
sfdisk -q "$image" <<P
label: dos
label-id: 0x4c4f4131
start=16MiB, size=64MiB, type=c, bootable
start=80MiB, size=512MiB, type=83
start=592MiB, size=512MiB, type=83
start=1104MiB, size=64MiB, type=83
P
lay() { dd if="$work/$1" of="$image" bs=1M seek="$2" conv=notrunc,sparse status=none; }
lay boot.vfat 16
lay root.ext4 80
lay root.ext4 592
lay data.ext4 1104
blobs
# As the board will read it. What is wrong is left for whoever looks after it, under another name.
go run ./scripts/image/check "$board" "$image" || { mv "$image" "$image.bad"; exit 1; }
lap "$image"

go run ./scripts/image/sbom -name "loa-$board-$version" -root "$root" -agent "$work/agent" -unpacked "$(sort -u "$work/unpacked" | paste -sd,)" -created "$SOURCE_DATE_EPOCH" >"$out/loa-$board.spdx.json"
du -sh --apparent-size "$root" | awk '{ print "  root: " $1 }'
