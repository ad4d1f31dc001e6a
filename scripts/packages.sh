#!/bin/sh
# Installs the Debian packages that a make target needs, and says which.
# Usage: scripts/packages.sh GROUP…   (build run test bench arm screen image hil deb web)
# Without root and sudo it names what is missing and exits 2.
set -eu

build='pkg-config libasound2-dev libmpg123-dev'
run='espeak-ng sox libsox-fmt-mp3 lame'
test="$run alsa-utils ffmpeg flac opus-tools vorbis-tools faad mpg123 mosquitto openssl e2fsprogs util-linux procps iproute2"
bench="$test nginx-light mpd snapserver snapclient nftables gcc-arm-linux-gnueabihf libc6-dev-armhf-cross libasound2-dev:armhf libmpg123-dev:armhf"
screen='qemu-system-x86'
hil="qemu-system-arm u-boot-qemu mtools dosfstools e2fsprogs"
deb='lintian'
web='chromium'
# Node comes with npm from its own makers, and in two packages from Debian.
command -v node >/dev/null && command -v npm >/dev/null || web="$web nodejs npm"
arm='qemu-user gcc-arm-linux-gnueabihf gcc-aarch64-linux-gnu libc6-dev-armhf-cross libc6-dev-arm64-cross
libasound2-dev:armhf libasound2-dev:arm64 libmpg123-dev:armhf libmpg123-dev:arm64'

image="$arm mmdebstrap arch-test qemu-user-static mtools dosfstools fdisk e2fsprogs cpio zstd xz-utils u-boot-tools
device-tree-compiler kmod rauc squashfs-tools bmap-tools openssl"

want=
for group; do
	case $group in
	build) want="$want $build" ;;
	run) want="$want $build $run" ;;
	test) want="$want $build $test" ;;
	bench) want="$want $build $bench" ;;
	arm) want="$want $build $arm" ;;
	screen) want="$want $screen" ;;
	image) want="$want $build $image" ;;
	hil) want="$want $hil" ;;
	deb) want="$want $build $deb" ;;
	web) want="$want $build $test $web" ;;
	*) echo "packages.sh: no group \"$group\"" >&2; exit 2 ;;
	esac
done

native=$(dpkg --print-architecture 2>/dev/null || true)
have() { # installed, in the architecture asked for
	case $1 in *:*) arch=${1#*:} ;; *) arch=$native ;; esac
	dpkg-query -W -f '${Architecture} ${Status}\n' "${1%:*}" 2>/dev/null |
		grep -qE "^($arch|all) install ok installed$"
}

missing=
for p in $want; do
	case " $missing " in *" $p "*) continue ;; esac
	have "$p" || missing="$missing $p"
done
missing=${missing# }
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "Cần cài các gói này (need these packages): $missing" >&2
	exit 2
fi
if [ "$(id -u)" = 0 ]; then
	sudo=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	sudo='sudo -n'
elif command -v sudo >/dev/null && [ -t 0 ] && [ -z "${CI:-}" ]; then
	sudo=sudo
else
	echo "Thiếu gói, và không có quyền root hay sudo (missing packages, and neither root nor sudo):" >&2
	echo "  apt-get install --no-install-recommends $missing" >&2
	exit 2
fi

echo "Đang cài (installing): $missing"
foreign=
for arch in armhf arm64; do
	case "$missing " in
	*":$arch "*)
		if [ "$arch" != "$native" ] && ! dpkg --print-foreign-architectures | grep -qx "$arch"; then
			$sudo dpkg --add-architecture "$arch"
			foreign="$foreign $arch"
		fi
		;;
	esac
done
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A mirror in mid-sync fails the update of one index; the install says whether it mattered.
stale=
$sudo apt-get -o Acquire::Retries=2 -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || stale=$(grep '^E:' "$log" | head -n 3)
if ! $sudo env DEBIAN_FRONTEND=noninteractive \
	apt-get -o Acquire::Retries=2 -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "Không cài được (could not install): $missing" >&2
	if [ -n "$stale" ]; then
		echo "apt-get update cũng lỗi; máy chủ Debian có thể đang đồng bộ, hãy thử lại sau ít phút" >&2
		echo "(apt-get update failed, too; the mirror may be in mid-sync: try again in some minutes):" >&2
		echo "$stale" >&2
	fi
	for arch in $foreign; do # the machine is left as it was
		$sudo dpkg --remove-architecture "$arch" || true
	done
	exit 2
fi
