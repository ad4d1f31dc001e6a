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

// urgency sorts what has come in, lower first: what decides who may speak, then
// alarms, then acts, then everything that only has to be right by and by. On
// reconnection a broker delivers everything retained at once, and an alarm must
// not wait behind a year of schedules.
func urgency(topic string) int {
	l := strings.Split(topic, "/")
	switch {
	case len(l) > 2 && l[2] == "trust":
		return 0
	case len(l) > 4 && l[4] == "alert":
		return 1
	case len(l) > 4 && (l[4] == "act" || l[4] == "cmd" || l[4] == "live" || l[4] == "beat" || l[4] == "want"):
		return 2
	}
	return 3
}
