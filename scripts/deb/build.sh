#!/bin/bash
# Makes the Debian package of the agent for each architecture: the same bytes from the
# same commit, whatever folder it lies in.
# Usage: scripts/deb/build.sh OUT [ARCH…]   (default: armhf arm64 amd64)
set -euo pipefail
out=$(realpath -m "$1")
shift
cd "$(dirname "$0")/../.."
here=scripts/deb
. scripts/flags.sh
export CGO_ENABLED=1 LC_ALL=C
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
name=$(git describe --tags --always --dirty)
case $name in
v[0-9]*) version=$(sed 's/^v//; s/-\([0-9]*\)-g/+\1.g/; s/-dirty$/+dirty/' <<<"$name") ;;
*) version=0~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d.%H%M%S).${name/-dirty/+dirty} ;;
esac
maintainer=${MAINTAINER:-$(git log -1 --format='%an <%ae>')} # who made this package

# agent ARCH FILE compiles it.
agent() {
	local triplet
	case $1 in
	armhf) export GOARCH=arm GOARM=7 triplet=arm-linux-gnueabihf ;;
	arm64) export GOARCH=arm64 triplet=aarch64-linux-gnu ;;
	amd64) export GOARCH=amd64 triplet=x86_64-linux-gnu ;;
	*) echo "build.sh: no architecture $1" >&2; exit 2 ;;
	esac
	CC=$triplet-gcc PKG_CONFIG_LIBDIR=/usr/lib/$triplet/pkgconfig:/usr/share/pkgconfig \
		go build "${agent_flags[@]}" -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$name -X main.built=$SOURCE_DATE_EPOCH" -o "$2" ./agent
}

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
for arch in ${*:-armhf arm64 amd64}; do
	root=$work/$arch
	doc=$root/usr/share/doc/loa
	mkdir -p "$root/DEBIAN" "$root/usr/bin" "$doc" "$root/usr/share/man/man1"
	agent "$arch" "$root/usr/bin/agent"
	# What the machine has to have: the C library that this was built with, or a newer one.
	libc=$(readelf -V "$root/usr/bin/agent" | grep -o 'GLIBC_2\.[0-9]*' | sort -Vu | tail -n 1)

	cp -r scripts/system/usr/. "$root/usr/"
	gzip -9n <"$here/agent.1" >"$root/usr/share/man/man1/agent.1.gz"
	gzip -9n <CHANGELOG.md >"$doc/CHANGELOG.md.gz"
	printf 'loa (%s) stable; urgency=medium\n\n  * What is new for an installer stands in CHANGELOG.md.gz.\n\n -- %s  %s\n' \
		"$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
	install -D -m 644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/loa"
	cp "$here/copyright" "$here/agent.toml.example" "$doc/"
	cp "$here/postinst" "$here/prerm" "$here/postrm" "$root/DEBIAN/"
	chmod -R u=rwX,go=rX "$root"
	chmod 755 "$root/DEBIAN"/p*
	(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
	cat >"$root/DEBIAN/control" <<-END
		Package: loa
		Version: $version
		Architecture: $arch
		Maintainer: $maintainer
		Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f 1)
		Depends: libc6 (>= ${libc#GLIBC_}), libasound2 | libasound2t64, libmpg123-0 | libmpg123-0t64, systemd (>= 250), ca-certificates
		Recommends: faad, systemd-timesyncd | time-daemon
		Section: sound
		Priority: optional
		Description: loudspeaker boxes and LED boards of a commune
		 The agent of one box: it takes signed programmes and alerts over MQTT, plays
		 and shows them, and proves what was heard and seen.
		 .
		 It begins once /etc/loa holds the settings and keys of a box, which the
		 centre makes.
	END
	find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	file=$out/loa_${version}_$arch.deb
	dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$root" "$file" >/dev/null
	echo "$file: $(($(stat -c %s "$file") / 1024)) KiB"
done
