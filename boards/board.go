// Package boards is the kinds of box there are: one TOML file each, embedded,
// and the strict reader of such files.
package boards

import "time"

// A Board is one kind of hardware: which drivers stand behind the sound, the
// amplifier, the console and the clock, and with what values. What belongs to
// one box (its name, keys, broker) is not in here.
type Board struct {
	Name  string `toml:"name"`  // as in -board
	Title string `toml:"title"` // for people, in Vietnamese

	// Compatible lists the machines that this file is for, as their device trees call
	// them; empty: any. On another machine its pins are other things, and stay alone.
	Compatible []string `toml:"compatible"`

	// Commissioned boards play at full level without a commissioning record.
	Commissioned bool `toml:"commissioned"`

	Sink    Sink    `toml:"sink"`
	Amp     Amp     `toml:"amp"`
	Console Console `toml:"console"`
	Clock   Clock   `toml:"clock"`
	Levels  Levels  `toml:"levels"`
	Panel   Panel   `toml:"panel"`
	Sensor  Sensors `toml:"sensor"`

	Modem Modem           `toml:"modem"`
	Lines map[string]Line `toml:"lines"` // what else hangs on GPIO, by name: a lamp, a relay, a door

	// Inputs are what a signed schedule may relay as alsa:NAME, by name: ALSA's
	// own name of each, such as plughw:CARD=Device.
	Inputs map[string]string `toml:"inputs"`

	Wrong []Wrong `toml:"-"` // what [Salvage] had to leave out
}

// Sink is where sound goes.
type Sink struct {
	// Driver is "oto" (ALSA), "wav" (a file), "auto" (oto if there is a card that
	// may be opened, else wav) or "none" (a board without a speaker).
	Driver string `toml:"driver"`

	// Card is the name or number of the card in /proc/asound/cards, or "system"
	// for the host's own ALSA default. Oto only.
	Card   string `toml:"card"`
	Device int    `toml:"device"` // PCM device on Card; oto only
	// BufferMS is the device's buffer in ms, 40 to 1000; oto keeps up to 1.5
	// times as much on its way. Zero is 200. It is also what the WAV sink keeps
	// back as a card would.
	BufferMS int `toml:"buffer_ms"`

	File  string `toml:"file"`   // WAV file, relative to the state directory; wav only
	MaxMB int    `toml:"max_mb"` // its largest size in MB (10⁶ bytes); wav only
}

// Buffer is the device's buffer.
func (s Sink) Buffer() time.Duration { return time.Duration(s.BufferMS) * time.Millisecond }

// Amp is the line that keys the amplifier.
type Amp struct {
	// Driver is "gpio", "emulated" (a file of edges) or "none" (an amplifier
	// that is always on).
	Driver string `toml:"driver"`

	// Chip lists labels of GPIO chips, as gpioinfo shows them; the line is on
	// the first that exists. Gpio only.
	Chip   []string `toml:"chip"`
	Line   *int     `toml:"line"`   // offset on Chip; gpio only
	Active string   `toml:"active"` // the level that means on: "high" or "low"; gpio only

	File string `toml:"file"` // where edges go, relative to the state directory; emulated only

	SettleMS int `toml:"settle_ms"` // from on to the first sound, 0 to 2000
	LingerMS int `toml:"linger_ms"` // from the last sound to off, 0 to 60000
}

// Settle is how long the amplifier needs before the first sound.
func (a Amp) Settle() time.Duration { return time.Duration(a.SettleMS) * time.Millisecond }

// Linger is how long the amplifier stays on after the last sound.
func (a Amp) Linger() time.Duration { return time.Duration(a.LingerMS) * time.Millisecond }

// Console is the technician's serial port.
type Console struct {
	TTY  string `toml:"tty"`  // device path; empty: no serial console
	Baud int    `toml:"baud"` // zero is 115200
}

// Clock is what this hardware knows of the time.
type Clock struct {
	// Trust is "host" (the host's clock is right; for desks) or "earned" (each
	// level of trust has to be shown).
	Trust string `toml:"trust"`
	RTC   string `toml:"rtc"` // battery-backed clock, such as /dev/rtc0; empty: none
}

// Levels is how loud this hardware should be.
type Levels struct {
	VolumePercent         int     `toml:"volume_percent"`         // until a document says otherwise, 1 to 100
	UncommissionedPercent int     `toml:"uncommissioned_percent"` // ceiling before the commissioning record, 1 to 100
	HighPassHz            float64 `toml:"high_pass_hz"`           // what horns should not get; 0: off, at most 1000
	CeilingDBFS           float64 `toml:"ceiling_dbfs"`           // the limiter's ceiling, −20 to 0
}
