package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"loa/agent/sound"
)

// Silence is what stays below floorDBFS: the hiss of an open line lies about
// there, the quietest speech 20 dB above.
const floorDBFS = -60

// Why a line is given up.
var (
	errEnded   = errors.New("the station ended the stream") // a live station has no end
	errSilence = errors.New("the station sends silence")
	errWaiting = errors.New("still connecting")
)

// A line is one attempt at one address: opened once, never reused.
type line struct {
	cancel context.CancelFunc
	src    sound.Source // nil while it opens
	err    error        // it could not be opened

	ring   *ring
	opened time.Time
	fed    time.Time // when sound was last decoded, or none was wanted
	paced  time.Time // up to when an unheard line has been let run
	filled bool      // the buffer reached its target and has not run dry since
	steady time.Time // since when filled
	frames int       // decoded in all
	loud   bool      // was once above the floor
	quiet  int       // frames decoded since the last loud one
	meter  meter
}

func newLine(cancel context.CancelFunc, now time.Time, o *Opts) *line {
	return &line{
		cancel: cancel,
		ring:   newRing(2 * sound.Channels * sound.Frames(o.Target)),
		opened: now, fed: now, paced: now,
	}
}

// pump moves what is decoded into the buffer. A line that nobody hears is let
// run at the pace of sound, so that it is up to date when it is needed.
func (l *line) pump(now time.Time, o *Opts, unheard bool) {
	if l.src == nil || l.err != nil {
		return
	}
	var block [4096]float32
	for l.ring.room() > 0 {
		n, err := l.src.Read(block[:min(len(block), l.ring.room())])
		if n > 0 {
			l.ring.write(block[:n])
			l.measure(block[:n])
			l.fed = now
			continue
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errEnded
			}
			l.err = err
		}
		break
	}
	if l.ring.room() == 0 {
		l.fed = now // not wanting is not starving
	}
	if !l.filled && l.ring.len() >= sound.Channels*sound.Frames(o.Target) {
		l.filled, l.steady = true, now
	}
	if unheard && l.filled {
		l.ring.drop(sound.Channels * sound.Frames(now.Sub(l.paced)))
		if l.ring.len() == 0 {
			l.filled = false
		}
	}
	l.paced = now
}

// measure keeps count of how much of the sound was audible.
func (l *line) measure(p []float32) {
	l.frames += len(p) / sound.Channels
	l.quiet += len(p) / sound.Channels
	if l.meter.add(p) {
		l.loud, l.quiet = true, 0
	}
}

// verdict says why the line has to be given up, nil: it has not.
func (l *line) verdict(now time.Time, o *Opts, heard bool) error {
	switch idle := now.Sub(l.fed); {
	case l.err != nil:
		return l.err
	case l.frames == 0 && idle >= o.Start:
		return l.because(fmt.Errorf("no sound %v after opening it", o.Start))
	case l.frames > 0 && idle >= o.Stall:
		return l.because(fmt.Errorf("nothing to decode for %v", o.Stall))
	case !heard && l.mute(o):
		return fmt.Errorf("only silence for %v", o.Silence)
	}
	return nil
}

// because adds to err what the source knows about its lack of sound.
func (l *line) because(err error) error {
	if t, ok := l.src.(interface{ Trouble() error }); ok && t.Trouble() != nil {
		return fmt.Errorf("%w: %w", err, t.Trouble())
	}
	return err
}

// mute reports whether the line has given nothing but silence for too long.
// It counts decoded sound and not time: who is not read is not silent.
func (l *line) mute(o *Opts) bool { return l.quiet >= sound.Frames(o.Silence) }

// sounds reports whether there is something to hear in the line now.
func (l *line) sounds(o *Opts) bool { return l.filled && l.loud && !l.mute(o) }

// delivered reports whether there was sound enough to call the attempt good.
func (l *line) delivered() bool { return l.loud && l.frames >= sound.Rate }

// take gives the listener what is buffered; dry: it has just run out.
func (l *line) take(p []float32) (n int, dry bool) {
	if !l.filled {
		return 0, false
	}
	n = l.ring.read(p)
	if n == 0 && len(p) > 0 {
		l.filled = false
		return 0, true
	}
	return n, false
}

// close lets go of everything; what is buffered stays readable.
func (l *line) close() {
	l.cancel()
	if l.src != nil {
		l.src.Close()
	}
}

// A meter tells sound from silence over windows of 100 ms: one click in a
// silent stream is not a programme.
type meter struct {
	sum float64
	n   int
}

func (m *meter) add(p []float32) (loud bool) {
	const window = sound.Channels * sound.Rate / 10
	for _, v := range p {
		f := float64(v)
		if f > -8 && f < 8 { // a decoder's NaN must not stick in the sum
			m.sum += f * f
		}
		if m.n++; m.n == window {
			loud = loud || 10*math.Log10(m.sum/window) > floorDBFS
			*m = meter{}
		}
	}
	return loud
}
