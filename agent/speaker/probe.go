package speaker

import (
	"context"
	"errors"
	"time"

	"loa/agent/sound"
)

// probeLength is how much silence a device is given to show that it plays.
const probeLength = 100 * time.Millisecond

// errBusy is told of a speaker that has something to play: that shows more than silence.
var errBusy = errors.New("something sounds")

// A probe is somebody who asks whether the device takes sound.
type probe struct {
	done chan error // cap 1
}

// Probe gives the device a moment of silence and waits until it has been played: whether
// sound would come out of it can be told without anybody hearing it, and the amplifier
// stays as it is. It is nil while something sounds that the device takes.
func (s *Speaker) Probe(ctx context.Context) error {
	p := probe{make(chan error, 1)}
	s.mu.Lock()
	if s.off {
		s.mu.Unlock()
		return errOff
	}
	s.probes = append(s.probes, p)
	s.nudge()
	s.mu.Unlock()
	select {
	case err := <-p.done:
		if errors.Is(err, errBusy) {
			return s.Status().Sink
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answerProbes answers those who ask. The loop calls it when it has nothing to play, and
// when it has.
func (s *Speaker) answerProbes(ctx context.Context, busy bool) {
	s.mu.Lock()
	probes := s.probes
	s.probes = nil
	s.mu.Unlock()
	if len(probes) == 0 {
		return
	}
	err := errBusy
	if !busy {
		err = s.silence(ctx)
	}
	for _, p := range probes {
		p.done <- err
	}
}

// silence plays some. What must be heard at once waits for it, a fifth of a second.
func (s *Speaker) silence(ctx context.Context) error {
	if s.sink == nil && !s.reopen(true) {
		return s.Status().Sink
	}
	out := make([]int16, int(probeLength*sound.Rate/time.Second)*sound.Channels)
	began := time.Now()
	err := s.watch("take silence", func() error { return s.sink.Write(out) })
	if err == nil {
		s.went.wrote(int64(len(out)/sound.Channels), began)
		err = s.watch("drain silence", func() error { return s.sink.Drain(ctx) })
	}
	if err != nil {
		s.lose(err)
		return err
	}
	s.went.finish() // nothing of it was mixed, so the mixer is told of nothing
	return nil
}
