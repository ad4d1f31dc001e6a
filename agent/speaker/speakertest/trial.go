package speakertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

// Sink is speaker.Sink, said again so that the speaker's own tests may use this
// package.
type Sink interface {
	Write(p []int16) error
	Drain(ctx context.Context) error
	Drop() (frames int, err error)
}

// Clocked is speaker.Clocked.
type Clocked interface {
	Heard() (frames int64, at time.Time)
}

// RunSink asks of a sink all that the speaker relies on. open gives a fresh one
// for each trial, on a device that plays in time; the whole takes some 8 s of
// that time. A sink that is an io.Closer is closed after each.
func RunSink[S Sink](t *testing.T, open func() (S, error)) {
	for _, c := range trials {
		t.Run(c.name, func(t *testing.T) {
			s, err := open()
			if err != nil {
				t.Fatalf("cannot open the sink: %v", err)
			}
			defer closeSink(s)
			if err := c.try(s); err != nil {
				t.Error(err)
			}
		})
	}
}

func closeSink(s Sink) {
	if c, ok := s.(io.Closer); ok {
		_ = c.Close() // the trial of Close looks at its errors
	}
}

// The patience of the trials: how much sooner than the sound lasts a sink may say
// that it was heard, for clocks are coarse; how much later a loaded machine may
// be; and the longest queue.
const (
	early = 60 * time.Millisecond
	late  = 2 * time.Second
	queue = 500 * time.Millisecond
)

var trials = []struct {
	name string
	try  func(Sink) error
}{
	{"sound takes its time", tryPace},
	{"the queue is short", tryQueue},
	{"an empty write is nothing", func(s Sink) error { return s.Write(nil) }},
	{"a drain heeds its context", tryDrainContext},
	{"a drain of nothing is quick", tryDrainOfNothing},
	{"a drop forgets", tryDrop},
	{"a drop frees a writer", tryDropFrees},
	{"a drop frees a drain", tryDropFreesDrain},
	{"silence breaks nothing", trySilence},
	{"after Close nothing goes", tryClose},
	{"Close frees a writer", tryCloseFrees},
	{"the clock tells what was heard", tryClock},
}

// play writes d of a quiet tone in blocks of 20 ms.
func play(s Sink, d time.Duration) error {
	block := make([]int16, 960*2)
	for i := range block {
		block[i] = int16(1000 * (1 - i/2/24%2*2)) // 1 kHz
	}
	for ; d > 0; d -= 20 * time.Millisecond {
		if err := s.Write(block); err != nil {
			return fmt.Errorf("Write: %w", err)
		}
	}
	return nil
}

// drain drains within reason.
func drain(s Sink) error {
	ctx, cancel := context.WithTimeout(context.Background(), queue+late)
	defer cancel()
	if err := s.Drain(ctx); err != nil {
		return fmt.Errorf("Drain: %w", err)
	}
	return nil
}

func tryPace(s Sink) error {
	began := time.Now()
	if err := play(s, 600*time.Millisecond); err != nil {
		return err
	}
	if err := drain(s); err != nil {
		return err
	}
	if took := time.Since(began); took < 600*time.Millisecond-early {
		return fmt.Errorf("600 ms of sound were drained in %v: Drain does not wait until it is heard", took)
	}
	return nil
}

// tryQueue measures the queue by how much sooner sound is taken than heard. A
// loaded machine that lets an emulated card sleep before the measurement sees it
// catch up within, as a longer queue; no accident makes it shorter. So the
// shortest of three counts.
func tryQueue(s Sink) error {
	shortest := time.Hour
	for range 3 {
		began := time.Now()
		if err := play(s, 1500*time.Millisecond); err != nil {
			return err
		}
		if shortest = min(shortest, 1500*time.Millisecond-time.Since(began)); shortest <= queue+early {
			return nil
		}
		if err := drain(s); err != nil {
			return err
		}
	}
	return fmt.Errorf("%v of sound lie in the queue, more than %v", shortest, queue)
}

func tryDrainContext(s Sink) error {
	if err := play(s, 400*time.Millisecond); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	began := time.Now()
	err := s.Drain(ctx)
	if took := time.Since(began); took > 100*time.Millisecond {
		return fmt.Errorf("Drain took %v although its context was done", took)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("Drain with a done context: %w", err)
	}
	return drain(s) // and nothing is broken
}

func tryDrainOfNothing(s Sink) error {
	began := time.Now()
	if err := drain(s); err != nil {
		return err
	}
	if took := time.Since(began); took > queue+early {
		return fmt.Errorf("Drain of an empty queue took %v", took)
	}
	return nil
}

func tryDrop(s Sink) error {
	if err := play(s, 500*time.Millisecond); err != nil {
		return err
	}
	still, err := s.Drop()
	if err != nil {
		return fmt.Errorf("Drop: %w", err)
	}
	if still < 0 || still > 24000 {
		return fmt.Errorf("after Drop %d frames will still sound, of 24000 written", still)
	}
	began := time.Now()
	if err := drain(s); err != nil {
		return err
	}
	if took, most := time.Since(began), time.Duration(still)*time.Second/rate+queue; took > most {
		return fmt.Errorf("after Drop %d frames were still to sound, and it took %v", still, took)
	}
	if err := play(s, 100*time.Millisecond); err != nil {
		return fmt.Errorf("after Drop: %w", err)
	}
	return drain(s)
}

// freed starts f, sets it free after 300 ms, and reports whether it returned.
func freed(what string, f func() error, free func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }() // ends with free, or the trial has failed
	time.Sleep(300 * time.Millisecond)
	select {
	case err := <-done:
		return fmt.Errorf("%s had returned before (%v): there was nothing to free", what, err)
	default:
	}
	if err := free(); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-time.After(time.Second):
		return fmt.Errorf("%s still hangs a second later", what)
	}
}

func tryDropFrees(s Sink) error {
	return freed("Write of 5 s", func() error { return s.Write(make([]int16, 5*rate*2)) },
		func() error { _, err := s.Drop(); return err })
}

func tryDropFreesDrain(s Sink) error {
	began := time.Now()
	if err := play(s, time.Second); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- s.Drain(context.Background()) }() // ends with the queue at the latest
	time.Sleep(20 * time.Millisecond)
	still, err := s.Drop()
	if err != nil {
		return fmt.Errorf("Drop: %w", err)
	}
	<-done
	// It may wait for what still sounds, not for what was dropped.
	most := time.Second + time.Duration(still)*time.Second/rate + early
	if took := time.Since(began); still == 0 && took > most+late {
		return fmt.Errorf("Drain returned %v after the beginning although all was dropped", took)
	}
	return nil
}

func trySilence(s Sink) error {
	for range 3 {
		if err := play(s, 100*time.Millisecond); err != nil {
			return err
		}
		if err := drain(s); err != nil {
			return err
		}
		time.Sleep(400 * time.Millisecond)
	}
	return nil
}

func tryClose(s Sink) error {
	c, ok := s.(io.Closer)
	if !ok {
		return nil
	}
	if err := play(s, 100*time.Millisecond); err != nil {
		return err
	}
	for range 2 {
		if err := c.Close(); err != nil {
			return fmt.Errorf("Close: %w", err)
		}
	}
	if err := s.Write(make([]int16, 1920)); err == nil {
		return errors.New("a closed sink took sound")
	}
	return nil
}

func tryCloseFrees(s Sink) error {
	c, ok := s.(io.Closer)
	if !ok {
		return nil
	}
	return freed("Write of 5 s", func() error { return s.Write(make([]int16, 5*rate*2)) }, c.Close)
}

func tryClock(s Sink) error {
	c, ok := s.(Clocked)
	if !ok {
		return nil
	}
	var written, last int64
	began := time.Now()
	look := func(when string) error {
		n, _ := c.Heard()
		if most := time.Since(began) + early; time.Duration(n)*time.Second/rate > most {
			return fmt.Errorf("%s Heard says %d frames, more than fit into the %v since the beginning", when, n, most)
		}
		if n < last || n > written {
			return fmt.Errorf("%s Heard says %d frames of %d, and said %d before", when, n, written, last)
		}
		last = n
		return nil
	}
	for range 30 {
		if err := play(s, 20*time.Millisecond); err != nil {
			return err
		}
		written += 960
		if err := look("while it plays"); err != nil {
			return err
		}
	}
	still, err := s.Drop()
	if err != nil {
		return fmt.Errorf("Drop: %w", err)
	}
	if err := look("after Drop"); err != nil {
		return err
	}
	written = last + int64(still)
	if err := play(s, 100*time.Millisecond); err != nil {
		return err
	}
	written += 4800
	if err := drain(s); err != nil {
		return err
	}
	if err := look("after Drain"); err != nil {
		return err
	}
	// Between Drop and the look after it a little of what was still to sound has.
	if short := written - last; short > 960 {
		return fmt.Errorf("after Drain %d of %d frames were not heard", short, written)
	}
	return nil
}
