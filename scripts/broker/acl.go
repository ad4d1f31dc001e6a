package broker

import (
	"fmt"
	"slices"
	"strings"

	"loa/agent/enrol"
)

const prefix = "loa/v1/"

// sys is what a broker says of itself, to senders alone.
const sys = "$SYS/#"

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

// What a box without a name may do, whose certificate is that of its batch. It comes by
// the hash of its key, which is in no pattern.
var (
	claimReads  = []string{"enrol/+/crt"}
	claimWrites = []string{"enrol/+/csr"}
	claimDenied = []string{"trust/#", "p/#", "d/#"} // mosquitto's patterns are for every name
)

// Reports are the topics that a device alone may write, without loa/v1/; those that
// every box of a batch may write when it is the claim's name.
func Reports(device string) []string {
	_, writes := rules(device)
	return named(writes, device)
}

// Readable are the filters by which a device may listen, without loa/v1/.
func Readable(device string) []string {
	reads, _ := rules(device)
	return named(reads, device)
}

func rules(name string) (reads, writes []string) {
	if strings.HasPrefix(name, enrol.ClaimPrefix) {
		return claimReads, claimWrites
	}
	return deviceReads, deviceWrites
}

func named(rules []string, device string) []string {
	var topics []string
	for _, t := range rules {
		topics = append(topics, strings.ReplaceAll(t, "%u", device))
	}
	return topics
}

// ClaimACL is what a mosquitto access list says of one batch. It has to stay when the
// batch is closed: mosquitto would hold its boxes for boxes with a name.
func ClaimACL(batch string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "user %s%s\n", enrol.ClaimPrefix, batch)
	for _, rule := range []struct {
		access string
		topics []string
	}{{"deny", claimDenied}, {"read", claimReads}, {"write", claimWrites}} {
		for _, t := range rule.topics {
			fmt.Fprintf(&b, "topic %s %s%s\n", rule.access, prefix, t)
		}
	}
	return b.String()
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
		fmt.Fprintf(&b, "user %s\ntopic readwrite %s#\ntopic read %s\n", s, prefix, sys)
	}
	return b.String()
}

// may reports whether user may write to, or read by, a topic or filter.
func may(senders []string, user, topic string, write bool) bool {
	sender := slices.Contains(senders, user)
	rest, ours := strings.CutPrefix(topic, prefix)
	if !ours {
		return sender && !write && strings.HasPrefix(topic, "$SYS/")
	}
	if sender {
		return true
	}
	allowed, writes := rules(user)
	if write {
		allowed = writes
	}
	return slices.ContainsFunc(allowed, func(rule string) bool {
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
