// Package speaker keeps the sink fed and the amplifier keyed: on, settle, sound,
// linger, off.
package speaker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"loa/agent/pace"
	"loa/agent/sound"
)

// Opts are the speaker's settings. Zero means the value named.
type Opts struct {
	Settle      time.Duration // from amplifier on to the first sound; 0: none
	Linger      time.Duration // from the last sound to amplifier off; 0: none
	Block       int           // frames per write; 0: 960, which is 20 ms
	HighPassHz  float64       // for horns; 0: none
	CeilingDBFS float64       // no sample is above; 0: −1
	FloorDBFS   float64       // RMS under which a block is silence; 0: −60
	DuckDB      float64       // how far ducked voices are lowered; 0: −15

	Log *slog.Logger // nil: the default one

	// Report is told when a condition begins (err says why, and is told again
	// when the why changes) and when it is over (err nil): SinkLost, AmpFault.
	// It may ask for the Status but must not block.
	Report func(code string, err error)
}

// The conditions that Opts.Report is told.
const (
	SinkLost = "sink-lost" // no sound device: sound goes on unheard until it is back
	AmpFault = "amp-fault" // the amplifier's line cannot be set
)

// A Voice says how a source sounds among others; see [sound.Voice].
type Voice = sound.Voice

// A Speaker is one sound device with its amplifier.
//
// While the device is away, what plays goes on in time: a programme is heard
// from where it would be when the device comes back, and ends when it would. What
// was not heard is in the report, as lost, with the reason.
type Speaker struct {
	open func() (Sink, error)
	o    Opts
	line line
	wake chan struct{} // holds one: the loop has something to look at

	mu        sync.Mutex
	waiting   []*Sounding // to be admitted
	changed   bool        // a sounding was stopped
	interrupt func()      // ends the drain under way
	hold      time.Time   // the amplifier stays on until then
	probes    []probe     // to be answered
	status    Status
	off       bool            // Run has returned
	asked     []chan struct{} // by Alive

	// Of the loop alone.
	mixer   *sound.Mixer
	playing map[*sound.Input]*Sounding
	sink    Sink
	went    progress // how far sink is
	pace    pace.Clock
	full    bool      // something was written since the last drain
	quiet   time.Time // when the last sound had been heard
	passed  time.Time // where the time of sound is while there is no sink
	retry   backoff   // of open
	lossErr error     // why what is passing now is not heard
	meter   sound.Meter
	mixed   []float32
	out     []int16

	underruns int64 // blocks in which a source had too little
}

// New makes a speaker. open gives a fresh sink, or says why it cannot within a
// second or so; the loop calls it at once and again after a loss. amp is nil
// where no line keys the amplifier.
func New(open func() (Sink, error), amp Amp, o Opts) *Speaker {
	if o.Block <= 0 {
		o.Block = 960
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	s := &Speaker{
		open:    open,
		o:       o,
		wake:    make(chan struct{}, 1),
		playing: map[*sound.Input]*Sounding{},
		mixed:   make([]float32, o.Block*sound.Channels),
	}
	s.line.amp, s.line.log = amp, o.Log
	s.line.report = func(err error) { o.Report(AmpFault, err) }
	s.mixer = sound.NewMixer(sound.MixerOpts{
		DuckDB: o.DuckDB, HighPassHz: o.HighPassHz, CeilingDBFS: o.CeilingDBFS, FloorDBFS: o.FloorDBFS,
		When: s.when,
	})
	s.status = Status{RMSDBFS: nothing, PeakDBFS: nothing, Sink: errNotOpen}
	return s
}

var (
	errNotOpen = errors.New("the sound device has not been opened yet")
	errOff     = errors.New("the speaker is off")
)

// Play lets src sound as v says and returns at once. The speaker closes src. A
// voice of a higher class than all that sounds reaches the sink with the next
// block, and what the sink has queued of the others is thrown away; they are held
// until it is over. Play may be called before Run; after Run the sounding is done
// at once, with an error.
func (s *Speaker) Play(src sound.Source, v Voice) *Sounding {
	return s.PlayAfter(nil, src, v)
}

// A Preparing source takes a while until it can be read. What sounds goes on until
// then, and the amplifier stays as it is.
type Preparing interface {
	Ready() <-chan struct{} // closed when it can be read, or never will, and after Close
}

// PlayAfter is Play of what begins when another sounding comes to its end, under
// the last [sound.Overlap] of it if its source is [sound.Finite].
func (s *Speaker) PlayAfter(after *Sounding, src sound.Source, v Voice) *Sounding {
	snd := &Sounding{speaker: s, src: src, voice: v, after: after, done: make(chan struct{})}
	snd.report.RMSDBFS, snd.report.PeakDBFS = nothing, nothing
	if p, ok := src.(Preparing); ok {
		snd.prepared = p.Ready()
		go func() { // ends when src is ready
			<-snd.prepared
			s.mu.Lock()
			defer s.mu.Unlock()
			s.nudge()
		}()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, snd)
	if s.off {
		go s.refuse() // waits for nothing but the source's Close
	}
	s.nudge()
	return snd
}

// maxHold bounds HoldAmp: a horn left on hisses, and drains a solar battery.
const maxHold = 60 * time.Second

// HoldAmp keeps the amplifier on for d from now, at most 60 s, whether anything
// sounds or not; 0 ends it. It is for a technician with a meter.
func (s *Speaker) HoldAmp(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = time.Now().Add(min(d, maxHold))
	s.nudge()
}

// Alive waits until the loop has gone round once more, or ctx ends, and then says why.
// What sounds is not disturbed by it.
func (s *Speaker) Alive(ctx context.Context) error {
	round := make(chan struct{})
	s.mu.Lock()
	if s.off {
		s.mu.Unlock()
		return errOff
	}
	s.asked = append(s.asked, round)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	s.mu.Unlock()
	select {
	case <-round:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the speaker does not go round: %w", context.Cause(ctx))
	}
}

// nudge makes the loop look again. s.mu is held.
func (s *Speaker) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
	if s.interrupt != nil {
		s.interrupt()
	}
}
