package station

import (
	"math/rand/v2"
	"time"

	"loa/agent/ledger"
)

// A meanwhile is what an alarm or an order does not wait for: what is written down and
// told of it. That is done once the amplifier has had its time and the sound has begun.
// A thousand boxes that all answered at once would also keep the broker from those that
// have not heard yet, so each takes a moment more, at random.
type meanwhile struct {
	until   time.Time // when it is done; zero: nothing waits
	unkept  string    // the alert that is not on the disk yet; empty: none
	entries []ledger.Entry
	acks    []Ack
}

const (
	meanwhileAfter  = 200 * time.Millisecond
	meanwhileSpread = 500 * time.Millisecond
)

// soundFirst lets what follows wait, until catchUp.
func (s *Station) soundFirst(now time.Time) {
	if s.meanwhile.until.IsZero() {
		s.meanwhile.until = now.Add(meanwhileAfter + rand.N(meanwhileSpread))
	}
}

// catchUp does what waits: in a moment, or before anything else is received.
func (s *Station) catchUp(now time.Time) {
	if alert := s.meanwhile.unkept; alert != "" {
		if err := s.save(); err != nil {
			s.fault("alert "+alert+" would not survive a power cut", err, now)
		}
	}
	if s.unstarted && !s.meanwhile.until.IsZero() {
		if err := s.saveStarted(s.started); err != nil {
			s.fault("what was started here would not survive a power cut", err, now)
		}
	}
	s.enterAll()
	acks := s.meanwhile.acks
	s.meanwhile = meanwhile{}
	for _, a := range acks {
		s.o.Ack(a)
	}
}

// ack hands on an acknowledgement, or lets it wait.
func (s *Station) ack(a Ack) {
	if !s.meanwhile.until.IsZero() {
		s.meanwhile.acks = append(s.meanwhile.acks, a)
		return
	}
	s.o.Ack(a)
}
