package broker

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Status is what a broker says of itself under $SYS.
type Status struct {
	Silent        bool           `json:"silent,omitempty"` // it says nothing, as NATS does
	Version       string         `json:"version,omitempty"`
	UptimeS       int64          `json:"uptime_s"`
	Connected     int64          `json:"connected"` // clients
	MostConnected int64          `json:"most_connected"`
	Received      int64          `json:"received"` // messages since the start
	Sent          int64          `json:"sent"`
	Dropped       int64          `json:"dropped"` // messages that found a client's queue full
	Retained      int64          `json:"retained"`
	MemoryBytes   int64          `json:"memory_bytes"`
	Bridges       []BridgeStatus `json:"bridges,omitempty"`
	Warnings      []string       `json:"warnings,omitempty"` // codes: restarted, dropped, memory, full, bridge
}

// A BridgeStatus is how a province's bridge is.
type BridgeStatus struct {
	Place string `json:"place"`
	Up    bool   `json:"up"`
}

// From where on a figure is worth a word.
const (
	freshUptimeS = 10 * 60
	muchMemory   = 1 << 30
	manyClients  = 18_000 // of 20,000, which the configuration lets in
)

// ReadStatus makes sense of what a broker has said, by topic; those of ours without
// loa/v1/. Mosquitto and the embedded broker name some things differently.
func ReadStatus(said map[string]string) Status {
	number := func(names ...string) int64 {
		for _, n := range names {
			text, _, _ := strings.Cut(said["$SYS/broker/"+n], " ") // "37 seconds"
			if v, err := strconv.ParseInt(text, 10, 64); err == nil {
				return v
			}
		}
		return 0
	}
	s := Status{
		Version:       said["$SYS/broker/version"],
		UptimeS:       number("uptime"),
		Connected:     number("clients/connected"),
		MostConnected: number("clients/maximum"),
		Received:      number("publish/messages/received", "messages/received"),
		Sent:          number("publish/messages/sent", "messages/sent"),
		Dropped:       number("publish/messages/dropped", "messages/dropped"),
		Retained:      number("retained messages/count", "retained"),
		MemoryBytes:   number("heap/current", "system/memory"),
	}
	s.Silent = s.Version == ""
	for _, topic := range slices.Sorted(maps.Keys(said)) {
		place, ok := strings.CutPrefix(topic, "bridge/")
		if place, found := strings.CutSuffix(place, "/state"); ok && found {
			s.Bridges = append(s.Bridges, BridgeStatus{Place: place, Up: said[topic] == "1"})
		}
	}
	warn := func(code string, is bool) {
		if is {
			s.Warnings = append(s.Warnings, code)
		}
	}
	warn("restarted", !s.Silent && s.UptimeS < freshUptimeS)
	warn("dropped", s.Dropped > 0)
	warn("memory", s.MemoryBytes > muchMemory)
	warn("full", s.Connected > manyClients)
	warn("bridge", slices.ContainsFunc(s.Bridges, func(b BridgeStatus) bool { return !b.Up }))
	return s
}
