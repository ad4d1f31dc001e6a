package speaker

import (
	"context"
	"errors"
	"slices"
	"time"

	"loa/agent/sound"
)

// Run feeds the sink until ctx is done. On every way out, a panic's too, the
// amplifier is switched off first, then the sink is dropped and closed, and all
// that plays is done.
func (s *Speaker) Run(ctx context.Context) error {
	defer s.shut()
	s.line.set(false)
	for ctx.Err() == nil {
		s.admit()
		s.answerProbes(ctx, s.mixer.Busy() || s.full)
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
	var fresh, never, rest []*Sounding
	for _, snd := range s.waiting {
		switch {
		case snd.stopped:
			never = append(never, snd)
		case snd.ready():
			fresh = append(fresh, snd)
		default:
			rest = append(rest, snd)
		}
	}
	s.waiting = rest
	for _, round := range s.asked {
		close(round)
	}
	s.asked = nil
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

	urgent := false
	for in := range s.playing {
		if in.Held() {
			continue // nothing of it is in the queue
		}
		for _, snd := range fresh {
			urgent = urgent || snd.voice.Class > in.Voice().Class
		}
		urgent = urgent || slices.Contains(stops, in)
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
			s.passed = time.Now()
		}
	}
	for _, snd := range fresh {
		in := s.mixer.Add(snd.src, snd.voice)
		for other, o := range s.playing {
			if o == snd.after {
				s.mixer.Follow(in, other)
			}
		}
		s.playing[in] = snd
		snd.after = nil
	}
	s.regain()
}

// regain brings voices to the gain that was asked for since they were added.
func (s *Speaker) regain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for in, snd := range s.playing {
		if snd.regain {
			in.SetGain(snd.gain)
			snd.regain = false
		}
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
	s.advance(time.Now())
	s.mixer.Rewind(s.went.cut(still))
	s.pace.Break() // what comes next does not follow what still sounds
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
	frames := s.o.Block
	if r, ok := s.sink.(Roomy); ok {
		interrupted, err := s.interruptible(ctx, "wait for room", func(ctx context.Context) (err error) {
			frames, err = r.Room(ctx)
			return err
		})
		switch {
		case interrupted:
			return
		case err != nil:
			s.lose(err)
			return
		}
	}
	out := s.mix(min(frames, mostAtOnce))
	began := time.Now()
	s.begin(began)
	s.advance(began)
	if err := s.watch("take sound", func() error { return s.sink.Write(out) }); err != nil {
		s.lose(err)
		return
	}
	s.full = true
	s.went.wrote(int64(len(out)/sound.Channels), began)
	s.advance(time.Now())
}

// mostAtOnce bounds in frames what is mixed for one Write: 250 ms, which every
// source has ready.
const mostAtOnce = sound.Rate / 4

// mix makes the next frames, or less at the end of all sound, block by block:
// silence and starving are judged by the block.
func (s *Speaker) mix(frames int) []int16 {
	s.out = slices.Grow(s.out[:0], frames*sound.Channels) // once: an alarm's first 200 ms are ten blocks
	for n := 0; frames > 0 && s.mixer.Busy(); frames -= n {
		n = min(frames, s.o.Block)
		mixed := s.mixed[:n*sound.Channels]
		s.mixer.Mix(mixed)
		s.meter.Add(mixed)
		for _, in := range s.mixer.Inputs() {
			if in.Starves() {
				s.underruns++
			}
		}
		s.out = appendInt16(s.out, mixed)
	}
	return s.out
}

// interruptible calls f on the sink, with a context that also ends when there is
// something to look at.
func (s *Speaker) interruptible(ctx context.Context, what string, f func(context.Context) error) (interrupted bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	select {
	case <-s.wake:
		s.mu.Unlock()
		return true, nil
	default:
	}
	s.interrupt = cancel
	s.mu.Unlock()

	err = s.watch(what, func() error { return f(ctx) })

	s.mu.Lock()
	s.interrupt = nil
	s.mu.Unlock()
	return err != nil && ctx.Err() != nil && !errors.Is(err, errStalled), err
}

// pass lets one block of time go by without a sink.
func (s *Speaker) pass(ctx context.Context) {
	if time.Now().Before(s.passed) {
		s.wait(ctx, s.passed)
		return
	}
	s.out = s.out[:0]
	s.mixer.Mix(s.mixed)
	s.mixer.Lost(s.mixer.Unsure())
	s.passed = s.passed.Add(sound.Duration(s.o.Block))
}

// drain waits until the last sound has been heard, or until there is a new one.
func (s *Speaker) drain(ctx context.Context) {
	interrupted, err := s.interruptible(ctx, "drain", func(ctx context.Context) error { return s.sink.Drain(ctx) })
	switch {
	case interrupted:
		s.advance(time.Now())
	case err == nil:
		s.full = false
		s.heard(s.went.finish())
		s.pace.Break()
		s.quiet = time.Now()
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
