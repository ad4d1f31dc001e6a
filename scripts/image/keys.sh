#!/bin/bash
# Makes the release key if there is none: its certificate goes into every image and says
# which updates a box takes. Usage: keys.sh; prints the folder.
# LOA_RELEASE names the folder (~/.config/loa/release). Keep a copy where no network is:
# boxes take nothing that another key has signed.
set -euo pipefail
dir=${LOA_RELEASE:-${XDG_CONFIG_HOME:-$HOME/.config}/loa/release}
if [ ! -e "$dir/release.crt" ]; then
	mkdir -p "$dir"
	(umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 10950 \
		-subj '/CN=Loa release' -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=emailProtection,codeSigning \
		-keyout "$dir/release.key.new" -out "$dir/release.crt.new" 2>/dev/null)
	mv "$dir/release.key.new" "$dir/release.key"
	mv "$dir/release.crt.new" "$dir/release.crt"
	echo "keys.sh: khóa phát hành mới trong $dir, hãy cất một bản (a new release key is in $dir: keep a copy)" >&2
fi
echo "$dir"
