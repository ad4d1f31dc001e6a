package speaker

import "time"

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
