package main

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/speaker"
)

// steady is a source of a tone without end that counts what is mixed of it.
type steady struct{ frames int }

func (s *steady) Read(p []float32) (int, error) {
	for i := range p {
		p[i] = 0.1
	}
	s.frames += len(p) / 2
	return len(p), nil
}

func (s *steady) Close() error { return nil }

// TestStandingCard holds a card that stands to what it is for: it stamps when sound
// began and ended, takes next to nothing meanwhile, and the speaker keeps it.
func TestStandingCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		e := &ear{stands: true}
		s := speaker.New(func() (speaker.Sink, error) { e.open(); return e, nil }, nil, speaker.Opts{Settle: 80 * time.Millisecond})
		var wg sync.WaitGroup
		wg.Go(func() { _ = s.Run(ctx) }) // its error is ctx's
		for turn := range 2 {
			time.Sleep(time.Minute)
			src, asked := new(steady), time.Now()
			snd := s.Play(src, speaker.Voice{FadeOut: 80 * time.Millisecond})
			time.Sleep(time.Minute)
			if err := s.Status().Sink; err != nil {
				t.Fatal(err)
			}
			stopped := time.Now()
			snd.Stop()
			<-snd.Done()
			heard := e.Heard(asked)
			if len(heard) != 1 {
				t.Fatalf("turn %d: heard %v", turn, heard)
			}
			if d := heard[0].From.Sub(asked); d > 150*time.Millisecond {
				t.Errorf("turn %d: began after %v", turn, d)
			}
			if d := heard[0].To.Sub(stopped); d <= 0 || d > 120*time.Millisecond {
				t.Errorf("turn %d: ended %v after the stop", turn, d)
			}
			if src.frames > 48000 {
				t.Errorf("turn %d: %d frames were mixed of a minute", turn, src.frames)
			}
		}
		stop()
		wg.Wait()
	})
}
