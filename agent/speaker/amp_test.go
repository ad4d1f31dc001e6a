package speaker

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/sound"
	"loa/agent/speaker/speakertest"
)

func TestAmpIsOnSettledAndLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{Settle: 80 * time.Millisecond, Linger: 300 * time.Millisecond}, card)
		time.Sleep(time.Second)
		s := r.Play(tone(0.5, time.Second), Voice{Class: 3})
		<-s.Done()
		ended := time.Since(r.start)
		time.Sleep(time.Second)

		edges, heard := r.amp.Edges(), r.socket.Heard()
		if len(edges) != 2 || !edges[0].On || edges[1].On || len(heard) != 1 {
			t.Fatalf("edges %v, %d stretches", edges, len(heard))
		}
		first, last := -1, 0
		for n := range heard[0].Frames() {
			if heard[0].PCM[2*n] != 0 {
				if first < 0 {
					first = n
				}
				last = n
			}
		}
		near(t, "amplifier on", edges[0].At.Sub(r.start), time.Second, time.Millisecond)
		near(t, "settled before the first sound", heard[0].When(first).Sub(edges[0].At), 80*time.Millisecond, time.Millisecond)
		near(t, "lingered after the last", edges[1].At.Sub(heard[0].When(last)), 300*time.Millisecond, 25*time.Millisecond)
		near(t, "done", ended, 2080*time.Millisecond, 25*time.Millisecond)
		if last-first+1 != sound.Rate {
			t.Errorf("%d frames sounded, want %d", last-first+1, sound.Rate)
		}
		rep := s.Report()
		if rep.Frames != sound.Rate || rep.Loud != sound.Rate || !rep.Ended || rep.Err != nil || rep.Lost != 0 || rep.Proof != "mixer" {
			t.Errorf("report %+v", rep)
		}
		if math.Abs(rep.RMSDBFS+6.02) > 0.05 || math.Abs(rep.PeakDBFS+6.02) > 0.05 {
			t.Errorf("RMS %.2f, peak %.2f", rep.RMSDBFS, rep.PeakDBFS)
		}
		near(t, "began", rep.Began.Sub(r.start), 1080*time.Millisecond, time.Millisecond)
		r.stop(t)
	})
}

func TestWhenNothingSoundsTheSinkIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{Linger: time.Second}, card)
		<-r.Play(tone(0.5, time.Second), Voice{}).Done()
		writes := r.socket.Cards()[0].Writes()
		time.Sleep(24 * time.Hour)
		if got := r.socket.Cards()[0].Writes(); got != writes {
			t.Errorf("%d writes in a day of silence", got-writes)
		}
		if st := r.Status(); st.Amp || st.RMSDBFS != -120 || st.Sink != nil || len(st.Sounding) != 0 {
			t.Errorf("status %+v", st)
		}
		// And it is ready all the same.
		at := time.Since(r.start)
		s := r.Play(tone(0.5, time.Second), Voice{})
		<-s.Done()
		near(t, "a second later", time.Since(r.start)-at, time.Second, 25*time.Millisecond)
		if rep := s.Report(); rep.Frames != sound.Rate {
			t.Errorf("report %+v", rep)
		}
		r.stop(t)
	})
}

func TestNoOneWaitsForTheAmpTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{Settle: 200 * time.Millisecond, Linger: 500 * time.Millisecond}, card)
		<-r.Play(tone(0.5, time.Second), Voice{}).Done()
		time.Sleep(100 * time.Millisecond)
		at := time.Now()
		s := r.Play(tone(0.5, time.Second), Voice{})
		<-s.Done()
		near(t, "while the amplifier lingers", s.Report().Began.Sub(at), 0, time.Millisecond)
		time.Sleep(time.Second)
		if n := len(r.amp.Edges()); n != 2 {
			t.Errorf("%d edges, want 2", n)
		}
		r.stop(t)
	})
}

func TestWhoWaitsWhenRunLeavesIsDone(t *testing.T) {
	amp := &speakertest.Amp{}
	s := New(func() (Sink, error) { return &speakertest.Card{}, nil }, amp, Opts{Log: slog.New(slog.DiscardHandler)})
	src := tone(0.5, time.Second)
	snd := s.Play(src, Voice{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-snd.Done()
	if snd.Report().Err == nil || !src.isClosed() || len(amp.Edges()) != 0 {
		t.Errorf("report %+v, closed %v, edges %v", snd.Report(), src.isClosed(), amp.Edges())
	}
}

func TestStopBeforeItBeganMakesNoEdge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{Settle: 100 * time.Millisecond}, card)
		src := tone(0.5, time.Minute)
		s := r.Play(src, Voice{})
		s.Stop()
		<-s.Done()
		if len(r.amp.Edges()) != 0 || !src.isClosed() || s.Report().Frames != 0 {
			t.Errorf("edges %v, report %+v", r.amp.Edges(), s.Report())
		}
		r.stop(t)
	})
}

func TestLeavingInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{Settle: 50 * time.Millisecond, Linger: time.Minute}, card)
		src := tone(0.5, time.Minute)
		s := r.Play(src, Voice{})
		time.Sleep(10*time.Second + 50*time.Millisecond)
		at := time.Now()
		r.stop(t)
		if took := time.Since(at); took > 25*time.Millisecond {
			t.Errorf("leaving took %v", took)
		}
		<-s.Done()
		rep := s.Report()
		near(t, "heard", sound.Duration(int(rep.Frames)), 10*time.Second, 50*time.Millisecond)
		if rep.Ended || rep.Err == nil || !src.isClosed() {
			t.Errorf("report %+v, closed %v", rep, src.isClosed())
		}
	})
}

func TestAnAmpThatFailsIsNoSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, card)
		burnt := errors.New("line is gone")
		r.amp.Fail(burnt)
		s := r.Play(tone(0.5, 2*time.Second), Voice{})
		<-s.Done()
		if rep := s.Report(); rep.Frames != 0 || rep.Lost != 2*sound.Rate || !errors.Is(rep.Err, burnt) {
			t.Errorf("report %+v", rep)
		}
		if told := r.conditions(AmpFault); len(told) != 1 || told[0].err == nil {
			t.Errorf("told %v", told)
		}
		if st := r.Status(); st.AmpErr == nil || st.Amp {
			t.Errorf("status %+v", st)
		}
		// It is mended while something plays: the rest is heard.
		s = r.Play(tone(0.5, 10*time.Second), Voice{})
		time.Sleep(4 * time.Second)
		r.amp.Fail(nil)
		<-s.Done()
		rep := s.Report()
		near(t, "heard", sound.Duration(int(rep.Frames)), 5500*time.Millisecond, 1200*time.Millisecond)
		if rep.Frames+rep.Lost != 10*sound.Rate || rep.Err == nil {
			t.Errorf("report %+v", rep)
		}
		if told := r.conditions(AmpFault); len(told) != 2 || told[1].err != nil {
			t.Errorf("told %v", told)
		}
		r.stop(t)
	})
}

func TestAnAmpThatCannotBeSwitchedOffIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, card)
		s := r.Play(tone(0.5, time.Second), Voice{})
		time.Sleep(500 * time.Millisecond)
		r.amp.Fail(errors.New("bus error"))
		<-s.Done()
		time.Sleep(10 * time.Second)
		if !r.amp.On() || len(r.conditions(AmpFault)) != 1 {
			t.Errorf("on %v, told %v", r.amp.On(), r.conditions(AmpFault))
		}
		tries := r.amp.Tries()
		time.Sleep(10 * time.Second)
		if n := r.amp.Tries() - tries; n < 9 || n > 11 {
			t.Errorf("%d tries in 10 s", n)
		}
		r.amp.Fail(nil)
		time.Sleep(1100 * time.Millisecond)
		if r.amp.On() {
			t.Error("it is still on")
		}
		r.stop(t)
	})
}

func TestHoldAmp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{Linger: 100 * time.Millisecond}, card)
		r.HoldAmp(time.Hour)
		time.Sleep(59 * time.Second)
		if !r.amp.On() {
			t.Error("the amplifier is off")
		}
		time.Sleep(2 * time.Second)
		if r.amp.On() {
			t.Error("the amplifier is on after a minute")
		}
		r.HoldAmp(10 * time.Second)
		time.Sleep(time.Second)
		<-r.Play(tone(0.5, time.Second), Voice{}).Done()
		time.Sleep(time.Second)
		if !r.amp.On() {
			t.Error("the end of a sound ends the hold")
		}
		r.HoldAmp(0)
		synctest.Wait()
		if r.amp.On() || len(r.amp.Edges()) != 4 {
			t.Errorf("on %v after the hold was ended, %d edges", r.amp.On(), len(r.amp.Edges()))
		}
		r.stop(t)
	})
}

func TestAPanicLeavesTheAmpOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		amp := &speakertest.Amp{}
		s := New(func() (Sink, error) {
			return sinkFunc(func([]int16) error { panic("driver") }), nil
		}, amp, Opts{Log: slog.New(slog.DiscardHandler)})
		snd := s.Play(tone(0.5, time.Second), Voice{})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = s.Run(t.Context()) // it panics
		}()
		if amp.On() || len(amp.Edges()) != 2 {
			t.Errorf("edges %v", amp.Edges())
		}
		<-snd.Done()
		late := s.Play(tone(0.5, time.Second), Voice{})
		<-late.Done()
		if late.Report().Err == nil {
			t.Error("a speaker that is off took a source without a word")
		}
	})
}
