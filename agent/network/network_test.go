package network

import (
	"fmt"
	"strings"
	"testing"

	"loa/agent/config"
)

// What is made of a network, word for word.
func TestMake(t *testing.T) {
	const head = "# Made by the agent of this box from its agent.toml, and again at its next start.\n"
	for _, c := range []struct {
		name string
		n    config.Network
		want string
	}{
		{"nothing said", config.Network{}, "--- modem 200\nip-type=ipv4\n"},
		{"a PIN alone", config.Network{PIN: "1234"}, `
--- modem 200
ip-type=ipv4,pin="1234"
`},
		{"a fixed address, and 4G behind it", config.Network{
			Address: "192.168.1.20/24", Gateway: "192.168.1.1", DNS: []string{"192.168.1.1"}, APN: "v-internet", User: "u", Password: "p$1", PIN: "1234",
		}, `
--- 10-loa-1-fixed.network
[Match]
Name=en* eth* usb*

[Link]
RequiredForOnline=no

[Network]
Address=192.168.1.20/24
DNS=192.168.1.1

[Route]
Gateway=192.168.1.1
Metric=100
--- 10-loa-3-mobile.network
[Match]
Name=ww*

[Link]
RequiredForOnline=no

[Network]
DHCP=yes
DNS=192.168.1.1

[DHCPv4]
RouteMetric=200
UseDNS=no

[IPv6AcceptRA]
RouteMetric=200
UseDNS=no
--- modem 200
ip-type=ipv4,apn="v-internet",user="u",password="p$1",pin="1234"
`},
		{"one cable of two, 4G first", config.Network{
			Order: []string{"mobile", "ethernet"}, Interface: "eth0", Address: "10.1.2.3/8", DNS: []string{"10.0.0.1"},
		}, `
--- 10-loa-1-fixed.network
[Match]
Name=eth0

[Link]
RequiredForOnline=no

[Network]
Address=10.1.2.3/8
DNS=10.0.0.1
--- 10-loa-2-cable.network
[Match]
Name=en* eth* usb*

[Link]
RequiredForOnline=no

[Network]
DHCP=yes
DNS=10.0.0.1

[DHCPv4]
RouteMetric=200
UseDNS=no

[IPv6AcceptRA]
RouteMetric=200
UseDNS=no
--- 10-loa-3-mobile.network
[Match]
Name=ww*

[Link]
RequiredForOnline=no

[Network]
DHCP=yes
DNS=10.0.0.1

[DHCPv4]
RouteMetric=100
UseDNS=no

[IPv6AcceptRA]
RouteMetric=100
UseDNS=no
--- modem 100
ip-type=ipv4
`},
		{"a cable for the board alone, out by 4G", config.Network{Order: []string{"mobile"}}, `
--- 10-loa-2-cable.network
[Match]
Name=en* eth* usb*

[Link]
RequiredForOnline=no

[Network]
DHCP=yes

[DHCPv4]
UseGateway=no

[IPv6AcceptRA]
UseGateway=no
--- 10-loa-3-mobile.network
[Match]
Name=ww*

[Link]
RequiredForOnline=no

[Network]
DHCP=yes

[DHCPv4]
RouteMetric=100

[IPv6AcceptRA]
RouteMetric=100
--- modem 100
ip-type=ipv4
`},
	} {
		m, err := Make(c.n)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var b strings.Builder
		for _, f := range m.Files {
			if !strings.HasPrefix(f.Name, Prefix) || !strings.HasPrefix(f.Text, head) || strings.Contains(f.Text, "1234") {
				t.Errorf("%s: %q", c.name, f)
			}
			b.WriteString("--- " + f.Name + "\n" + strings.TrimPrefix(f.Text, head))
		}
		if m.Modem != nil {
			fmt.Fprintf(&b, "--- modem %d\n%s\n", m.Modem.Metric, m.Modem.Connect)
		}
		if want := strings.TrimPrefix(c.want, "\n"); b.String() != want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, b.String(), want)
		}
	}
}

func TestWhatCannotBeIsNotMade(t *testing.T) {
	if m, err := Make(config.Network{Address: "10.0.0.1/8\n[Match]"}); err == nil || len(m.Files) > 0 {
		t.Errorf("%+v, %v", m, err)
	}
}
