#!/bin/bash
# Prints the Debian archives of an image, one deb line each: the machine's own mirror,
# or MIRROR= (and MIRROR_SECURITY=, MIRROR/../debian-security if that is missing).
# A snapshot's address there makes a build repeatable for years.
set -euo pipefail
suite=bookworm

uri() { # LABEL: where the machine's apt has it
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		awk -v l="$1" '$1 == l { print $2; exit }'
}
main=${MIRROR:-$(uri Debian)}
main=${main%/}
if [ -z "$main" ]; then
	echo "sources.sh: apt của máy này không có kho Debian; ghi MIRROR=… (this machine's apt has no Debian archive: give MIRROR=)" >&2
	exit 2
fi
security=${MIRROR_SECURITY:-}
if [ -z "$security" ] && [ -z "${MIRROR:-}" ]; then
	security=$(uri Debian-Security)
fi
security=${security:-${main%/*}/debian-security}

keys='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
echo "deb $keys $main $suite main non-free-firmware"
echo "deb $keys $main $suite-updates main"
echo "deb $keys $main $suite-backports main"
echo "deb $keys ${security%/} $suite-security main"
