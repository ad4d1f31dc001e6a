package boards

import (
	"maps"
	"slices"
	"strings"
)

// Modem is a mobile modem that a technician may ask, and that takes codes by SMS; it is not
// the box's to dial with.
type Modem struct {
	// TTY is a port of it that takes AT commands and is nobody else's, such as
	// /dev/serial/by-id/usb-Quectel_EC25-if02-port0; empty: ModemManager is asked, if it
	// is there.
	TTY  string `toml:"tty"`
	Baud int    `toml:"baud"` // zero is 115200
}

func (m Modem) validate() error {
	switch {
	case m.TTY == "" && m.Baud != 0:
		return wrong("modem", "baud", "there is no tty to set it on")
	case m.TTY != "" && (!strings.HasPrefix(m.TTY, "/dev/") || strings.Contains(m.TTY, "..")):
		return wrong("modem", "tty", "%q is no path of a device, such as /dev/ttyUSB2", m.TTY)
	case m.TTY != "" && m.Baud != 0 && (m.Baud < 300 || m.Baud > 4_000_000):
		return wrong("modem", "baud", "%d is outside 300 to 4000000", m.Baud)
	}
	return nil
}

// A Line is a pin besides the amplifier's that a technician can test.
type Line struct {
	Title  string   `toml:"title"`  // for people, in Vietnamese
	Chip   []string `toml:"chip"`   // labels of GPIO chips; the line is on the first that exists
	Line   *int     `toml:"line"`   // offset on Chip
	Active string   `toml:"active"` // the level that means on: "high" (default) or "low"
	Output bool     `toml:"output"` // it switches something; else it is read
	File   string   `toml:"file"`   // stands for the pin on a desk, relative to the state directory; instead of chip and line
}

// Low reports whether the low level means on.
func (l Line) Low() bool { return l.Active == "low" }

// maxLines bounds the pins of one board.
const maxLines = 16

// validateLines also keeps two names from one pin, above all from the amplifier's.
func (b Board) validateLines() error {
	if len(b.Lines) > maxLines {
		return wrong("lines", "", "%d lines; a board has at most %d", len(b.Lines), maxLines)
	}
	type pin struct {
		chip string
		line int
	}
	taken := map[pin]string{}
	if b.Amp.Line != nil {
		for _, chip := range b.Amp.Chip {
			taken[pin{chip, *b.Amp.Line}] = "amp"
		}
	}
	if d := b.Sensor.Door; d.Line != nil {
		for _, chip := range d.Chip {
			at := pin{chip, *d.Line}
			if other := taken[at]; other != "" {
				return wrong("sensor.door", "line", "%s line %d is %s already", chip, *d.Line, other)
			}
			taken[at] = "sensor.door"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Lines)) {
		l := b.Lines[name]
		table := "lines." + name
		switch {
		case name == "door":
			return wrong(table, "", "the switch of the door is [sensor.door] now: chip and line as here, open in place of active")
		case name == "" || name == "amp" || !plainName(name):
			return wrong("lines", name, "%q is no name: letters, digits, - and _ only, and amp is taken", name)
		case l.File != "" && (l.Chip != nil || l.Line != nil):
			return wrong(table, "file", "a file stands for the pin: delete chip and line")
		case l.File == "" && len(l.Chip) == 0:
			return wrong(table, "chip", "missing; write the chip's label, as gpioinfo shows it")
		case l.File == "" && l.Line == nil:
			return wrong(table, "line", "missing; write the offset on the chip")
		case l.Line != nil && (*l.Line < 0 || *l.Line > 511):
			return wrong(table, "line", "%d is outside 0 to 511", *l.Line)
		case l.Active != "" && l.Active != "high" && l.Active != "low":
			return wrong(table, "active", "%q is neither high nor low", l.Active)
		case strings.ContainsAny(l.File, "/\\"):
			return wrong(table, "file", "%q is no name of a file in the state directory", l.File)
		}
		for _, chip := range l.Chip {
			at := pin{chip, *l.Line}
			if other := taken[at]; other != "" {
				return wrong(table, "line", "%s line %d is %s already", chip, *l.Line, other)
			}
			taken[at] = name
		}
	}
	return nil
}
