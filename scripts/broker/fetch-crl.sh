#!/bin/bash
# Fetches the list of revoked boxes for a broker that stands on another machine than its
# authority.
#
#   fetch-crl.sh https://HOST:PORT/ca.crl TLSDIR
#
# TLSDIR has ca.crt, to which the server must belong, and gets ca.crl: whole, only when
# it has changed, and never a list on which somebody is missing who was on the last one,
# because revoked is for ever and a server that was rolled back knows less.
set -euo pipefail

url=${1:?} dir=${2:?}
new=$(mktemp "$dir/.crl-XXXXXX")
trap 'rm -f "$new" "$new".*' EXIT
curl --silent --show-error --fail --proto =https --max-time 20 --max-filesize 16777216 \
	--cacert "$dir/ca.crt" --output "$new" "$url"
if cmp -s "$new" "$dir/ca.crl"; then
	exit 0
fi
# listed FILE: the numbers of everybody on the lists in it, sorted. No number is given
# twice, whoever signs.
listed() {
	rm -f "$new".part*
	csplit -s -z -f "$new.part" "$1" '/-----BEGIN X509 CRL-----/' '{*}'
	local part
	for part in "$new".part*; do
		openssl crl -in "$part" -noout -text | awk '/Serial Number:/ { print $3 }'
	done | sort -u
}
listed "$new" >"$new.now"
if [ ! -s "$new.now" ]; then
	echo "loa: $url gave no list of revoked boxes; the old one stays" >&2
	exit 1
fi
if [ -s "$dir/ca.crl" ]; then
	listed "$dir/ca.crl" >"$new.was"
	if missing=$(comm -13 "$new.now" "$new.was") && [ -n "$missing" ]; then
		echo "loa: the list of $url has lost $(wc -l <<<"$missing") that were revoked; the old one stays" >&2
		exit 1
	fi
fi
chmod 640 "$new"
sync "$new"
mv "$new" "$dir/ca.crl"
