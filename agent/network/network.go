// Package network writes how a box reaches its network in the words of
// systemd-networkd and ModemManager, and hands them over where it may.
//
// The files go where a reboot forgets them, so that a box always begins with what its
// image does by itself, and takes the settings that are in force when its agent starts.
package network

import (
	"fmt"
	"slices"
	"strings"

	"loa/agent/config"
)

// Dir is where the files go. Nobody else's names there begin with [Prefix]: what
// begins so and is not in Made.Files is to be deleted.
const (
	Dir    = "/run/systemd/network"
	Prefix = "10-loa-"
)

// Made is a network in the words of the system. None of it: what the image does by itself.
type Made struct {
	Files []File
	Modem *Modem // nil: a modem is no way out
}

// A File is one of systemd-networkd's. It holds no secret.
type File struct {
	Name string // in Dir
	Text string
}

// metrics tell the kernel which way out comes first; far below those of other programs.
const metric = 100

// Make says n in the words of the system. The error is that of n.Validate.
func Make(n config.Network) (Made, error) {
	var m Made
	if err := n.Validate(); err != nil {
		return m, err
	}
	wired := slices.Index(n.Ways(), config.Ethernet)
	mobile := slices.Index(n.Ways(), config.Mobile)
	if len(n.Order) > 0 || n.Address != "" || len(n.DNS) > 0 || n.APN != "" {
		all := "en* eth* usb*"
		if n.Address != "" {
			m.Files = append(m.Files, File{Prefix + "1-fixed.network", fixed(n, or(n.Interface, all), wired)})
		}
		if n.Address == "" || n.Interface != "" {
			m.Files = append(m.Files, File{Prefix + "2-cable.network", dhcp(n, all, wired)})
		}
		m.Files = append(m.Files, File{Prefix + "3-mobile.network", dhcp(n, "ww*", mobile)})
	}
	if mobile >= 0 {
		m.Modem = &Modem{Connect: modem(n), Metric: metric * (mobile + 1), DNS: n.DNS}
	}
	return m, nil
}

// head begins every file.
func head(match string) string {
	return fmt.Sprintf("# Made by the agent of this box from its agent.toml, and again at its next start.\n[Match]\nName=%s\n\n[Link]\nRequiredForOnline=no\n\n[Network]\n", match)
}

// fixed is a cable with an address of its own. place is that in the order of ways out,
// below 0: it is none.
func fixed(n config.Network, match string, place int) string {
	var b strings.Builder
	b.WriteString(head(match))
	fmt.Fprintf(&b, "Address=%s\n", n.Address)
	for _, s := range n.DNS {
		fmt.Fprintf(&b, "DNS=%s\n", s)
	}
	if n.Gateway != "" && place >= 0 {
		fmt.Fprintf(&b, "\n[Route]\nGateway=%s\nMetric=%d\n", n.Gateway, metric*(place+1))
	}
	return b.String()
}

// dhcp is an interface that is told its address.
func dhcp(n config.Network, match string, place int) string {
	var b strings.Builder
	b.WriteString(head(match))
	b.WriteString("DHCP=yes\n")
	for _, s := range n.DNS {
		fmt.Fprintf(&b, "DNS=%s\n", s)
	}
	out := "UseGateway=no\n"
	if place >= 0 {
		out = fmt.Sprintf("RouteMetric=%d\n", metric*(place+1))
	}
	if len(n.DNS) > 0 {
		out += "UseDNS=no\n"
	}
	fmt.Fprintf(&b, "\n[DHCPv4]\n%s\n[IPv6AcceptRA]\n%s", out, out)
	return b.String()
}

// modem is what mmcli is told; without an APN it is what the SIM card and its provider
// say. Validate lets nothing into it that would end a value.
func modem(n config.Network) string {
	words := []string{"ip-type=ipv4"}
	for _, v := range [][2]string{{"apn", n.APN}, {"user", n.User}, {"password", n.Password}, {"pin", n.PIN}} {
		if v[1] != "" {
			words = append(words, fmt.Sprintf("%s=%q", v[0], v[1]))
		}
	}
	return strings.Join(words, ",")
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
