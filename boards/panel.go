package boards

import (
	"math"
	"net"
	"slices"
	"strings"
)

// Panel is the LED board, wall or LCD that people read. Without a driver there is
// none.
type Panel struct {
	// Driver is "bx" or "bxk" (Onbon cards), "cpower" (CP5200), "kms" (a screen),
	// "colorlight" (receiving cards), "ddp" or "e131" (pixel protocols), "huidu",
	// "term" (lines of text in a file that a terminal shows) or "png" (a picture file).
	Driver string `toml:"driver"`

	Width   int     `toml:"width"`    // pixels
	Height  int     `toml:"height"`   // pixels
	Colors  string  `toml:"colors"`   // "red", "red-green" (and both: yellow) or "full"
	PitchMM float64 `toml:"pitch_mm"` // from pixel to pixel; 0: not known
	ReaderM float64 `toml:"reader_m"` // how far away readers stand; 0: not known

	TTY     string `toml:"tty"`     // serial line to the card, by-path name if it is a USB adapter
	Baud    int    `toml:"baud"`    // of tty; what the card is set to, often 9600 or 57600
	Host    string `toml:"host"`    // host:port of the card, instead of tty
	Address int    `toml:"address"` // of the card on its line, where it has one; 0: its first
	Card    string `toml:"card"`    // bx: as printed on it, such as BX-6E2; empty: the card says
	// Witness lets a bx card be asked whether its power was cut for some seconds. Try it:
	// with a notice on the board, does it stay, and does it come back after the plug was
	// pulled? A card that shows its stored page instead of the notice must do without.
	Witness bool `toml:"witness"`

	Interface string `toml:"interface"` // colorlight: network interface that only the wall hangs on
	Order     string `toml:"order"`     // of colours: rgb, bgr, …; red shows as blue? change it
	Firmware  int    `toml:"firmware"`  // colorlight: 13 or later wants some packets twice
	Universe  int    `toml:"universe"`  // e131: the first
	Connector string `toml:"connector"` // kms: such as HDMI-A-1; empty: the first that is plugged in
	Mode      string `toml:"mode"`      // kms: such as 1920x1080; empty: what the screen prefers
	File      string `toml:"file"`      // term, png: relative to the state directory

	// A NovaStar sending box between a screen's output and the wall: brightness goes
	// to it. Its tty, or its host:port.
	SenderTTY  string `toml:"sender_tty"`
	SenderHost string `toml:"sender_host"`
}

// PanelDrivers are the drivers that a panel may name.
var PanelDrivers = []string{"bx", "bxk", "cpower", "kms", "colorlight", "ddp", "e131", "huidu", "term", "png"}

// There reports whether the box has a panel.
func (p Panel) There() bool { return p.Driver != "" }

// dims reports whether the panel's brightness can be set: that of a screen cannot,
// unless a sending box stands behind it.
func (p Panel) dims() bool {
	return p.There() && (p.Driver != "kms" || p.SenderTTY != "" || p.SenderHost != "")
}

func (p Panel) validate() error {
	card := slices.Contains([]string{"bx", "bxk", "cpower"}, p.Driver)
	network := slices.Contains([]string{"ddp", "e131", "huidu"}, p.Driver)
	file := p.Driver == "term" || p.Driver == "png"
	switch {
	case p == Panel{}:
		return nil
	case !slices.Contains(PanelDrivers, p.Driver):
		return wrong("panel", "driver", "%q is no panel driver; there are %s", p.Driver, strings.Join(PanelDrivers, ", "))
	case p.Width < 16 || p.Width > 8192:
		return wrong("panel", "width", "%d is outside 16 to 8192 pixels", p.Width)
	case p.Height < 8 || p.Height > 4320:
		return wrong("panel", "height", "%d is outside 8 to 4320 pixels", p.Height)
	case p.Colors != "red" && p.Colors != "red-green" && p.Colors != "full":
		return wrong("panel", "colors", "%q is none of red, red-green, full", p.Colors)
	case math.IsNaN(p.PitchMM) || p.PitchMM < 0 || p.PitchMM > 100:
		return wrong("panel", "pitch_mm", "%v is outside 0 to 100", p.PitchMM)
	case math.IsNaN(p.ReaderM) || p.ReaderM < 0 || p.ReaderM > 500:
		return wrong("panel", "reader_m", "%v is outside 0 to 500", p.ReaderM)
	case p.TTY != "" && !strings.HasPrefix(p.TTY, "/"):
		return wrong("panel", "tty", "%q is no path of a device, such as /dev/ttyS1", p.TTY)
	case p.TTY != "" && !card:
		return wrong("panel", "tty", "driver %q is on no serial line", p.Driver)
	case p.TTY != "" && (p.Baud < 2400 || p.Baud > 921600):
		return wrong("panel", "baud", "%d is outside 2400 to 921600", p.Baud)
	case p.TTY == "" && p.Baud != 0:
		return wrong("panel", "baud", "there is no tty to set it on")
	case p.Host != "" && !card && !network:
		return wrong("panel", "host", "driver %q is on no network", p.Driver)
	case p.Host != "" && !hostPort(p.Host):
		return wrong("panel", "host", "%q is no address; write host:port, such as 192.168.0.199:5005", p.Host)
	case p.Host != "" && p.TTY != "":
		return wrong("panel", "host", "the card hangs on tty already; write one of them")
	case (card || network) && p.Host == "" && p.TTY == "":
		return wrong("panel", "host", "missing; where is the card? write tty and baud, or host")
	case p.Address < 0 || p.Address > 65535:
		return wrong("panel", "address", "%d is outside 0 to 65535", p.Address)
	case p.Witness && p.Driver != "bx":
		return wrong("panel", "witness", "driver %q has no such thing", p.Driver)
	case p.Driver == "colorlight" && p.Interface == "":
		return wrong("panel", "interface", "missing; write the network interface of the wall, such as eth1")
	case p.Driver != "colorlight" && p.Interface != "":
		return wrong("panel", "interface", "driver %q sends on no interface of its own", p.Driver)
	case p.Order != "" && !slices.Contains([]string{"rgb", "rbg", "grb", "gbr", "brg", "bgr"}, p.Order):
		return wrong("panel", "order", "%q is no order of r, g and b", p.Order)
	case p.Firmware < 0 || p.Firmware > 255:
		return wrong("panel", "firmware", "%d is outside 0 to 255", p.Firmware)
	case p.Universe < 0 || p.Universe > 63999:
		return wrong("panel", "universe", "%d is outside 1 to 63999", p.Universe)
	case file && p.File == "":
		return wrong("panel", "file", `missing; write where the picture shall go, such as "panel.png"`)
	case !file && p.File != "":
		return wrong("panel", "file", "driver %q writes no file", p.Driver)
	case p.SenderTTY != "" && p.SenderHost != "":
		return wrong("panel", "sender_host", "the sending box hangs on sender_tty already; write one of them")
	case p.SenderTTY != "" && !strings.HasPrefix(p.SenderTTY, "/"):
		return wrong("panel", "sender_tty", "%q is no path of a device", p.SenderTTY)
	case p.SenderHost != "" && !hostPort(p.SenderHost):
		return wrong("panel", "sender_host", "%q is no address; write host:port", p.SenderHost)
	}
	return nil
}

func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && host != "" && port != "" && !strings.ContainsAny(s, " \t\r\n")
}
