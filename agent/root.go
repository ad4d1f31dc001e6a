package main

import (
	"fmt"
	"io"
	"log/slog"

	"loa/agent/host"
	"loa/agent/network"
)

// serveHost does as root what the agent has asked for, and ends.
func serveHost(errs io.Writer) int {
	s := host.Server{
		Dir: host.Dir, Seen: host.Seen, Machine: host.ThisMachine(func(description []byte) error { return network.Apply(description, network.Dir, host.Run) }),
		Log: slog.New(slog.NewTextHandler(errs, nil)),
	}
	if err := s.Serve(); err != nil {
		fmt.Fprintln(errs, "agent host:", err)
		return exitFailed
	}
	return exitOK
}
