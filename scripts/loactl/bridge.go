package main

import (
	"fmt"
	"io"
	"net"
	"path/filepath"

	"loa/scripts/authority"
	"loa/scripts/authority/durable"
	"loa/scripts/broker"
)

// brokerBridge writes what a province's own mosquitto needs, bridged to the centre's,
// and what the centre's needs to let it in.
func (a *app) brokerBridge(args []string) error {
	flags := a.flags("broker bridge")
	hosts := flags.String("hosts", "", "")
	centre := flags.String("centre", "", "")
	rest, err := a.parse(flags, args, 1, 1)
	if err != nil {
		return err
	}
	if len(names(*hosts)) == 0 {
		return &usageError{a.text("bridge.no-host")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	place := rest[0]
	host, port := hostPort(au.Brokers()[0])
	if *centre != "" {
		if host, port, err = net.SplitHostPort(*centre); err != nil {
			return &usageError{a.text("init.address", *centre)}
		}
	}
	if err := au.IssueBridge(place, names(*hosts)); err != nil {
		return err
	}
	b := bridgeOf(au, place)
	b.Centre = net.JoinHostPort(host, port)
	dir := au.BridgeDir(place)
	// Boxes are told one port, so a province's broker listens on the centre's.
	_, listen := hostPort(au.Brokers()[0])
	conf := broker.Conf(listen, mosquittoDir) + b.Conf(mosquittoDir)
	if err := durable.Write(filepath.Join(dir, "mosquitto", "loa.conf"), []byte(conf)); err != nil {
		return err
	}
	if err := writeAccess(au, ""); err != nil {
		return err
	}
	return a.show(map[string]any{"place": place, "directory": dir, "centre": b.Centre, "places": b.Places}, func(w io.Writer) {
		fmt.Fprintln(w, a.text("bridge.done", au.Places()[place].Name, b.Centre, len(b.Places)))
		fmt.Fprintln(w, a.text("bridge.next", dir))
		if ip := net.ParseIP(host); host == "localhost" || ip.IsLoopback() {
			fmt.Fprintln(w, a.text("bridge.localhost", b.Centre))
		}
	})
}

// bridgeOf is the bridge of a place, as its registry is now.
func bridgeOf(au *authority.Authority, place string) broker.Bridge {
	return broker.Bridge{Place: place, Places: au.Within(place)}
}
