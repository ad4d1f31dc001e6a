// Package survey says how a box reaches the network, and how well.
package survey

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"net"
	"os"
	"slices"
	"strings"

	"loa/agent/config"
)

// A Net is the way out.
type Net struct {
	Interfaces []Interface `json:"interfaces"`
	Via        string      `json:"via,omitempty"`     // the interface of the default route; empty: there is none
	Gateway    string      `json:"gateway,omitempty"` // empty on a line that has none, such as a modem's
	DNS        []string    `json:"dns"`
}

// An Interface is one of the host's, without its loopback.
type Interface struct {
	Name      string   `json:"name"`
	MAC       string   `json:"mac,omitempty"`
	Up        bool     `json:"up"`      // it is switched on
	Carrier   bool     `json:"carrier"` // and has a cable, or the air
	Addresses []string `json:"addresses"`
}

// Look says how the host stands now. root moves /proc, /etc and /run.
func Look(root string) Net {
	n := Net{Interfaces: []Interface{}, DNS: resolvers(root)}
	n.Via, n.Gateway = route(config.Move(root, "/proc/net/route"))
	all, _ := net.Interfaces() // without: none is shown
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		one := Interface{Name: i.Name, MAC: i.HardwareAddr.String(), Up: i.Flags&net.FlagUp != 0, Carrier: i.Flags&net.FlagRunning != 0, Addresses: []string{}}
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if p, ok := a.(*net.IPNet); ok && !p.IP.IsLinkLocalUnicast() {
				one.Addresses = append(one.Addresses, p.String())
			}
		}
		n.Interfaces = append(n.Interfaces, one)
	}
	return n
}

// Address is the box's own address on its way out, without the length of its network;
// empty: it has none.
func (n Net) Address() string {
	for _, i := range n.Interfaces {
		if i.Name == n.Via && len(i.Addresses) > 0 {
			address, _, _ := strings.Cut(i.Addresses[0], "/")
			return address
		}
	}
	return ""
}

// route is the default route with the smallest metric, of the kernel's table for IPv4.
func route(file string) (via, gateway string) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", ""
	}
	best := ""
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" || len(f[6]) > 10 {
			continue
		}
		metric := strings.Repeat("0", 10-len(f[6])) + f[6]
		if best != "" && metric >= best {
			continue
		}
		best, via, gateway = metric, f[0], ""
		// The kernel writes the address as a number of the host's order.
		if b, err := hex.DecodeString(f[2]); err == nil && len(b) == 4 && f[2] != "00000000" {
			slices.Reverse(b)
			gateway = net.IP(b).String()
		}
	}
	return via, gateway
}

// resolvers are the servers that names are asked of; behind a stub those that it asks.
func resolvers(root string) []string {
	read := func(file string) []string {
		servers := []string{}
		data, _ := os.ReadFile(config.Move(root, file))
		for line := range strings.Lines(string(data)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" && net.ParseIP(strings.Split(f[1], "%")[0]) != nil && len(servers) < 8 {
				servers = append(servers, f[1])
			}
		}
		return servers
	}
	servers := read("/etc/resolv.conf")
	if slices.Equal(servers, []string{"127.0.0.53"}) {
		if behind := read("/run/systemd/resolve/resolv.conf"); len(behind) > 0 {
			return behind
		}
	}
	return servers
}
