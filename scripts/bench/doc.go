// Package bench measures a whole box from outside beside its peers: the agent as
// a program, with its broker, and MPD, both on the same sound card of the tests; and two
// boxes that sound together beside two clients of Snapcast.
//
// It runs when LOA_BENCH is set, which scripts/bench.sh does, and prints one line
// for each figure:
//
//	bench NAME VALUE UNIT [peer PEER VALUE ratio R]
//
// What is compared is measured by turns in one run, so that whatever else the
// machine does hits both. The card takes frames at the pace of a true clock and
// notes when it began: the moment a sample is heard is reckoned from that, not
// from when a program handed it over.
package bench
