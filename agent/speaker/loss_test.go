package speaker

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/sound"
	"loa/agent/speaker/speakertest"
)

func TestWhoIsToldMayAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		amp := &speakertest.Amp{}
		amp.Fail(errors.New("line is gone"))
		var s *Speaker
		asked := 0
		s = New(func() (Sink, error) { return nil, errors.New("no card") }, amp, Opts{
			Log:    slog.New(slog.DiscardHandler),
			Report: func(string, error) { asked++; _ = s.Status() },
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := s.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if asked != 2 {
			t.Errorf("told %d times, want once of each fault", asked)
		}
	})
}

func TestALostDeviceIsSaidAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{Settle: 50 * time.Millisecond, Linger: 200 * time.Millisecond}, card)
		s := r.Play(tone(0.5, 20*time.Second), Voice{Class: 3})
		time.Sleep(3 * time.Second)
		r.socket.Unplug()
		time.Sleep(5 * time.Second)
		if r.amp.On() {
			t.Error("the amplifier is on without a device")
		}
		if st := r.Status(); st.Sink == nil || !errors.Is(st.Sink, speakertest.ErrLost) {
			t.Errorf("status says %v", st.Sink)
		}
		r.socket.Plug(card)
		back := time.Since(r.start)
		<-s.Done()
		near(t, "the programme ends when it would have", time.Since(r.start), 20050*time.Millisecond, 150*time.Millisecond)
		r.stop(t)

		levels := r.levels()
		ms := int(back / time.Millisecond)
		for levels[ms] < 0.1 {
			ms++
		}
		if delay := time.Duration(ms)*time.Millisecond - back; delay > 2*time.Second {
			t.Errorf("it sounds again %v after the device came back", delay)
		}
		rep := s.Report()
		if !errors.Is(rep.Err, speakertest.ErrLost) || !rep.Ended || rep.Position != 20*sound.Rate {
			t.Errorf("report %+v", rep)
		}
		// When it is tried again is drawn; what the card has played is known.
		var played time.Duration
		for _, level := range levels {
			if level >= 0.1 {
				played += time.Millisecond
			}
		}
		near(t, "heard", sound.Duration(int(rep.Frames)), played, 25*time.Millisecond)
		told := r.conditions(SinkLost)
		if n := len(told); n < 3 || told[0].err != nil || told[1].err == nil || told[n-1].err != nil {
			t.Fatalf("told %v", told)
		}
		// The queue's 200 ms run on before a write can fail.
		near(t, "said", told[1].at, 3*time.Second, 25*time.Millisecond)
	})
}

func TestWithoutADeviceItRunsAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, nil)
		at := time.Since(r.start)
		s := r.Play(tone(0.5, 3*time.Second), Voice{})
		<-s.Done()
		near(t, "time goes on", time.Since(r.start)-at, 3*time.Second, 25*time.Millisecond)
		if rep := s.Report(); rep.Frames != 0 || rep.Lost != 3*sound.Rate || rep.Err == nil || !rep.Ended || rep.Proof != "" {
			t.Errorf("report %+v", rep)
		}
		if len(r.amp.Edges()) != 0 {
			t.Errorf("the amplifier had edges: %v", r.amp.Edges())
		}
		fails := r.socket.Fails()
		time.Sleep(time.Hour)
		if n := r.socket.Fails() - fails; n < 300 || n > 500 {
			t.Errorf("%d tries in an hour, want one in 10 s or so", n)
		}
		if told := r.conditions(SinkLost); len(told) != 1 {
			t.Errorf("told %d times: %v", len(told), told)
		}
		// Who wants to be heard does not wait for the next try.
		r.socket.Plug(card)
		s = r.Play(tone(0.5, time.Second), Voice{})
		at = time.Since(r.start)
		<-s.Done()
		if rep := s.Report(); rep.Frames != sound.Rate || rep.Err != nil || rep.Began.Sub(r.start) > at+time.Millisecond {
			t.Errorf("report %+v", rep)
		}
		r.stop(t)
	})
}

func TestAHangingDeviceKeepsNoAmpOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, card)
		s := r.Play(tone(0.5, 30*time.Second), Voice{})
		time.Sleep(5 * time.Second)
		r.socket.Cards()[0].Hang()
		time.Sleep(2500 * time.Millisecond)
		told := r.conditions(SinkLost)
		if len(told) < 2 || !errors.Is(told[1].err, errStalled) {
			t.Fatalf("told %v", told)
		}
		edges := r.amp.Edges()
		if len(edges) < 2 || edges[1].On {
			t.Fatalf("edges %v", edges)
		}
		near(t, "amplifier off", edges[1].At.Sub(r.start), 7*time.Second, 250*time.Millisecond)
		<-s.Done() // on a fresh card
		if rep := s.Report(); rep.Frames < 25*sound.Rate || rep.Err == nil {
			t.Errorf("report %+v", rep)
		}
		r.stop(t)
	})
}

func TestAThousandLossesLeakNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deaf := func() *speakertest.Card { return &speakertest.Card{Deaf: true} }
		r := boot(t, Opts{Settle: 10 * time.Millisecond}, deaf)
		s := r.Play(tone(0.5, 10*time.Hour), Voice{})
		time.Sleep(time.Second)
		before := runtime.NumGoroutine()
		for range 1000 {
			r.socket.Unplug()
			time.Sleep(100 * time.Millisecond)
			r.socket.Plug(deaf)
			time.Sleep(400 * time.Millisecond)
			if st := r.Status(); st.Sink != nil || !st.Amp {
				t.Fatalf("0.4 s after the device came back: %+v", st)
			}
		}
		synctest.Wait()
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("%d goroutines, %d before", after, before)
		}
		cards := r.socket.Cards()
		if len(cards) != 1001 {
			t.Errorf("%d cards were opened", len(cards))
		}
		for k, c := range cards[:1000] {
			if !c.Closed() {
				t.Fatalf("card %d was lost and not closed", k)
			}
		}
		s.Stop()
		<-s.Done()
		if rep := s.Report(); rep.Frames == 0 || rep.Lost == 0 {
			t.Errorf("report %+v", rep)
		}
		r.stop(t)
	})
}
