#!/bin/sh
# Fetches Debian's kernel and unpacks it for the test of scripts/kms; installs nothing.
# Usage: scripts/kms/kernel.sh [DIR]   (build/kernel)
set -eu
dir=${1:-build/kernel}
mkdir -p "$dir"
cd "$dir"
name=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: //p' | head -n 1)
if [ -z "$name" ]; then
	echo "kernel.sh: apt knows no linux-image-amd64; run apt-get update" >&2
	exit 2
fi
apt-get download "$name"
dpkg-deb -x "$name"_*.deb .
rm "$name"_*.deb
ls boot/vmlinuz-*
