package hardware

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

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
	"none": openNone,
}

// openNone is a board without a speaker.
func openNone(d *Devices, o Opts) error {
	d.OpenSink = func() (speaker.Sink, error) { return nil, speaker.ErrNoSpeaker }
	return nil
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
	d.OpenSink = func() (speaker.Sink, error) {
		opened, err := sink(oto.Open(opts))
		if err != nil && s.Card != oto.System {
			err = fmt.Errorf("sink.card: %w", err) // what is wrong may be the name
		}
		return opened, err
	}
	if s.Card != oto.System {
		d.runs = append(d.runs, func(ctx context.Context) error { return watchCard(ctx, s.Card, o) })
	}
	return nil
}

// cardEvery is how often a card is looked for. It finds a plug that was pulled
// in the night before the morning programme does.
const cardEvery = 5 * time.Second

// watchCard reports that a card is missing, and that it is there again, while
// nothing plays on it; what plays notices by itself.
func watchCard(ctx context.Context, card string, o Opts) error {
	path := config.Move(o.Root, "/proc/asound/"+card)
	if _, err := strconv.Atoi(card); err == nil {
		path = config.Move(o.Root, "/proc/asound/card"+card)
	}
	t := time.NewTicker(cardEvery)
	defer t.Stop()
	missing := false
	for {
		_, err := os.Stat(path)
		if now := err != nil; now != missing {
			if missing = now; now {
				o.Report(SinkMissing, fmt.Errorf("sink.card: sound card %q is not there: %w", card, err))
			} else {
				o.Report(SinkMissing, nil)
			}
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil
		}
	}
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
