package hardware

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loa/boards"
)

// routeTable is a table as the kernel of this machine prints it.
func routeTable(lines ...string) string {
	hex := func(s string) string {
		a := netip.MustParseAddr(s).As4()
		return fmt.Sprintf("%08X", binary.NativeEndian.Uint32(a[:]))
	}
	table := "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n"
	for _, l := range lines {
		f := strings.Fields(l) // interface, destination, gateway, mask, flags
		table += fmt.Sprintf("%s\t%s\t%s\t%s\t0\t0\t0\t%s\t0\t0\t0\n", f[0], hex(f[1]), hex(f[2]), f[4], hex(f[3]))
	}
	return table
}

const (
	outside = "eth0 0.0.0.0 10.0.0.1 0.0.0.0 0003"
	lan     = "eth0 10.0.0.0 0.0.0.0 255.255.255.0 0001"
	cable   = "eth1 192.168.1.0 0.0.0.0 255.255.255.0 0001"
	radio   = "wlan0 192.168.6.0 0.0.0.0 255.255.255.0 0001"
)

// A card at a cable of its own is nobody's but the box's. One in a network with a
// router, behind a router, or on Wi-Fi takes pages from others.
func TestDoorOfTheNetwork(t *testing.T) {
	for _, c := range []struct {
		name   string
		panel  boards.Panel
		routes string
		want   string // "": nothing speaks against it
	}{
		{"a cable of its own", boards.Panel{Host: "192.168.1.222:5200"}, routeTable(outside, lan, cable), ""},
		{"in the network with the router", boards.Panel{Host: "10.0.0.7:5005"}, routeTable(outside, lan, cable), "behind eth0, which has a router"},
		{"behind the router", boards.Panel{Host: "172.16.0.9:10001"}, routeTable(outside, lan, cable), "router 10.0.0.1"},
		{"a sending box in the network", boards.Panel{SenderHost: "10.0.0.7:5200"}, routeTable(outside, lan), "behind eth0"},
		{"on Wi-Fi", boards.Panel{Host: "192.168.6.1:10001"}, routeTable(outside, lan, radio), "by Wi-Fi (wlan0)"},
		{"a route that is down", boards.Panel{Host: "10.0.0.7:5005"}, routeTable(lan, "eth0 0.0.0.0 10.0.0.1 0.0.0.0 0002"), ""},
		{"a box without any way outside", boards.Panel{Host: "10.0.0.7:5005"}, routeTable(lan), ""},
		{"no way to it at all", boards.Panel{Host: "192.168.1.222:5200"}, routeTable(lan), ""},
		{"this machine", boards.Panel{Host: "127.0.0.1:5005"}, routeTable(outside, lan), ""},
		{"raw Ethernet on its own plug", boards.Panel{Interface: "eth1"}, routeTable(outside, lan), ""},
		{"raw Ethernet into the network", boards.Panel{Interface: "eth0"}, routeTable(outside, lan), "behind eth0"},
		{"a broken table", boards.Panel{Host: "10.0.0.7:5005"}, "eth0\tZZ\n\neth0 00000000 1 2 3\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			for path, text := range map[string]string{"proc/net/route": c.routes, "sys/class/net/wlan0/phy80211/name": "phy0\n"} {
				if err := os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := doorOf(c.panel, Opts{Root: root})()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
	if doorOf(boards.Panel{TTY: "/dev/ttyUSB0"}, Opts{}) != nil || doorOf(boards.Panel{Host: "card.lan:5005"}, Opts{}) != nil {
		t.Error("a door where there is no network, or no address")
	}
	if err := doorOf(boards.Panel{Host: "10.0.0.7:5005"}, Opts{Root: t.TempDir()})(); err != nil {
		t.Errorf("a kernel that tells nothing: %v", err)
	}
}
