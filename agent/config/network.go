package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// The ways out of a box.
const (
	Ethernet = "ethernet"
	Mobile   = "mobile" // a 4G modem with a SIM card
)

// A Network is how a box reaches its network. The zero value is what an image does by
// itself: DHCP on every cable, and a modem with whatever its SIM card says.
type Network struct {
	Order     []string `toml:"order" json:"order,omitempty"`         // of the ways out, the preferred one first; empty: ethernet, mobile
	Interface string   `toml:"interface" json:"interface,omitempty"` // that Address is for; empty: every cable
	Address   string   `toml:"address" json:"address,omitempty"`     // with its length, as in 192.168.1.20/24; empty: DHCP
	Gateway   string   `toml:"gateway" json:"gateway,omitempty"`
	DNS       []string `toml:"dns" json:"dns,omitempty"` // 3 at most; empty: what DHCP and the modem say
	APN       string   `toml:"apn" json:"apn,omitempty"`
	User      string   `toml:"apn_user" json:"apn_user,omitempty"`
	Password  string   `toml:"apn_password" json:"apn_password,omitempty"` // secret
	PIN       string   `toml:"pin" json:"pin,omitempty"`                   // of the SIM card; secret
}

// Ways is the order in which ways out are tried.
func (n Network) Ways() []string {
	if len(n.Order) == 0 {
		return []string{Ethernet, Mobile}
	}
	return n.Order
}

// Validate says which key cannot be, and why. A network that passes can be written into
// the files of the system as it is.
func (n Network) Validate() error {
	if err := n.check(); err != nil {
		return err
	}
	return nil
}

func (n Network) check() *Problem {
	for i, way := range n.Order {
		if way != Ethernet && way != Mobile {
			return bad("network.order", "%q is no way out: ethernet or mobile", way)
		}
		if slices.Contains(n.Order[:i], way) {
			return bad("network.order", "%q stands here twice", way)
		}
	}
	if n.Interface != "" && !interfaceName(n.Interface) {
		return bad("network.interface", "%q is no name of a network interface, such as eth0", n.Interface)
	}
	if err := n.checkAddress(); err != nil {
		return err
	}
	if len(n.DNS) > 3 {
		return bad("network.dns", "%d servers; 3 at most", len(n.DNS))
	}
	for _, s := range n.DNS {
		if a, err := netip.ParseAddr(s); err != nil || a.Zone() != "" || !usable(a) {
			return bad("network.dns", "%q is no address of a server", s)
		}
	}
	return n.checkMobile()
}

func (n Network) checkAddress() *Problem {
	if n.Address == "" {
		switch {
		case n.Gateway != "":
			return bad("network.gateway", "with DHCP the gateway comes from there: write network.address, or leave this out")
		case n.Interface != "":
			return bad("network.interface", "it says what network.address is for, and there is none")
		}
		return nil
	}
	p, err := netip.ParsePrefix(n.Address)
	if err != nil || !usable(p.Addr()) {
		return bad("network.address", "%q is no address with its length, such as 192.168.1.20/24", n.Address)
	}
	if p.Addr().Is4() && p.Bits() < 31 && (p.Addr() == p.Masked().Addr() || p.Addr() == broadcast(p)) {
		return bad("network.address", "%q is the network itself or its broadcast, and no address of a box", n.Address)
	}
	if n.Gateway != "" {
		g, err := netip.ParseAddr(n.Gateway)
		switch {
		case err != nil || !usable(g):
			return bad("network.gateway", "%q is no address", n.Gateway)
		case !p.Contains(g):
			return bad("network.gateway", "%s is not in %s", g, p.Masked())
		case g == p.Addr():
			return bad("network.gateway", "%s is the box itself", g)
		case !slices.Contains(n.Ways(), Ethernet):
			return bad("network.gateway", "network.order has no ethernet in it")
		}
	}
	if len(n.DNS) == 0 {
		return bad("network.dns", "with a fixed address nobody tells the box a DNS server: write one, such as the gateway")
	}
	return nil
}

func (n Network) checkMobile() *Problem {
	for _, v := range []struct {
		key, value string
		max        int
		letters    string // besides letters and digits
	}{
		{"network.apn", n.APN, 100, ".-_"},
		{"network.apn_user", n.User, 64, ".-_@#+*!/:"},
		{"network.apn_password", n.Password, 64, ".-_@#+*!/:$%&()?"},
	} {
		other := func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(v.letters, r))
		}
		if len(v.value) > v.max || strings.ContainsFunc(v.value, other) {
			return bad(v.key, "at most %d of letters without marks, digits and %s", v.max, v.letters) // it may be a secret
		}
	}
	if n.PIN != "" && (len(n.PIN) < 4 || len(n.PIN) > 8 || strings.Trim(n.PIN, "0123456789") != "") {
		return bad("network.pin", "a SIM card's PIN has 4 to 8 digits")
	}
	for _, v := range [][2]string{{"network.apn_user", n.User}, {"network.apn_password", n.Password}} {
		if v[1] != "" && n.APN == "" {
			return bad(v[0], "it goes with network.apn, and there is none")
		}
	}
	if n.APN != "" && !slices.Contains(n.Ways(), Mobile) {
		return bad("network.apn", "network.order has no mobile in it")
	}
	return nil
}

// Secret reports whether somebody must not read the file that holds n.
func (n Network) Secret() bool { return n.PIN != "" || n.Password != "" }

// usable reports an address that one machine can have.
func usable(a netip.Addr) bool {
	return a.IsValid() && a.Zone() == "" && !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// broadcast is the last address of an IPv4 network.
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}

// interfaceName reports what the kernel may call an interface.
func interfaceName(s string) bool {
	other := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(".-_", r))
	}
	return len(s) <= 15 && s != "." && s != ".." && !strings.ContainsFunc(s, other)
}

// String is what people read of it; secrets are left out.
func (n Network) String() string {
	if n.Address == "" {
		return fmt.Sprintf("DHCP, %s", strings.Join(n.Ways(), " "))
	}
	return fmt.Sprintf("%s, %s", n.Address, strings.Join(n.Ways(), " "))
}
