#!/bin/bash
# Everything that CI runs. Fast suites first; then slow ones, one after another,
# until 60 minutes have gone. What was left out is named at the end.
set -u
start=$SECONDS
limit=$((60 * 60))
failed=() left=()

suite() { # NAME COMMAND…
	local name=$1 began=$SECONDS
	shift
	echo "=== $name"
	local code=0
	"$@" || code=$?
	case $name:$code in
	*:0) echo "=== $name: ok, $((SECONDS - began)) s" ;;
	hil:3) left+=("hil (it cannot run here)") ;; # with CI=true that is 1
	*)
		echo "=== $name: FAILED, $((SECONDS - began)) s"
		failed+=("$name") ;;
	esac
}
slow() {
	if ((SECONDS - start > limit)); then
		left+=("$1 (no time)")
		return
	fi
	suite "$@"
}

suite lint scripts/lint.sh
# One package at a time: several of them hold times to what a box must keep.
suite fast go test -p 1 -short -timeout 20m ./...
# The attacks, the relays' hours of sound, the weeks of a whole box and what is alike ran above:
# under the race detector they take many minutes, and do what the other tests of
# the station do.
suite race go test -p 1 -short -race -timeout 20m -skip "TestAttacks|TestHowARelayEnds|TestSeason|TestAheadIsWhatTheBoxDoes|TestNoNumberOfNotices" \
	./agent/plan ./agent/message ./agent/trust ./agent/schedule ./agent/policy ./agent/arbiter ./agent/ahead \
	./agent/sound ./agent/speaker ./agent/station ./agent/player ./agent/display ./agent/layout \
	./drivers/line ./drivers/bx ./drivers/cpower

slow demo make --no-print-directory demo
# The image of virt-arm64, made from nothing and booted: a programme, its page on the board,
# the console, broker and cable cut. What hangs ends with everything that it started.
slow hil timeout -k 60 25m scripts/hil/hil.sh virt-arm64 -run '^everyday$'
# The agent and loactl as programs, by the scripts of one page each.
slow e2e go test -timeout 15m ./scripts/e2e
# What people see of it, in a browser.
if ((SECONDS - start > limit)) || scripts/packages.sh web; then
	slow web scripts/web.sh
else
	left+=("web (its packages cannot be had here)")
fi
# Every broker against the same cases; prints case by engine.
slow brokers go test -count=1 -v -timeout 10m -run TestMatrix ./scripts/broker/conform
# A province of boxes in one process, and what its broker does to it.
slow fleet go test -timeout 10m ./scripts/fleet
# The rooms whose arithmetic and clocks a 32-bit box could get wrong; make arm runs
# them all, the station's hundred attacks under emulation among them.
if ((SECONDS - start > limit)) || scripts/packages.sh arm; then
	slow arm env ARM_TIMEOUT=15m scripts/arm.sh ./agent \
		./agent/{plan,message,trust,schedule,policy,arbiter,sound,player,display} ./drivers/{gpioline,wav,bx,kms,novastar}
else
	left+=("arm (its packages cannot be installed here)")
fi
# 1,000 kills of the agent at random instants, 1,000 losses of the sound device.
slow devices go test -timeout 20m ./drivers/gpioline ./drivers/oto
# 1,000 kills of a writer, 100 power cuts of a real ext4 (where root may).
slow store go test -timeout 15m -run 'TestKill|TestPowerCut' ./agent/store -kills 1000 -cuts 100
slow ledger go test -timeout 15m -run 'TestKill|TestPowerCut|Hundred' ./agent/ledger -kills 1000 -cuts 100
# What a busy day writes to the card.
slow flash go test -timeout 5m -run TestFlash ./agent/box
# 200 power cuts of the disk under the dispatcher.
slow dispatcher go test -timeout 15m -run TestPowerCut ./scripts/authority/archive ./scripts/authority/index -cuts 200
# The package: built twice, lintian, installed and removed.
if ((SECONDS - start > limit)) || scripts/packages.sh deb; then
	slow deb go test -timeout 15m ./scripts/deb
else
	left+=("deb (its packages cannot be had here)")
fi
slow mutations go test -timeout 20m ./agent/decode
# Pictures on the screen of a virtual machine, compared pixel by pixel.
if ((SECONDS - start > limit)) || { scripts/packages.sh screen && scripts/kms/kernel.sh; }; then
	slow screen go test -timeout 15m ./scripts/kms
else
	left+=("screen (its packages cannot be had here)")
fi

echo
echo "took $(((SECONDS - start) / 60)) min"
for what in "${left[@]}"; do echo "left out: $what"; done
if ((${#failed[@]})); then
	echo "FAILED: ${failed[*]}"
	exit 1
fi
