#!/bin/bash
# Starts one node of a NATS cluster as an MQTT broker, or the only one.
#
#   nats.sh TLS NAME STORE [NODE,NODE,NODE]
#
# TLS is a directory with ca.crt, ca.crl, server.crt and server.key of loactl init,
# whose --hosts name every NODE. NAME is this node's own; STORE a directory on its disk.
# Boxes come to port 8883, or to MQTT=host:port, the other nodes to 6222 or CLUSTER=host:port.
# The program is built from this module, which pins the version of the server.
set -euo pipefail

if [ $# -lt 3 ]; then
	echo "usage: nats.sh TLS NAME STORE [NODE,NODE,NODE]" >&2
	exit 2
fi
cd "$(dirname "$0")/../.."
natsd=${NATSD:-build/natsd}
[ -n "${NATSD:-}" ] || go build -o "$natsd" ./scripts/broker/natsd
args=(-tls "$1" -name "$2" -store "$3" -mqtt "${MQTT:-0.0.0.0:8883}")
if [ $# -gt 3 ]; then
	routes=
	for node in ${4//,/ }; do
		case $node in *:*) ;; *) node=$node:6222 ;; esac
		routes=$routes${routes:+,}$node
	done
	args+=(-cluster "${CLUSTER:-0.0.0.0:6222}" -routes "$routes")
fi
exec "$natsd" "${args[@]}"
