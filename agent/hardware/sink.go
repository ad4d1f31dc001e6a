package hardware

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"loa/agent/config"
	"loa/agent/speaker"
	"loa/drivers/oto"
	"loa/drivers/wav"
)

// sinks is every sound driver there is. A line less, and the linker leaves
// the driver out.
var sinks = map[string]func(*Devices, Opts) error{
	"auto": openAuto,
	"oto":  openOto,
	"wav":  openWAV,
}

// openAuto plays on a card if there is one that this user may open, else into
// the file.
func openAuto(d *Devices, o Opts) error {
	if hasCard(o.Root) {
		return openOto(d, o)
	}
	return openWAV(d, o)
}

// hasCard reports whether ALSA has something to play on. Whoever set
// ALSA_CONFIG_PATH, which the driver leaves to card "system", has said so.
func hasCard(root string) bool {
	if os.Getenv("ALSA_CONFIG_PATH") != "" {
		return true
	}
	nodes, _ := filepath.Glob(config.Move(root, "/dev/snd") + "/pcmC*D*p") // the pattern is well formed
	for _, n := range nodes {
		if unix.Access(n, unix.W_OK) == nil {
			return true
		}
	}
	return false
}

func openOto(d *Devices, o Opts) error {
	s := d.Board.Sink
	opts := oto.Opts{Command: o.process(sinkProcess), Card: s.Card, Device: s.Device, Buffer: s.Buffer()}
	d.Sound = "ALSA: " + s.Card
	if s.Device != 0 {
		d.Sound = fmt.Sprintf("ALSA: %s, %d", s.Card, s.Device)
	}
	d.OpenSink = func() (speaker.Sink, error) { return sink(oto.Open(opts)) }
	return nil
}

func openWAV(d *Devices, o Opts) error {
	s := d.Board.Sink
	opts := wav.Opts{Path: o.path(s.File), Buffer: s.Buffer(), MaxBytes: int64(s.MaxMB) * 1e6}
	d.Sound = opts.Path
	d.OpenSink = func() (speaker.Sink, error) { return sink(wav.Open(opts)) }
	return nil
}

// sink keeps a nil driver from becoming an interface that is not nil.
func sink[S speaker.Sink](s S, err error) (speaker.Sink, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}
