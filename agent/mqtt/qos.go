package mqtt

import "strings"

// qos is the quality of service of a topic, or of a filter. Live packets, beats,
// readings and logs go at most once: the next one is worth more than the last.
func qos(topic string) byte {
	l := strings.Split(topic, "/")
	if len(l) < 5 { // loa/v1/p/{place}/beat
		return 1
	}
	switch l[2] + "/" + l[4] {
	case "p/live", "p/beat", "d/tele", "d/log":
		return 0
	}
	return 1
}

// sparing, behind a broker's address, says that a subscription costs it dearly when it
// has to keep what comes: a NATS cluster makes a consumer with three replicas for each
// box and filter. Trust and what places are told are then asked for at most once. What
// is retained comes again with each connection; an act that came while the box was away
// is lost, and its sender hears so.
const sparing = "qos=0"

// asked is the quality of service of a subscription.
func asked(filter string, spare bool) byte {
	if spare && !strings.HasPrefix(filter, "loa/v1/d/") {
		return 0
	}
	return qos(filter)
}

// urgency sorts what has come in, lower first: what decides who may speak, then
// alarms, then acts, then live talk, then everything that only has to be right by and by. On
// reconnection a broker delivers everything retained at once, and an alarm must
// not wait behind a year of schedules.
func urgency(topic string) int {
	l := strings.Split(topic, "/")
	switch {
	case len(l) > 2 && l[2] == "trust":
		return 0
	case len(l) > 4 && l[4] == "alert":
		return 1
	case len(l) > 4 && (l[4] == "act" || l[4] == "cmd" || l[4] == "beat" || l[4] == "want"):
		return 2
	case len(l) > 4 && l[4] == "live":
		return talk
	}
	return 4
}

// talk is the urgency of live talk: a stop goes before what it stops.
const talk = 3
