// Command fleet runs a province of boxes in one process: the agent's own rooms, each
// box with its identity, its connection, its disk and its ledger, and a card that takes
// its time and stamps when sound began. It is for numbers and faults that one box alone
// cannot show.
//
//	go run ./scripts/fleet -boxes 1000 -dir /dev/shm/tinh
//
// makes a throw-away authority there, a broker (or -broker URL takes one that is
// there) and the boxes, says how loactl speaks to them, and prints what they play.
//
// In what is timed, a card's clock stands once the card has been heard, until it is
// dropped: a thousand boxes that mixed sound would take the processor from each other,
// and real boxes have one each. All that a box does about an order stays in the figures.
//
// The tests measure with LOA_BENCH=fleet (scripts/bench.sh) and take long with
// LOA_SOAK=1 (scripts/soak.sh); the rest of them are for every day.
package main
