package speaker

import (
	"loa/agent/sound/loops"
	"slices"

	"loa/agent/sound"
)

// nothing is the level of silence in dBFS, a number one can print.
const nothing = -120.0

// Status is how the speaker is now.
type Status struct {
	Amp       bool    // the amplifier's line is on
	AmpErr    error   // why it cannot be set
	RMSDBFS   float64 // of the last 100 ms, all voices, after the limiter; −120 for nothing
	PeakDBFS  float64
	LimitDB   float64  // how far the limiter turns down, 0 or less
	Sink      error    // nil: there is a sound device; else why not
	Xruns     int64    // how often the device ran dry, where it can tell, since it was opened
	PPM       float64  // how much faster than true the device's clock goes; 0: not known
	Slips     int      // how often the device fell behind itself, since it was opened
	Underruns int64    // blocks in which a source had too little
	Starving  []string // names of the voices that have too little now
	Sounding  []string // names of the voices that are heard now
	Held      []string // names of the voices that wait under a higher one
}

// Status says how the speaker is now.
func (s *Speaker) Status() Status {
	amp := s.line.state()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.Amp, st.AmpErr = amp.on, amp.err
	st.Starving = slices.Clone(st.Starving)
	st.Sounding = slices.Clone(st.Sounding)
	st.Held = slices.Clone(st.Held)
	return st
}

// publish brings reports and status up to date.
func (s *Speaker) publish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.status
	st.Starving, st.Sounding, st.Held = st.Starving[:0], st.Sounding[:0], st.Held[:0]
	for _, in := range s.mixer.Inputs() {
		switch name := in.Voice().Name; {
		case in.Over(), in.Waiting():
		case in.Held():
			st.Held = append(st.Held, name)
		case in.Starves():
			st.Starving = append(st.Starving, name)
		default:
			st.Sounding = append(st.Sounding, name)
		}
	}
	switch {
	case s.sink == nil || !s.mixer.Busy() && !s.full:
		st.RMSDBFS, st.PeakDBFS, st.LimitDB = nothing, nothing, 0
		s.meter.Reset()
	case s.meter.Frames() >= levelSpan:
		st.RMSDBFS, st.PeakDBFS = s.meter.RMS(), s.meter.Peak()
		st.LimitDB = s.mixer.LimitedDB()
		s.meter.Reset()
	}
	st.Underruns = s.underruns
	st.PPM, st.Slips = s.pace.PPM(), s.pace.Steps()
	if c, ok := s.sink.(Counting); ok {
		st.Xruns = c.Xruns()
	}
	s.book()
}

// levelSpan is over how many frames the level is measured.
const levelSpan = sound.Rate / 10

// appendInt16 rounds to the sink's samples.
func appendInt16(out []int16, in []float32) []int16 {
	at := len(out)
	out = slices.Grow(out, len(in))[:at+len(in)]
	loops.Round(out[at:], in)
	return out
}
