package hardware

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"loa/agent/config"
	"loa/boards"
)

// doorOf looks whether the cable to the panel's card, or to its sending box, is one that
// others reach, too: cards ask nobody who he is. It is nil where the panel hangs on no
// network. An error says who gets past the box; a network that tells nothing is none.
func doorOf(p boards.Panel, o Opts) func() error {
	card, err := netip.ParseAddrPort(cmp.Or(p.Host, p.SenderHost))
	if err != nil && p.Interface == "" { // also where the card has a name: it may be anywhere, and who made it knows
		return nil
	}
	return func() error {
		table, err := os.ReadFile(config.Move(o.Root, "/proc/net/route"))
		if err != nil {
			return nil
		}
		routes := parseRoutes(string(table))
		link := route{name: p.Interface}
		if p.Interface == "" {
			var ok bool
			if link, ok = routeTo(routes, card.Addr()); !ok {
				return nil
			}
		}
		_, wireless := os.Stat(filepath.Join(config.Move(o.Root, "/sys/class/net"), link.name, "phy80211"))
		return shared(routes, link, wireless == nil)
	}
}

// shared says why the link to a card is not the box's alone, nil if it seems so.
func shared(routes []route, link route, wireless bool) error {
	switch {
	case link.gateway.IsValid():
		return fmt.Errorf("the card lies behind the router %v: whoever is there can write to it; give it a cable of its own to the box", link.gateway)
	case wireless:
		return fmt.Errorf("the card is reached by Wi-Fi (%s): whoever knows its password can write to it; give it a cable of its own to the box", link.name)
	}
	for _, r := range routes {
		if r.name == link.name && r.gateway.IsValid() {
			return fmt.Errorf("the card is in the network behind %s, which has a router: whoever is in it can write to the card; give it a cable of its own to the box", link.name)
		}
	}
	return nil
}

// A route is a line of /proc/net/route.
type route struct {
	name    string // of the interface
	to      netip.Prefix
	gateway netip.Addr // not valid: none
}

// parseRoutes reads /proc/net/route (man 5 proc, and net/ipv4/fib_trie.c): under a
// heading the interface, destination, gateway, flags, three numbers and the mask.
// Addresses are hexadecimal, as the machine reads the four bytes of the network.
func parseRoutes(table string) (all []route) {
	const up, reject = 1, 0x200
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 8 {
			continue
		}
		to, err1 := parseHex(f[1])
		gateway, err2 := parseHex(f[2])
		flags, err3 := strconv.ParseUint(f[3], 16, 32)
		mask, err4 := parseHex(f[7])
		if errors.Join(err1, err2, err3, err4) != nil || flags&up == 0 || flags&reject != 0 {
			continue // the heading, or no way
		}
		bits := 0
		for m := binary.BigEndian.Uint32(mask.AsSlice()); m&(1<<31) != 0; m <<= 1 {
			bits++
		}
		r := route{name: f[0], to: netip.PrefixFrom(to, bits)}
		if !gateway.IsUnspecified() {
			r.gateway = gateway
		}
		all = append(all, r)
	}
	return all
}

func parseHex(s string) (netip.Addr, error) {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil {
		return netip.Addr{}, err
	}
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], uint32(n))
	return netip.AddrFrom4(b), nil
}

// routeTo is the way to an address: of all that lead there the narrowest.
func routeTo(routes []route, to netip.Addr) (best route, ok bool) {
	if to.IsLoopback() {
		return route{}, false // this machine is in another table
	}
	for _, r := range routes {
		if r.to.Contains(to) && (!ok || r.to.Bits() > best.to.Bits()) {
			best, ok = r, true
		}
	}
	return best, ok
}
