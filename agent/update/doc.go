// Package update brings a box from one release of its software to the next, and back
// when the next cannot do what the last could.
//
// A box has two root slots, A and B, and RAUC writes the one that does not run. What
// is to run comes from the box's want, which two have signed; the bundle is a file by
// its hash, which media fetches or a stick brings. Nothing here trusts a bundle: RAUC
// verifies its signature, and that it is for this kind of board.
//
//	fetch     it is the box's turn: media is asked for the bundle, which can wait
//	install   in the window, when nothing sounds or is due: RAUC writes the other slot
//	reboot    the loader starts the other slot, three times at the most
//	trial     network, broker, clock and sound as they were before, within a quarter
//	          of an hour: the slot is marked good, and the security floor rises
//	leave     else it is marked bad, and the loader starts the old slot again
//	again     what the old one cannot reach either for a while was no fault of the release
//	forget    what was begun and is no longer wanted: it is not fetched, nor started
//
// What is due follows from what RAUC says, from one small record in the store and from
// the plan, see [Decide]: a power cut at any point is a start like any other. A slot
// that never gets so far as to run this is left by the loader's own counters.
//
// # What RAUC must be told on a box
//
// All commands are in rauc.go. RAUC 1.8 does what is asked of it over D-Bus as root,
// and its policy lets every user ask. /etc/rauc/system.conf:
//
//	[system]
//	compatible=loa-BOARD                  BOARD as in boards/ and in the release
//	bootloader=uboot                      BOOT_ORDER, BOOT_A_LEFT, BOOT_B_LEFT
//	bundle-formats=-plain
//	boot-attempts=9                       of a slot that is marked good: a storm is no failure
//	boot-attempts-primary=3               of one on trial
//	statusfile=…                          on the data partition
//	[slot.rootfs.0]  bootname=A
//	[slot.rootfs.1]  bootname=B
//
// The kernel's command line has rauc.slot=A or B. The loader counts a slot's tries down
// at every start, so every start must be marked good: this package does, and no unit of
// systemd may do it beside it. The bundle lies on the data partition under its hash,
// readable by root only and the agent. A box without RAUC has no update, and says so
// when it is asked for one.
package update

import "time"

// Security is the security number of this software. It is raised in the release that
// closes a hole; once such a release has proven itself on a box, nothing with a lower
// number runs there any more.
const Security = 1

const (
	// TrialTime is how long after the machine's start a new slot may take until it can
	// do what the old one could: a modem on a poor mast needs minutes.
	TrialTime = 15 * time.Minute
	// Lead is how long before something is due to sound a box no longer begins to
	// install or to reboot: writing takes a slow card three minutes, a start one.
	Lead = 15 * time.Minute
	// proofTime is how long the agent of a new slot must run before it is proven: one that
	// dies at its first programme has not.
	proofTime = 5 * time.Minute

	// outageTime is how long the old system must have run before what a release on trial
	// could not reach, and which only then can be reached, counts as away for everybody;
	// maxOutages is how often a release is tried again for that.
	outageTime = 5 * time.Minute
	maxOutages = 5

	// settle is how long the agent must run before a slot that is known is marked good.
	settle = 30 * time.Second
	// lookEvery is how often everything is looked at, while there is something to do,
	// and lookSeldom while there is not; what happens wakes it sooner.
	lookEvery  = 30 * time.Second
	lookSeldom = 5 * time.Minute
	// maxTries is how often an installation that was cut off is begun anew.
	maxTries = 3
	// lately is how long what was reached counts as what the box can reach.
	lately = time.Hour
)
