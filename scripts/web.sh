#!/bin/sh
# Drives the pages of loactl serve with Debian's Chromium: at most 15 minutes. What the
# browser is driven with comes from npm, pinned; no browser is fetched.
set -eu
cd "$(dirname "$0")/.."
at=scripts/loactl/web/webtest
if [ ! -d $at/node_modules/playwright-core ] || [ $at/package-lock.json -nt $at/node_modules/.package-lock.json ]; then
	(cd $at && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
fi
mkdir -p build/web
LOA_WEB=$PWD/build/web exec go test -count=1 -timeout ${WEB_TIMEOUT:-15m} -run '^TestWeb' ./scripts/loactl/web/... "$@"
