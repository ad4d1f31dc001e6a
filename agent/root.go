package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"loa/agent/host"
	"loa/agent/network"
)

// serveHost does as root what the agent has asked for, and ends.
func serveHost(errs io.Writer) int {
	s := host.Server{
		Dir: host.Dir, Seen: host.Seen, Machine: host.ThisMachine(func(description []byte) error {
			return network.Apply(description, network.Dir, network.ModemFile, host.Run)
		}),
		Log: slog.New(slog.NewTextHandler(errs, nil)),
	}
	if err := s.Serve(); err != nil {
		fmt.Fprintln(errs, "agent host:", err)
		return exitFailed
	}
	return exitOK
}

// keepModem holds the mobile connection as root, until it is told to end.
func keepModem(errs io.Writer) int {
	log := slog.New(slog.NewTextHandler(errs, nil))
	var m network.Modem
	data, err := os.ReadFile(network.ModemFile)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		fmt.Fprintln(errs, "agent modem:", err)
		return exitFailed
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k := network.Keeper{Modem: m, Dir: network.Dir, Run: host.Output, Log: log}
	k.Keep(ctx)
	return exitOK
}
