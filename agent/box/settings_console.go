package box

import (
	"bufio"
	"cmp"
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"loa/agent/console"
	"loa/agent/passcode"
	"loa/agent/stick"
)

// own hands the console what concerns the box's own settings.
func (t technician) own(to *console.Box) {
	b := t.b
	if b.o.Own != nil {
		to.Config = b.o.Own
	}
	to.Carry, to.Given, to.Links, to.NetworkIsOurs = t, t.given, b.links, b.o.Network != nil
}

// GiveSettings leaves settings on a stick.
func (t technician) GiveSettings(dir string, text []byte) (where string, err error) {
	err = t.withStick(dir, func(s *stick.Stick) error {
		where = filepath.Join(s.Dir(), stick.Folder)
		return s.GiveSettings(text)
	})
	return where, err
}

// TakeSettings reads them.
func (t technician) TakeSettings(dir string) (text []byte, err error) {
	err = t.withStick(dir, func(s *stick.Stick) error {
		text, err = s.Settings()
		return err
	})
	return text, err
}

func (t technician) withStick(dir string, f func(*stick.Stick) error) error {
	if dir == "" {
		switch found := stick.Find(t.b.o.Host); len(found) {
		case 0:
			return console.ErrNoStick
		case 1:
			dir = found[0]
		default:
			return console.ErrSeveralSticks
		}
	}
	s, err := stick.Open(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	return f(s)
}

// given is what the board file and signed documents say of settings.
func (t technician) given() []console.Given {
	b := t.b
	all := []console.Given{{Key: "volume_percent", Value: strconv.Itoa(b.o.Board.Levels.VolumePercent), From: "board"}}
	w := b.plan.Load().Want
	signed := func(key, value string) {
		if value != "" {
			all = append(all, console.Given{Key: key, Value: value, From: "signed"})
		}
	}
	signed("name", w.Name)
	signed("place", w.OwnPlace)
	signed("groups", strings.Join(w.Groups, " "))
	if s := w.Settings; s != nil {
		if s.VolumePercent > 0 {
			signed("volume_percent", strconv.Itoa(s.VolumePercent))
		}
		signed("metered", strconv.FormatBool(s.Metered))
		signed("commissioned", strconv.FormatBool(s.Commissioned))
		if s.DelayMS > 0 {
			signed("delay_ms", strconv.Itoa(s.DelayMS))
		}
		if s.StaggerGroup > 0 {
			signed("stagger_group", strconv.Itoa(s.StaggerGroup))
		}
	}
	return all
}

// links are the interfaces of this machine, but for those that lead nowhere.
func (b *Box) links() []console.Link {
	found, err := net.Interfaces()
	if err != nil {
		return nil
	}
	out := gateways(b.o.Host)
	var all []console.Link
	for _, i := range found {
		if i.Flags&net.FlagLoopback != 0 || len(all) == 16 {
			continue
		}
		l := console.Link{Name: i.Name, Up: i.Flags&net.FlagRunning != 0, Addresses: []string{}, Gateway: out[i.Name]}
		addresses, _ := i.Addrs() // without them it has none
		for _, a := range addresses {
			if p, ok := a.(*net.IPNet); ok && !p.IP.IsLinkLocalUnicast() {
				l.Addresses = append(l.Addresses, p.String())
			}
		}
		all = append(all, l)
	}
	return all
}

// gateways are the kernel's ways out over IPv4, by interface.
func gateways(root string) map[string]string {
	all := make(map[string]string)
	data, err := os.ReadFile(filepath.Join("/", root, "/proc/net/route"))
	if err != nil {
		return all
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[1] != "00000000" {
			continue
		}
		if n, err := strconv.ParseUint(f[2], 16, 32); err == nil && n != 0 {
			all[f[0]] = net.IPv4(byte(n), byte(n>>8), byte(n>>16), byte(n>>24)).String()
		}
	}
	return all
}

// loginCode is the sum of the code that the serial port asks for. A box without a name has
// none, and nothing to guard but its horn; one whose certificate is older than codes
// asks for none until it is renewed.
func (b *Box) loginCode() string {
	if b.o.NoCode || b.o.Identity == nil {
		return ""
	}
	return passcode.Of(b.o.Identity.Leaf())
}

// attend serves the technician's port.
func (b *Box) attend(ctx context.Context) error {
	at := b.console.At(console.Line{Name: cmp.Or(b.o.PortName, "port"), Login: b.o.Login, Code: b.loginCode, Idle: b.o.Idle, Wide: 80, High: 24, Stays: true})
	return b.o.Port(ctx, at.Serve)
}

// A socket is a connection of which a part has been read already.
type socket struct {
	net.Conn
	in *bufio.Reader
}

func (s socket) Read(p []byte) (int, error) { return s.in.Read(p) }
