#!/bin/bash
# Builds the agent for a box. Usage: agent.sh ARCH OUT
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/../flags.sh"
case $1 in
arm64) export GOARCH=arm64 triplet=aarch64-linux-gnu ;;
armhf) export GOARCH=arm GOARM=7 triplet=arm-linux-gnueabihf ;;
*) echo "agent.sh: no architecture $1" >&2; exit 2 ;;
esac
export CGO_ENABLED=1 CC=$triplet-gcc PKG_CONFIG_LIBDIR=/usr/lib/$triplet/pkgconfig:/usr/share/pkgconfig
version=${VERSION:-$(git describe --tags --always --dirty)}
go build "${agent_flags[@]}" -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$version -X main.built=$SOURCE_DATE_EPOCH" -o "$2" ./agent
