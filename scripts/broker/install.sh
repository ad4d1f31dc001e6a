#!/bin/bash
# Makes a Debian machine a province's broker: mosquitto with what loactl init wrote.
#
#   install.sh AUTHORITY [ROOT]
#
# AUTHORITY needs no keys of people here, only mosquitto/ and tls/{ca.crt,ca.crl,
# server.crt,server.key}. From then on what changes there is taken over by itself: a
# list of revoked boxes, an access list, a new certificate. With CRL=https://HOST:8443
# (loactl serve --media) the list is fetched from there twice a minute, for a broker on a
# machine of its own. What has not changed restarts nothing. With ROOT the files go
# below that directory, and nothing is installed or started.
set -euo pipefail

authority=${1:-}
[ -z "$authority" ] || authority=$(realpath -m "$authority")
root=${2:-}
if [ -z "$authority" ]; then
	echo "usage: make broker-install AUTHORITY=DIR" >&2
	exit 2
fi
for file in mosquitto/loa.conf mosquitto/loa.acl tls/ca.crt tls/ca.crl tls/server.crt tls/server.key; do
	if [ ! -s "$authority/$file" ]; then
		echo "broker-install: $authority/$file is missing; loactl init writes it, and loactl box revoke writes tls/ca.crl anew" >&2
		exit 2
	fi
done
if ! grep -q '^crlfile ' "$authority/mosquitto/loa.conf"; then
	echo "broker-install: $authority/mosquitto/loa.conf reads no list of revoked boxes; add: crlfile /etc/mosquitto/loa/ca.crl" >&2
	exit 2
fi
if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
	echo "broker-install: it has to be root: sudo make broker-install AUTHORITY=$authority" >&2
	exit 2
fi

if [ -z "$root" ] && ! command -v mosquitto >/dev/null; then
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mosquitto
fi

etc=/etc/mosquitto/loa
due=$root$etc/restart-due # stays until the broker has read what was written
# put FILE PATH MODE: for root, to be read by mosquitto.
put() {
	if cmp -s "$1" "$root$2"; then
		return
	fi
	owner=()
	[ -n "$root" ] || owner=(-o root -g mosquitto)
	mkdir -p "$root$etc"
	touch "$due"
	install -D "${owner[@]}" -m "$3" "$1" "$root$2"
	echo "wrote $root$2"
}

put "$authority/mosquitto/loa.conf" $etc/loa.conf 640
put "$authority/mosquitto/loa.acl" $etc/loa.acl 640
for file in ca.crt ca.crl server.crt server.key; do
	put "$authority/tls/$file" $etc/$file 640
done
for file in bridge.crt bridge.key; do # of a province that is bridged to the centre
	if [ -s "$authority/tls/$file" ]; then put "$authority/tls/$file" $etc/$file 640; fi
done

unit=$(mktemp)
trap 'rm -f "$unit"' EXIT
cat >"$unit" <<'UNIT'
# Loa: a configuration of its own, because Debian's names a place for what persists,
# and so does ours. Its log is the journal, which rotates by itself.
[Service]
ExecStart=
ExecStart=/usr/sbin/mosquitto -c /etc/mosquitto/loa/loa.conf
LimitNOFILE=65536
Restart=always
RestartSec=2
NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
UNIT
put "$unit" /etc/systemd/system/mosquitto.service.d/loa.conf 644

# Whatever changes in the authority's folder comes here by itself.
lib=/usr/local/lib/loa
here=$(dirname "$0")
units=/etc/systemd/system
crl=${CRL:-$(sed -n 's/^Environment=CRL=//p' "$root$units/loa-broker.service" 2>/dev/null || true)} # said once
# tell NAME MODE: standard input, if it differs, becomes that file.
tell() {
	cat >"$unit"
	cmp -s "$unit" "$root$1" || { install -D -m "$2" "$unit" "$root$1"; echo "wrote $root$1"; }
}
tell $lib/broker-install 755 <"$here/$(basename "$0")"
tell $units/loa-broker.service 644 <<UNIT
[Unit]
Description=Loa: the broker takes over what has changed in its authority's folder

[Service]
Type=oneshot
Environment=CRL=$crl
ExecStart=$lib/broker-install "$authority"
UNIT
tell $units/loa-broker.path 644 <<UNIT
[Unit]
Description=Loa: watches the authority's folder for the broker

[Path]
PathChanged=$authority/tls/ca.crl
PathChanged=$authority/tls/ca.crt
PathChanged=$authority/tls/server.crt
PathChanged=$authority/mosquitto/loa.acl
PathChanged=$authority/mosquitto/loa.conf

[Install]
WantedBy=multi-user.target
UNIT
if [ -n "$crl" ]; then
	tell $lib/fetch-crl.sh 755 <"$here/fetch-crl.sh"
	tell $units/loa-crl.service 644 <<UNIT
[Unit]
Description=Loa: fetches the list of revoked boxes

[Service]
Type=oneshot
ExecStart=$lib/fetch-crl.sh "${crl%/}/ca.crl" "$authority/tls"
UNIT
	tell $units/loa-crl.timer 644 <<UNIT
[Unit]
Description=Loa: fetches the list of revoked boxes twice a minute

[Timer]
OnBootSec=10
OnUnitActiveSec=30
AccuracySec=1

[Install]
WantedBy=timers.target
UNIT
fi

if [ -n "$root" ]; then
	exit 0
fi
if [ -d /run/systemd/system ] && [ -z "${INVOCATION_ID:-}" ]; then # by hand, not by the unit
	systemctl daemon-reload
	systemctl enable --now loa-broker.path
	[ -z "$crl" ] || systemctl enable --now loa-crl.timer
fi
if [ ! -e "$due" ]; then
	echo "nothing has changed"
elif [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl enable mosquitto
	systemctl restart mosquitto # a reload would leave a revoked box connected
	rm "$due"
	systemctl --no-pager --lines 5 status mosquitto
else
	echo "there is no systemd here: start /usr/sbin/mosquitto -c $etc/loa.conf, then rm $due"
fi
port=$(awk '$1 == "listener" { print $2 }' "$root$etc/loa.conf")
echo "firewall: let TCP $port in, for example: nft add rule inet filter input tcp dport $port accept"
