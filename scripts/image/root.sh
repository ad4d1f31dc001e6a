#!/bin/bash
# Makes the Debian part of a root file system, without kernel and without the agent.
# Usage: root.sh ARCH; prints the name of the tar file, which is kept in
# $LOA_CACHE/rootfs (build/cache) for as long as packages.txt and this script stay.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
arch=$1
cache=${LOA_CACHE:-build/cache}
mkdir -p "$cache/rootfs"
key=$(cat "$here/packages.txt" "$here/root.sh" | sha256sum | cut -c1-12)
out=$(readlink -f "$cache")/rootfs/$arch-$key.tar
if [ -e "$out" ]; then
	echo "$out"
	exit
fi

sources=$("$here/apt.sh" "$arch" sources | grep -v backports)
"$here/binfmt.sh" "$arch"
packages=$(sed 's/#.*//' "$here/packages.txt" | tr -s ' \n' ' ' | sed 's/^ //; s/ $//; s/ /,/g')
proxy=$(apt-config shell p Acquire::http::Proxy)
p=
eval "$proxy"
echo "root.sh: Debian $arch, vài phút (some minutes)" >&2
# What takes long under emulation and is no use to a box stays out: apt, perl (usrmerge
# needs it), and the names of all hardware in the world, 13 MB that udev compiles.
# The clock inside is the machine's; what it leaves in files is clamped by the epoch.
timeout -s KILL 3000 mmdebstrap --quiet --mode=root --arch="$arch" --variant=essential --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --format=tar \
	--aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "3"' --aptopt='Acquire::Languages "none"' \
	${p:+--aptopt="Acquire::http::Proxy \"$p\""} \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
	--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/sounds/*' \
	--dpkgopt='path-exclude=/usr/lib/udev/hwdb.d/*' --dpkgopt=force-unsafe-io \
	--include="$packages" bookworm "$out.new.tar" - <<<"$sources" >&2
mv "$out.new.tar" "$out"
echo "$out"
