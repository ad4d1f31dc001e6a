#!/bin/bash
# The bench as a suite of make test: its own tests, then the short path.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
go test -count=1 -timeout 5m ./scripts/hil/... || exit 1
"$here/hil.sh" virt-arm64
code=$?
[ $code = 3 ] || exit $code # left out, and said why
