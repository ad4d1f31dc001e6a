#!/bin/bash
# Prints every figure beside its peer's (mpd, snapcast, mpg123, ffmpeg, nginx, a bare wire), one line each:
#
#   bench NAME VALUE UNIT [peer PEER VALUE ratio R]
#
# What has a peer is timed three times by turns with it, and the median counts.
# A p99 of fewer than 100 trials is the worst of them. An aim that is missed is
# named at the end, and then the exit code is 1.
set -u
cd "$(dirname "$0")/.."
export LOA_BENCH=1
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
missed=()

# suite NAME PACKAGE RUN AWK [FLAG…]: runs tests. AWK makes lines of what they say;
# lines that they print themselves pass.
suite() {
	go test -count=1 -timeout 15m -v -run "$3" "$2" "${@:5}" 2>&1 | tee "$log/$1" |
		awk '/^bench / { print; fflush(); next } '"$4"
	if [ "${PIPESTATUS[0]}" -ne 0 ]; then
		missed+=("$(grep -E '^ +[a-z0-9_]+_test\.go:[0-9]+: ' "$log/$1" | tail -n 12)")
		grep -qE '^(ok|FAIL)' "$log/$1" || tail -n 20 "$log/$1" >&2
	fi
}

# A whole box beside MPD: start, load, alerts, stops.
suite box ./scripts/bench '^TestBench$' ''

# Live talk from mouth to horn, on lines that lose and delay.
suite live ./scripts/bench '^TestLive$' '
	/_test\.go:[0-9]+: who speaks was / { sub(/^ +[a-z_.0-9]+:[0-9]+: /, ""); why = $0 }
	/^ *--- SKIP: TestLive\// { print "left out: " $3 ": " why }'

# Two boxes that start a recording together, beside two clients of Snapcast, on cards whose
# clocks run 40 and 160 ppm apart, with busy processors, and after a card has run dry.
suite sync ./scripts/bench '^TestSync$' '/^left out/ { print; fflush() }'

# Decoders beside mpg123 and ffmpeg, then what they make of damaged files.
suite decode ./agent/decode '^TestBench$' ''
suite damage ./agent/decode '^TestDamage$' '
	/^=== RUN +TestDamage\// {
		split($3, name, "/")
		codec = name[2] == "longm.mp3" ? "mp3-mono" : substr(name[2], 6); damage = name[3]
	}
	/ s filled, in .* ffmpeg / && damage != "none" {
		ours[codec] += $2; filled[codec] += $6
		for (i = 1; i < NF; i++) if ($i == "ffmpeg") theirs[codec] += $(i + 1)
	}
	END {
		n = split("mp3 mp3-mono aac opus ogg flac", codecs, " ")
		for (i = 1; i <= n; i++) if (theirs[c = codecs[i]] > 0) {
			printf "bench damage-%s-recovered %.2f s peer ffmpeg %.2f ratio %.4f\n", c, ours[c], theirs[c], ours[c] / theirs[c]
			printf "bench damage-%s-of-it-filled %.2f s\n", c, filled[c]
		}
	}'

# Ten thousand residents at the page of their place and a hundred reports a second, beside nginx.
suite web ./scripts/loactl/web/residents '^TestLoad$' ''

# A notice from its text to its sound, beside espeak-ng alone.
suite speech ./agent/speech/engine '^TestBench$' ''

# The board: a page from its words on, a frame of movement, a process that shows; then
# pages as bytes, on serial lines of real pace and on a cable of 1 Gbit/s.
suite layout ./agent/layout '^TestBench$' ''
suite display ./agent/display '^TestBench$' ''
for driver in bx cpower kms colorlight; do
	suite "$driver" "./drivers/$driver" '^TestBench$' '
		/_test\.go:[0-9]+: / { sub(/^ +[a-z_.0-9]+:[0-9]+: /, ""); why = $0 }
		/^--- SKIP/ { print "left out: '"$driver"': " why }'
done

# A province in one process: a thousand whole boxes (disks in memory, real-time priority
# for the seconds of an alarm, cards whose clock stands once they are heard: real boxes
# have a processor each), and light clients, which are the agent's connection alone. The
# load of the machine stands before each figure.
fleet='/^load |^left out|^a beat|^without/ { print; fflush() }'
suite sound ./scripts/fleet '^TestSound$' "$fleet"
suite many ./scripts/fleet '^TestMany$' "$fleet"
suite plain ./scripts/fleet '^TestManyPlain$' "$fleet"
suite idle ./scripts/fleet '^TestIdle$' "$fleet"

# A year of decisions, undisturbed and 24 times disturbed.
suite year ./agent/ahead 'Year' '
	/ occurrences, .* decisions/ { slots += $2; missed += $4; doubled += $6 }
	/ undisturbed, .* doubled: / { slots += $2 + $4; missed += $6; doubled += $8 }
	/kB in use after two months/ { growth = $9 - $2; grown = 1 }
	END {
		if (slots) print "bench year-slots", slots, "slots"
		if (slots) print "bench year-missed", missed, "slots"
		if (slots) print "bench year-doubled", doubled, "slots"
		if (grown) print "bench year-memory-growth", growth, "KiB"
	}'

# Weeks in the life of a whole box, whose ledger is held against its programme.
suite season ./agent/station '^TestSeason$' '
	/ items planned over .* days, .* wrong/ { items += $2; days += $6; wrong += $8 }
	END {
		if (days) print "bench season-days", days, "days"
		if (days) print "bench season-items", items, "items"
		if (days) print "bench season-wrong", wrong, "items"
	}'

# 1,000 kills of whoever writes: what was acknowledged is there, the chain whole.
suite store ./agent/store '^TestKill$' '
	/ kills, .* values acknowledged, / {
		print "bench store-kills", $2, "kills"
		print "bench store-values", $4, "values"
		print "bench store-values-lost", $7 + $9, "values"
	}' -kills 1000
suite ledger ./agent/ledger '^TestKill$' '
	/ kills, .* entries acknowledged, / {
		print "bench ledger-kills", $2, "kills"
		print "bench ledger-entries", $4, "entries"
		print "bench ledger-entries-lost", $7, "entries"
		print "bench ledger-chains-broken", $9, "chains"
	}' -kills 1000

# 1,000 kills of the agent at random instants, half of them with its whole group.
suite kills ./drivers/gpioline '^TestRandomKills$' '
	/ kills, .* off at the latest after / {
		ms = $NF; if (ms ~ /µs$/) { sub(/µs$/, "", ms); ms /= 1000 } else if (ms ~ /ms$/) sub(/ms$/, "", ms); else { sub(/s$/, "", ms); ms *= 1000 }
		kills = $2; on = $4; left = $11; latest = ms
	}
	END {
		if (kills) print "bench kills", kills, "kills"
		if (kills) print "bench kills-with-the-line-on", on, "kills"
		if (kills) print "bench kills-line-left-on", left, "kills"
		if (kills) printf "bench kills-line-off-worst %.0f ms\n", latest
	}'

# What goes onto a box's flash.
size() { # NAME COMMAND…
	local name=$1
	shift
	if "$@" go build -ldflags '-s -w' -o "$log/agent" ./agent; then
		local bytes
		bytes=$(stat -c %s "$log/agent")
		awk -v b="$bytes" -v n="$name" 'BEGIN { printf "bench %s %.2f MiB\n", n, b / 1048576 }'
		((bytes <= 15 * 1048576)) || missed+=("$name is more than 15 MiB")
	else
		missed+=("$name: cannot build")
	fi
}
size size-armhf env CGO_ENABLED=1 GOARCH=arm GOARM=7 CC=arm-linux-gnueabihf-gcc \
	PKG_CONFIG_LIBDIR=/usr/lib/arm-linux-gnueabihf/pkgconfig:/usr/share/pkgconfig

echo "took $((SECONDS / 60)) min $((SECONDS % 60)) s"
if ((${#missed[@]})); then
	echo "aims missed:"
	printf '%s\n' "${missed[@]}"
	exit 1
fi
