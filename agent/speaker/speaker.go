// Package speaker keeps the sink fed and the amplifier keyed: on, settle, sound,
// linger, off.
package speaker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

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
	status    Status
	off       bool // Run has returned

	// Of the loop alone.
	mixer   *sound.Mixer
	playing map[*sound.Input]*Sounding
	sink    Sink
	went    progress  // how far sink is
	full    bool      // something was written since the last drain
	quiet   time.Time // when the last sound had been heard
	pace    time.Time // where the time of sound is while there is no sink
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
		out:     make([]int16, o.Block*sound.Channels),
	}
	s.line.amp, s.line.log = amp, o.Log
	s.line.report = func(err error) { o.Report(AmpFault, err) }
	s.mixer = sound.NewMixer(sound.MixerOpts{
		DuckDB: o.DuckDB, HighPassHz: o.HighPassHz, CeilingDBFS: o.CeilingDBFS, FloorDBFS: o.FloorDBFS,
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
	snd := &Sounding{speaker: s, src: src, voice: v, done: make(chan struct{})}
	snd.report.RMSDBFS, snd.report.PeakDBFS = nothing, nothing
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

// Run feeds the sink until ctx is done. On every way out, a panic's too, the
// amplifier is switched off first, then the sink is dropped and closed, and all
// that plays is done.
func (s *Speaker) Run(ctx context.Context) error {
	defer s.shut()
	s.line.set(false)
	for ctx.Err() == nil {
		s.admit()
		switch {
		case s.mixer.Busy():
			s.sound(ctx)
		case s.full:
			s.drain(ctx)
		default:
			s.idle(ctx)
		}
		s.publish()
	}
	return ctx.Err()
}

// admit takes in what came since the last look: soundings and stops. What must
// be heard at once takes back what the sink has queued.
func (s *Speaker) admit() {
	s.mu.Lock()
	var fresh, never []*Sounding
	for _, snd := range s.waiting {
		if snd.stopped {
			never = append(never, snd)
		} else {
			fresh = append(fresh, snd)
		}
	}
	s.waiting = nil
	var stops []*sound.Input
	if s.changed {
		for in, snd := range s.playing {
			if snd.stopped && !in.Stopped() {
				stops = append(stops, in)
			}
		}
		s.changed = false
	}
	s.mu.Unlock()
	s.finish(never, nil)

	urgent := len(stops) > 0
	for _, snd := range fresh {
		for in := range s.playing {
			urgent = urgent || snd.voice.Class > in.Voice().Class
		}
	}
	if urgent {
		s.takeBack()
	}
	for _, in := range stops {
		in.Stop()
	}
	if len(fresh) > 0 && s.sink == nil {
		s.retry.at = time.Time{} // someone wants to be heard: look now
		if !s.mixer.Busy() {
			s.pace = time.Now()
		}
	}
	for _, snd := range fresh {
		s.playing[s.mixer.Add(snd.src, snd.voice)] = snd
	}
}

// takeBack makes the sink forget what it has queued, and the mixer go back to
// where the ear is.
func (s *Speaker) takeBack() {
	if s.sink == nil || !s.full {
		return
	}
	still, err := s.sink.Drop()
	if err != nil {
		s.lose(err)
		return
	}
	s.heard(s.went.advance(time.Now()))
	s.mixer.Rewind(s.went.cut(still))
}

// sound brings the next block to the sink, or one step nearer to it.
func (s *Speaker) sound(ctx context.Context) {
	if s.sink == nil && !s.reopen(true) {
		s.pass(ctx)
		return
	}
	if since, on := s.line.set(true); on && time.Since(since) < s.o.Settle {
		s.wait(ctx, since.Add(s.o.Settle))
		return
	}
	s.mixer.Mix(s.mixed)
	s.meter.Add(s.mixed)
	for _, in := range s.mixer.Inputs() {
		if in.Starves() {
			s.underruns++
		}
	}
	toInt16(s.out, s.mixed)
	began := time.Now()
	s.begin(began)
	s.heard(s.went.advance(began))
	if err := s.watch("take sound", func() error { return s.sink.Write(s.out) }); err != nil {
		s.lose(err)
		return
	}
	s.full = true
	s.went.wrote(int64(s.o.Block), began)
	s.heard(s.went.advance(time.Now()))
}

// pass lets one block of time go by without a sink.
func (s *Speaker) pass(ctx context.Context) {
	if time.Now().Before(s.pace) {
		s.wait(ctx, s.pace)
		return
	}
	s.mixer.Mix(s.mixed)
	s.mixer.Lost(s.mixer.Unsure())
	s.pace = s.pace.Add(sound.Duration(s.o.Block))
}

// drain waits until the last sound has been heard, or until there is a new one.
func (s *Speaker) drain(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	if len(s.waiting) > 0 || s.changed {
		s.mu.Unlock()
		return
	}
	s.interrupt = cancel
	s.mu.Unlock()

	err := s.watch("drain", func() error { return s.sink.Drain(ctx) })

	s.mu.Lock()
	s.interrupt = nil
	s.mu.Unlock()
	switch {
	case err == nil:
		s.full = false
		s.heard(s.went.finish())
		s.quiet = time.Now()
	case ctx.Err() != nil && !errors.Is(err, errStalled):
		s.heard(s.went.advance(time.Now()))
	default:
		s.lose(err)
	}
}

// idle leaves the sink alone and lets go of the amplifier when it is time.
func (s *Speaker) idle(ctx context.Context) {
	if s.sink == nil {
		s.reopen(false)
	}
	s.mu.Lock()
	hold := s.hold
	s.mu.Unlock()
	now := time.Now()
	until := s.quiet.Add(s.o.Linger)
	if s.sink == nil {
		until = now // nothing can sound
	}
	keep := now.Before(until) && s.line.state().on
	if hold.After(now) {
		until, keep = later(until, hold), true
	}
	s.line.set(keep)
	var next time.Time // zero: nothing to do but wait
	if keep {
		next = until
	}
	if s.sink == nil {
		next = sooner(next, s.retry.at)
	}
	s.wait(ctx, sooner(next, s.line.state().again))
}

// wait returns when it is t, when there is something to look at, or when ctx is
// done. A zero t never comes.
func (s *Speaker) wait(ctx context.Context, t time.Time) {
	s.publish()
	var due <-chan time.Time
	if !t.IsZero() {
		timer := time.NewTimer(time.Until(t))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-due:
	}
}

// sooner is the earlier of two times of which zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// heard books frames that have come out of the sink.
func (s *Speaker) heard(frames int64) {
	if frames == 0 {
		return
	}
	amp := s.line.state()
	if amp.on {
		s.mixer.Heard(frames)
		return
	}
	s.lossErr = amp.err
	s.mixer.Lost(frames)
}

// shut leaves everything off and silent, and nobody waiting.
func (s *Speaker) shut() {
	before := s.line.off()
	if s.sink != nil {
		if frames := s.went.advance(time.Now()); before.on {
			s.mixer.Heard(frames)
		}
		_, _ = s.sink.Drop() // it is closed next
		closeSink(s.sink)
		s.sink = nil
	}
	s.lossErr = errOff
	s.mixer.Lost(s.mixer.Unsure())
	s.mu.Lock()
	s.book()
	s.off = true
	s.status.Sink = errOff
	var rest []*Sounding
	for _, snd := range s.playing {
		rest = append(rest, snd)
	}
	clear(s.playing)
	s.mu.Unlock()
	s.finish(rest, errOff)
	s.refuse()
}

// refuse ends what came too late.
func (s *Speaker) refuse() {
	s.mu.Lock()
	rest := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	s.finish(rest, errOff)
}

// finish closes the sources of soundings that nobody will play, and says so.
func (s *Speaker) finish(snds []*Sounding, why error) {
	for _, snd := range snds {
		_ = snd.src.Close() // nothing it could say matters to silence
		s.mu.Lock()
		if snd.report.Err == nil {
			snd.report.Err = why
		}
		s.mu.Unlock()
		close(snd.done)
	}
}
