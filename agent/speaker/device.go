package speaker

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"loa/agent/pace"
)

// stall is how long a sink may take over one block. Its queue empties in half a
// second; what takes longer than this is a device that has gone.
const stall = 2 * time.Second

// ErrNoSpeaker is what Opts.Open says on a board that has none: that is no fault.
var ErrNoSpeaker = errors.New("this board has no speaker")

var errStalled = errors.New("device stands still")

// watch calls f on the sink. When f hangs, the amplifier goes off, and the sink
// is dropped and closed so that f returns.
func (s *Speaker) watch(what string, f func() error) error {
	sink := s.sink
	var fired sync.WaitGroup
	fired.Add(1)
	guard := time.AfterFunc(stall, func() {
		defer fired.Done()
		s.line.set(false)
		_, _ = sink.Drop() // it hangs already: closing it is all there is left
		closeSink(sink)
	})
	err := f()
	if guard.Stop() {
		return err
	}
	fired.Wait()
	return fmt.Errorf("cannot %s: %w for %v", what, errStalled, stall)
}

func closeSink(sink Sink) {
	if c, ok := sink.(io.Closer); ok {
		_ = c.Close() // nothing is lost that was not lost before
	}
}

// lose gives up the sink: the time of sound goes on without it from where the
// ear was, and what passes is lost.
func (s *Speaker) lose(err error) {
	s.advance(time.Now())
	s.line.set(false)
	closeSink(s.sink)
	s.sink, s.full = nil, false
	s.away(fmt.Errorf("sound device lost: %w", err))
	s.mixer.Rewind(s.mixer.Unsure())
	s.passed = time.Now()
	s.retry = backoff{at: time.Now()}
}

// away says why there is no sink, if that is new.
func (s *Speaker) away(err error) {
	s.lossErr = err
	s.mu.Lock()
	was := s.status.Sink
	s.status.Sink = err
	s.mu.Unlock()
	if text(was) != text(err) {
		s.o.Log.Warn("speaker has no sound device", "err", err)
		if !errors.Is(err, ErrNoSpeaker) {
			s.o.Report(SinkLost, err)
		}
	}
}

// reopen tries to get a sink if it is time to, and says whether there is one.
// With someone to be heard it tries at least every 2 s.
func (s *Speaker) reopen(urgent bool) bool {
	now := time.Now()
	if now.Before(s.retry.at) {
		return false
	}
	sink, err := s.open()
	if err != nil {
		s.away(fmt.Errorf("cannot open the sound device: %w", err))
		s.retry.later(time.Now(), urgent)
		return false
	}
	s.sink = sink
	s.went, s.pace = newProgress(sink, time.Now()), pace.Clock{}
	s.mu.Lock()
	was := s.status.Sink
	s.status.Sink = nil
	s.mu.Unlock()
	if was != nil && was != errNotOpen {
		s.o.Log.Info("speaker has its sound device back", "tries", s.retry.tries+1)
	}
	s.retry = backoff{}
	s.o.Report(SinkLost, nil)
	return true
}

// A backoff spaces the tries: 0.25 s, doubling to 10 s, or to 1.5 s when urgent,
// each a quarter shorter or longer at random so that a street of boxes on one
// power line does not try in step.
type backoff struct {
	tries int
	at    time.Time // of the next try; zero: now
}

func (b *backoff) later(now time.Time, urgent bool) {
	most := 10 * time.Second
	if urgent {
		most = 1500 * time.Millisecond
	}
	d := min(most, 250*time.Millisecond<<min(b.tries, 10))
	b.tries++
	b.at = now.Add(time.Duration(float64(d) * (0.75 + rand.Float64()/2)))
}
