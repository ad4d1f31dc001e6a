#!/bin/bash
# Lets this machine run ARM programs in a chroot: registers qemu-user with the kernel.
# Usage: binfmt.sh ARCH
set -euo pipefail
case $1 in
arm64) name=qemu-aarch64 native=aarch64 ;;
armhf) name=qemu-arm native=armv7l ;;
esac
[ "$(uname -m)" = "$native" ] && exit 0
at=/proc/sys/fs/binfmt_misc
if [ ! -e $at/register ]; then
	mount -t binfmt_misc binfmt_misc $at 2>/dev/null || {
		echo "binfmt.sh: không gắn được $at; cần root và nhân có CONFIG_BINFMT_MISC" >&2
		echo "  (cannot mount $at: needs root, and a kernel with CONFIG_BINFMT_MISC)" >&2
		exit 2
	}
fi
[ -e $at/$name ] && exit 0
# F: the kernel opens the interpreter now, so that it is found in a chroot as well.
cat /usr/lib/binfmt.d/$name.conf >$at/register || {
	echo "binfmt.sh: nhân không nhận $name (the kernel does not take $name)" >&2
	exit 2
}
