package speaker

import (
	"time"

	"loa/agent/sound"
)

// A Sounding is one source that plays, waits to, or has played.
type Sounding struct {
	speaker *Speaker
	src     sound.Source
	voice   Voice
	after   *Sounding // it waits for the end of this one
	done    chan struct{}

	prepared <-chan struct{} // closed when src can be read; nil: it can

	// Under speaker.mu.
	stopped bool
	gain    float64 // dB, when regain is set
	regain  bool
	report  Report
}

// A Report is what is known of how a sounding was heard. While it plays it grows.
type Report struct {
	Frames   int64     // heard: they left the sink while the amplifier was on
	Loud     int64     // of Frames, those in blocks above the silence floor
	RMSDBFS  float64   // of all Frames, after mixer and limiter; −120 for nothing
	PeakDBFS float64   // likewise
	Lost     int64     // frames that passed while there was no sink or no amplifier
	Starved  int64     // frames of silence in between because the source had nothing to give
	Position int64     // frames of the source that are behind us: where to resume
	Began    time.Time // when its first sound was handed to the sink; zero: not yet
	Proof    string    // "mixer": reckoned from what was mixed; "sink": the sink confirmed it
	Ended    bool      // the source came to its end
	Err      error     // why the source failed, or why sound was lost
}

// Stop lets it fade and then end. It may be called again.
func (snd *Sounding) Stop() {
	s := snd.speaker
	s.mu.Lock()
	defer s.mu.Unlock()
	if !snd.stopped {
		snd.stopped, s.changed = true, true
		s.nudge()
	}
}

// SetGain makes it louder or quieter by dB than its source, with a short ramp,
// instead of what its voice said.
func (snd *Sounding) SetGain(dB float64) {
	s := snd.speaker
	s.mu.Lock()
	defer s.mu.Unlock()
	snd.gain, snd.regain = dB, true
	s.nudge()
}

// ready reports whether its source can be read.
func (snd *Sounding) ready() bool {
	if snd.prepared == nil {
		return true
	}
	select {
	case <-snd.prepared:
		return true
	default:
		return false
	}
}

// Done is closed once the last of it has been heard.
func (snd *Sounding) Done() <-chan struct{} { return snd.done }

// Report says how it was heard so far; after Done it does not change.
func (snd *Sounding) Report() Report {
	snd.speaker.mu.Lock()
	defer snd.speaker.mu.Unlock()
	return snd.report
}

// begin notes which soundings the block at t is the first of.
func (s *Speaker) begin(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for in, snd := range s.playing {
		if snd.report.Began.IsZero() && in.Begun() {
			snd.report.Began = t
		}
	}
}

// book brings the reports up to date. s.mu is held.
func (s *Speaker) book() {
	for in, snd := range s.playing {
		a := in.Account()
		r := &snd.report
		if a.Lost > r.Lost && r.Err == nil {
			r.Err = s.lossErr
		}
		if a.Err != nil {
			r.Err = a.Err
		}
		r.Frames, r.Loud = a.Heard.Frames(), a.Heard.Loud()
		r.RMSDBFS, r.PeakDBFS = a.Heard.RMS(), a.Heard.Peak()
		r.Lost, r.Starved, r.Position, r.Ended = a.Lost, a.Starved, a.Position, a.Ended
		if r.Frames > 0 && r.Proof == "" {
			r.Proof = s.went.proof()
		}
	}
	for _, in := range s.mixer.Sweep() {
		close(s.playing[in].done)
		delete(s.playing, in)
	}
}
