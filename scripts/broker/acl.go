package broker

import (
	"fmt"
	"slices"
	"strings"
)

const prefix = "loa/v1/"

// What a device may read and write. %u is the device's own name. By pattern
// only: with a line for each device, 20,000 devices made mosquitto stall for ten
// seconds at every change.
var (
	deviceReads = []string{
		"trust/#",
		"p/+/doc/+/+", "p/+/alert/+", "p/+/act", "p/+/live/+", "p/+/beat",
		"d/%u/want", "d/%u/cmd",
		"enrol/%u/crt",
	}
	deviceWrites = []string{
		"d/%u/state", "d/%u/have", "d/%u/health", "d/%u/ack", "d/%u/ledger",
		"d/%u/ask", "d/%u/answer", "d/%u/tele", "d/%u/log",
		"enrol/%u/csr",
	}
)

// Reports are the topics that a device alone may write, without loa/v1/.
func Reports(device string) []string {
	var topics []string
	for _, t := range deviceWrites {
		topics = append(topics, strings.ReplaceAll(t, "%u", device))
	}
	return topics
}

// ACL writes the same rules as a mosquitto access list.
func ACL(senders ...string) string {
	var b strings.Builder
	for _, t := range deviceReads {
		fmt.Fprintf(&b, "pattern read %s%s\n", prefix, t)
	}
	for _, t := range deviceWrites {
		fmt.Fprintf(&b, "pattern write %s%s\n", prefix, t)
	}
	for _, s := range senders {
		fmt.Fprintf(&b, "user %s\ntopic readwrite %s#\n", s, prefix)
	}
	return b.String()
}

// may reports whether user may write to, or read by, a topic or filter.
func may(senders []string, user, topic string, write bool) bool {
	rest, ours := strings.CutPrefix(topic, prefix)
	if !ours {
		return false
	}
	if slices.Contains(senders, user) {
		return true
	}
	rules := deviceReads
	if write {
		rules = deviceWrites
	}
	return slices.ContainsFunc(rules, func(rule string) bool {
		return covers(strings.Split(strings.ReplaceAll(rule, "%u", user), "/"), strings.Split(rest, "/"))
	})
}

// covers reports whether every topic that filter matches is matched by rule.
func covers(rule, filter []string) bool {
	for i, level := range rule {
		switch {
		case level == "#":
			return true
		case i >= len(filter), filter[i] == "#":
			return false
		case level != "+" && level != filter[i]:
			return false
		}
	}
	return len(rule) == len(filter)
}
