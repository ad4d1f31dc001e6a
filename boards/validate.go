package boards

import (
	"fmt"
	"math"
	"strings"
)

// A keyError names the key that is wrong, so that Parse can say its line.
type keyError struct{ table, key, msg string }

func (e *keyError) Error() string {
	if e.table == "" {
		return e.key + ": " + e.msg
	}
	return strings.TrimSuffix(e.table+"."+e.key, ".") + ": " + e.msg
}

func wrong(table, key, format string, args ...any) error {
	return &keyError{table, key, fmt.Sprintf(format, args...)}
}

// defaults fills in what a file may leave out.
func (b *Board) defaults() {
	sounds := b.Sink.Driver != "none"
	if b.Sink.BufferMS == 0 && sounds {
		b.Sink.BufferMS = 200
	}
	if b.Sink.MaxMB == 0 && b.Sink.Driver != "oto" && sounds {
		b.Sink.MaxMB = 256
	}
	if b.Sink.Card == "" && b.Sink.Driver == "auto" {
		b.Sink.Card = "system"
	}
	if b.Amp.Active == "" && b.Amp.Driver == "gpio" {
		b.Amp.Active = "high"
	}
	if b.Console.TTY != "" && b.Console.Baud == 0 {
		b.Console.Baud = 115200
	}
	if b.Sensor.Heat.There() && b.Sensor.Heat.MostC == 0 {
		b.Sensor.Heat.MostC = 65
	}
	if b.Sensor.Door.There() && b.Sensor.Door.Open == "" {
		b.Sensor.Door.Open = "high"
	}
	if b.Clock.Trust == "" {
		b.Clock.Trust = "earned"
	}
	if b.Levels.VolumePercent == 0 {
		b.Levels.VolumePercent = 80
	}
	if b.Levels.UncommissionedPercent == 0 {
		b.Levels.UncommissionedPercent = 40
	}
}

// Validate says what is wrong with b, and what to write instead.
func (b Board) Validate() error {
	for _, check := range []func() error{b.Sink.validate, b.Amp.validate, b.Console.validate, b.Clock.validate, b.Levels.validate, b.Panel.validate, b.Sensor.Light.validate, b.Sensor.Temperature.validate,
		b.Sensor.Current.validate, b.Sensor.Supply.validate, b.Sensor.Heat.validate, b.Sensor.Door.validate, b.Modem.validate, b.validateLines} {
		if err := check(); err != nil {
			return err
		}
	}
	for _, name := range b.Compatible {
		if vendor, model, ok := strings.Cut(name, ","); !ok || vendor == "" || model == "" {
			return wrong("", "compatible", "%q is no name of a machine, such as \"pine64,rock64\": see /proc/device-tree/compatible", name)
		}
	}
	if b.Sink.Driver == "none" && b.Amp.Driver != "none" {
		return wrong("amp", "driver", "%q, and no sound to amplify: write none", b.Amp.Driver)
	}
	switch {
	case b.Sensor.Light.There() && !b.Panel.dims():
		return wrong("sensor.light", "device", "there is no panel that it could dim")
	case b.Sensor.Current.There() && b.Amp.Driver == "none":
		return wrong("sensor.current", "device", "no line switches the amplifier: nobody could tell what it should draw")
	case b.Sensor.Temperature.There() && !b.Panel.There():
		return wrong("sensor.temperature", "device", "there is no panel that could show it")
	}
	for name, device := range b.Inputs {
		switch {
		case name == "" || !plainName(name):
			return wrong("inputs", name, "%q is no name: letters, digits, - and _ only", name)
		case device == "" || strings.HasPrefix(device, "-") || strings.ContainsAny(device, " \t\r\n{}\"'"):
			return wrong("inputs", name, "%q is no ALSA device, such as plughw:CARD=Device", device)
		}
	}
	return nil
}

func (s Sink) validate() error {
	alsa, file := s.Driver == "oto" || s.Driver == "auto", s.Driver == "wav" || s.Driver == "auto"
	switch {
	case s == Sink{Driver: "none"}:
		return nil
	case s.Driver == "none":
		return wrong("sink", "driver", "none needs nothing else: delete the other keys")
	case !alsa && !file:
		return wrong("sink", "driver", "%q is no sound driver; there are auto, oto, wav, none", s.Driver)
	case alsa && s.Card == "":
		return wrong("sink", "card", `missing; write a name from /proc/asound/cards, or "system"`)
	case !alsa && s.Card != "":
		return wrong("sink", "card", "driver %q has no card", s.Driver)
	case !plainName(s.Card):
		return wrong("sink", "card", "%q is no card name: letters, digits, - and _ only", s.Card)
	case s.Device < 0 || s.Device > 31:
		return wrong("sink", "device", "%d is outside 0 to 31", s.Device)
	case s.Device != 0 && (!alsa || s.Card == "system"):
		return wrong("sink", "device", "only a named card has devices")
	case file && s.File == "":
		return wrong("sink", "file", "missing; write where the sound shall go, such as \"heard.wav\"")
	case !file && s.File != "":
		return wrong("sink", "file", "driver %q writes no file", s.Driver)
	case s.BufferMS < 40 || s.BufferMS > 1000:
		return wrong("sink", "buffer_ms", "%d is outside 40 to 1000", s.BufferMS)
	case !file && s.MaxMB != 0:
		return wrong("sink", "max_mb", "driver %q writes no file", s.Driver)
	case file && (s.MaxMB < 1 || s.MaxMB > 4000):
		return wrong("sink", "max_mb", "%d is outside 1 to 4000", s.MaxMB)
	}
	return nil
}

func (a Amp) validate() error {
	gpio := a.Driver == "gpio"
	switch {
	case !gpio && a.Driver != "emulated" && a.Driver != "none":
		return wrong("amp", "driver", "%q is no amplifier driver; there are gpio, emulated, none", a.Driver)
	case gpio && len(a.Chip) == 0:
		return wrong("amp", "chip", "missing; write the chip's label as gpioinfo shows it, in a list")
	case gpio && a.Line == nil:
		return wrong("amp", "line", "missing; write the line's offset on the chip")
	case gpio && (*a.Line < 0 || *a.Line > 1023):
		return wrong("amp", "line", "%d is outside 0 to 1023", *a.Line)
	case gpio && a.Active != "high" && a.Active != "low":
		return wrong("amp", "active", "%q is neither high nor low", a.Active)
	case !gpio && len(a.Chip) > 0:
		return wrong("amp", "chip", "driver %q has no chip", a.Driver)
	case !gpio && a.Line != nil:
		return wrong("amp", "line", "driver %q has no line", a.Driver)
	case !gpio && a.Active != "":
		return wrong("amp", "active", "driver %q has no level", a.Driver)
	case a.Driver == "emulated" && a.File == "":
		return wrong("amp", "file", "missing; write where the edges shall go, such as \"amp.line\"")
	case a.Driver != "emulated" && a.File != "":
		return wrong("amp", "file", "driver %q writes no file", a.Driver)
	case a.SettleMS < 0 || a.SettleMS > 2000:
		return wrong("amp", "settle_ms", "%d is outside 0 to 2000", a.SettleMS)
	case a.LingerMS < 0 || a.LingerMS > 60000:
		return wrong("amp", "linger_ms", "%d is outside 0 to 60000", a.LingerMS)
	}
	return nil
}

func (c Console) validate() error {
	switch {
	case c.TTY != "" && !strings.HasPrefix(c.TTY, "/"):
		return wrong("console", "tty", "%q is no path of a device, such as /dev/ttyS2", c.TTY)
	case c.TTY == "" && c.Baud != 0:
		return wrong("console", "baud", "there is no tty to set it on")
	case c.TTY != "" && (c.Baud < 300 || c.Baud > 4_000_000):
		return wrong("console", "baud", "%d is outside 300 to 4000000", c.Baud)
	}
	return nil
}

func (c Clock) validate() error {
	switch {
	case c.Trust != "host" && c.Trust != "earned":
		return wrong("clock", "trust", "%q is neither host nor earned", c.Trust)
	case c.RTC != "" && !strings.HasPrefix(c.RTC, "/"):
		return wrong("clock", "rtc", "%q is no path of a device, such as /dev/rtc0", c.RTC)
	}
	return nil
}

func (l Levels) validate() error {
	switch {
	case l.VolumePercent < 1 || l.VolumePercent > 100:
		return wrong("levels", "volume_percent", "%d is outside 1 to 100", l.VolumePercent)
	case l.UncommissionedPercent < 1 || l.UncommissionedPercent > 100:
		return wrong("levels", "uncommissioned_percent", "%d is outside 1 to 100", l.UncommissionedPercent)
	case math.IsNaN(l.HighPassHz) || l.HighPassHz < 0 || l.HighPassHz > 1000:
		return wrong("levels", "high_pass_hz", "%v is outside 0 to 1000", l.HighPassHz)
	case math.IsNaN(l.CeilingDBFS) || l.CeilingDBFS < -20 || l.CeilingDBFS > 0:
		return wrong("levels", "ceiling_dbfs", "%v is outside -20 to 0", l.CeilingDBFS)
	}
	return nil
}

// plainName keeps a card's name from breaking out of the ALSA configuration
// that it is written into.
func plainName(s string) bool {
	return len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
