#!/bin/bash
# An apt of the image's own, for one architecture: the machine's sources and packages
# are neither used nor changed.
#
#   apt.sh ARCH sources        the archives that answer, one deb line each
#   apt.sh ARCH unpack NAME    unpacks a package (a folder; a meta package's kernel) and
#                              prints the folder
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cache=${LOA_CACHE:-build/cache}
arch=$1 verb=$2
mkdir -p "$cache"
dir=$(readlink -f "$cache")/apt-$arch
mkdir -p "$dir"/{lists/partial,archives/partial,deb,x}

apt() { # TOOL ARGUMENT…
	local tool=$1
	shift
	timeout -s KILL 900 "$tool" -q=2 -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences="$dir/preferences" -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State::lists="$dir/lists" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir" \
		-o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User=root \
		-o Acquire::Retries=3 -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false "$@"
}

# The lists are got once; a new cache gets new ones.
if [ ! -e "$dir/fresh" ]; then
	: >"$dir/status"
	# Of backports only the kernel.
	printf 'Package: linux-*\nPin: release n=bookworm-backports\nPin-Priority: 900\n' >"$dir/preferences"
	"$here/sources.sh" >"$dir/all"
	: >"$dir/sources.list"
	while read -r line; do
		cp "$dir/sources.list" "$dir/good"
		echo "$line" >>"$dir/sources.list"
		if ! apt apt-get -o Dir::Etc::sourcelist="$dir/sources.list" --error-on=any update >"$dir/log" 2>&1; then
			case $line in
			*-security*) # a mirror in mid-sync; what is built then has to be built again
				echo "apt.sh: CẢNH BÁO: kho cập nhật bảo mật không đọc được, bản cài này thiếu nó" >&2
				echo "  (WARNING: the security archive cannot be read; this image is without it):" >&2
				grep -m1 '^E:' "$dir/log" >&2 || true
				cp "$dir/good" "$dir/sources.list" ;;
			*) cat "$dir/log" >&2; exit 1 ;;
			esac
		fi
	done <"$dir/all"
	apt apt-get update >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
	touch "$dir/fresh"
fi

case $verb in
sources) cat "$dir/sources.list" ;;
unpack)
	name=$3
	case $name in linux-image-*) # the package behind the name without a version
		name=$(apt apt-cache depends "$name" | awk '/Depends: linux-image-/ { print $2; exit }') ;;
	esac
	version=$(apt apt-cache policy "$name" | awk '/Candidate:/ { print $2 }')
	[ -n "$version" ] && [ "$version" != '(none)' ] || { echo "apt.sh: no package $3 for $arch" >&2; exit 1; }
	out=$dir/x/${name}_$version
	if [ ! -d "$out" ]; then
		(cd "$dir/deb" && apt apt-get download "$name=$version")
		rm -rf "$out.new"
		dpkg-deb -x "$dir/deb/${name}_${version//:/%3a}"_*.deb "$out.new"
		mv "$out.new" "$out"
	fi
	echo "$out" ;;
*) echo "apt.sh: what is $verb?" >&2; exit 2 ;;
esac
