package hardware

import (
	"loa/agent/speaker"
	"loa/drivers/wav"
)

// sinks is every sound driver there is. A line less, and the linker leaves
// the driver out.
var sinks = map[string]func(*Devices, Opts) error{
	"wav":  openWAV,
	"auto": openWAV,
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
