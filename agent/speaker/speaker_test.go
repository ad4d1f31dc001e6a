package speaker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/sound"
	"loa/agent/speaker/speakertest"
)

// rig is a speaker with a card and an amplifier that remember everything.
type rig struct {
	*Speaker
	socket *speakertest.Socket
	amp    *speakertest.Amp
	start  time.Time

	mu    sync.Mutex
	told  []condition
	leave context.CancelFunc
	left  chan struct{}
}

type condition struct {
	code string
	err  error
	at   time.Duration
}

// boot plugs in a card, starts a speaker on it and lets it come to rest.
func boot(t *testing.T, o Opts, card func() *speakertest.Card) *rig {
	t.Helper()
	r := &rig{socket: &speakertest.Socket{}, amp: &speakertest.Amp{}, start: time.Now(), left: make(chan struct{})}
	if card != nil {
		r.socket.Plug(card)
	}
	o.Log = slog.New(slog.DiscardHandler)
	o.Report = func(code string, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, condition{code, err, time.Since(r.start)})
	}
	r.Speaker = New(func() (Sink, error) {
		c, err := r.socket.Open()
		if err != nil {
			return nil, err
		}
		return c, nil
	}, r.amp, o)
	ctx, cancel := context.WithCancel(t.Context())
	r.leave = cancel
	go func() { // waited for by stop
		defer close(r.left)
		if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	}()
	synctest.Wait()
	return r
}

func card() *speakertest.Card { return &speakertest.Card{} }

// stop ends Run and checks that everything is off.
func (r *rig) stop(t *testing.T) {
	t.Helper()
	r.leave()
	<-r.left
	if r.amp.On() {
		t.Error("the amplifier is on after Run")
	}
}

// conditions are what was told of code.
func (r *rig) conditions(code string) []condition {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []condition
	for _, c := range r.told {
		if c.code == code {
			all = append(all, c)
		}
	}
	return all
}

// tone is a source at a steady level: a square wave, so that no block of it is
// ever near zero.
func tone(level float32, d time.Duration) *square {
	return &square{level: level, left: sound.Frames(d)}
}

type square struct {
	mu     sync.Mutex
	level  float32
	at     int
	left   int
	closed bool
}

func (s *square) Read(p []float32) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p)/2, s.left)
	for i := range n {
		v := s.level
		if s.at/24%2 == 1 { // 1 kHz
			v = -v
		}
		p[2*i], p[2*i+1] = v, v
		s.at++
	}
	s.left -= n
	return 2 * n, nil
}

func (s *square) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *square) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// levels is the largest sample in each millisecond of what was heard, by time
// since r was booted.
func (r *rig) levels() []float64 {
	var out []float64
	for _, s := range r.socket.Heard() {
		from := s.At.Sub(r.start)
		for n := range s.Frames() {
			at := int((from + sound.Duration(n)) / time.Millisecond)
			for len(out) <= at {
				out = append(out, 0)
			}
			out[at] = max(out[at], math.Abs(float64(s.PCM[2*n]))/32768)
		}
	}
	return out
}

func near(t *testing.T, what string, got, want, within time.Duration) {
	t.Helper()
	if d := got - want; d < -within || d > within {
		t.Errorf("%s: %v, want %v ±%v", what, got, want, within)
	}
}

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

func TestWhatFollowsWaitsForNoDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, card)
		r.Play(tone(0.5, time.Second), Voice{})
		time.Sleep(900 * time.Millisecond) // all of it is in the queue
		at := time.Now()
		next := r.Play(tone(0.5, time.Second), Voice{})
		<-next.Done()
		near(t, "written after", next.Report().Began.Sub(at), 0, time.Millisecond)
		if heard := r.socket.Heard(); len(heard) != 1 {
			t.Errorf("the sound has %d gaps", len(heard)-1)
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

func TestSamplesOfSixteenBitsStayThemselves(t *testing.T) {
	var in []float32
	for v := -32768; v < 32768; v++ {
		in = append(in, float32(v)/32768)
	}
	out := make([]int16, len(in))
	toInt16(out, in)
	for i, v := range out {
		if int(v) != i-32768 {
			t.Fatalf("%d became %d", i-32768, v)
		}
	}
	toInt16(out, []float32{0.4 / 32768, -0.4 / 32768, 0.6 / 32768, -0.6 / 32768, 2, -2})
	for i, want := range []int16{0, 0, 1, -1, 32767, -32768} {
		if out[i] != want {
			t.Errorf("value %d became %d, want %d", i, out[i], want)
		}
	}
}

func TestAHigherClassIsHeardWithTheNextBlock(t *testing.T) {
	for _, stuck := range []int{0, 960, 4800} {
		synctest.Test(t, func(t *testing.T) {
			r := boot(t, Opts{}, func() *speakertest.Card { return &speakertest.Card{Stuck: stuck} })
			music := r.Play(tone(0.25, 10*time.Second), Voice{Name: "music", Class: 3})
			time.Sleep(3 * time.Second)
			at := time.Since(r.start)
			alarm := r.Play(tone(0.6, time.Second), Voice{Name: "alarm", Class: 7})
			time.Sleep(500 * time.Millisecond)
			if st := r.Status(); len(st.Held) != 1 || st.Held[0] != "music" || len(st.Sounding) != 1 || st.Sounding[0] != "alarm" {
				t.Errorf("sounding %q, held %q", st.Sounding, st.Held)
			}
			<-alarm.Done()
			<-music.Done()
			r.stop(t)

			levels := r.levels()
			ms := int(at / time.Millisecond)
			for levels[ms] < 0.5 {
				ms++
			}
			delay := time.Duration(ms)*time.Millisecond - at
			near(t, "heard after", delay, sound.Duration(stuck), 21*time.Millisecond)
			// No click, no gap: the music fades under it and comes back after it.
			for k := ms - 5; k < ms; k++ {
				if levels[k] < 0.24 {
					t.Errorf("%d ms before the alarm there is %.2f", ms-k, levels[k])
				}
			}
			if l := levels[ms+30]; math.Abs(l-0.6) > 0.01 {
				t.Errorf("30 ms into the alarm there is %.2f, want it alone", l)
			}
			m, a := music.Report(), alarm.Report()
			if m.Frames != 10*sound.Rate || !m.Ended || a.Frames != sound.Rate || !a.Ended {
				t.Errorf("music heard %d frames (%v), alarm %d (%v)", m.Frames, m.Ended, a.Frames, a.Ended)
			}
			var total int
			for _, s := range r.socket.Heard() {
				total += s.Frames()
			}
			if want := 11 * sound.Rate; total < want-1000 || total > want+2000 {
				t.Errorf("%d frames came out, want %d", total, want)
			}
		})
	}
}

func TestStopIsHeardAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, card)
		src := tone(0.5, time.Minute)
		s := r.Play(src, Voice{FadeOut: 40 * time.Millisecond})
		time.Sleep(2 * time.Second)
		at := time.Since(r.start)
		s.Stop()
		s.Stop()
		<-s.Done()
		// The write under way, the fade, and the rest of its last block.
		near(t, "silent", time.Since(r.start)-at, 60*time.Millisecond, 22*time.Millisecond)
		rep := s.Report()
		if rep.Ended || rep.Err != nil || !src.isClosed() {
			t.Errorf("report %+v, closed %v", rep, src.isClosed())
		}
		near(t, "heard", sound.Duration(int(rep.Frames)), 2040*time.Millisecond, 25*time.Millisecond)
		r.stop(t)
	})
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

// dry is a live station that says nothing for a while.
type dry struct {
	*square
	until time.Time
}

func (d dry) Read(p []float32) (int, error) {
	if time.Now().Before(d.until) {
		return 0, nil
	}
	return d.square.Read(p)
}

func TestAStarvedSourceIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, card)
		relay := r.Play(dry{tone(0.5, time.Second), time.Now().Add(3 * time.Second)}, Voice{Name: "relay"})
		time.Sleep(2 * time.Second)
		if st := r.Status(); len(st.Starving) != 1 || st.Starving[0] != "relay" || st.Underruns < 90 || len(st.Sounding) != 0 {
			t.Errorf("status %+v", st)
		}
		<-relay.Done()
		rep := relay.Report()
		if !rep.Ended || rep.Frames != sound.Rate || rep.Loud != sound.Rate {
			t.Errorf("report %+v", rep)
		}
		near(t, "starved", sound.Duration(int(rep.Starved)), 3*time.Second, 300*time.Millisecond)
		if st := r.Status(); len(st.Starving) != 0 {
			t.Errorf("status %+v", st)
		}
		r.stop(t)
	})
}

func TestSilenceIsHeardAsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, card)
		s := r.Play(tone(0, 5*time.Second), Voice{})
		<-s.Done()
		if rep := s.Report(); rep.Frames != 5*sound.Rate || rep.Loud != 0 || rep.RMSDBFS != -120 || !rep.Ended {
			t.Errorf("report %+v", rep)
		}
		r.stop(t)
	})
}

func TestStatusShowsTheLevelOfNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, card)
		for _, level := range []float32{0.1, 0.5} {
			s := r.Play(tone(level, time.Second), Voice{})
			time.Sleep(500 * time.Millisecond)
			want := sound.Decibels(float64(level))
			if st := r.Status(); math.Abs(st.RMSDBFS-want) > 0.1 || math.Abs(st.PeakDBFS-want) > 0.1 || !st.Amp {
				t.Errorf("at %.1f dBFS: %+v", want, st)
			}
			<-s.Done()
		}
		r.stop(t)
	})
}

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

func TestDuckedMusicGoesOnUnderAVoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{DuckDB: -20}, card)
		music := r.Play(tone(0.5, 6*time.Second), Voice{Class: 3})
		time.Sleep(2 * time.Second)
		r.Play(tone(0, time.Second), Voice{Class: 4, Duck: true})
		<-music.Done()
		r.stop(t)
		levels := r.levels()
		for at, want := range map[int]float64{1900: 0.5, 2500: 0.05, 2900: 0.05, 3600: 0.5, 5900: 0.5} {
			if math.Abs(levels[at]-want) > 0.01 {
				t.Errorf("at %d ms there is %.3f, want %.3f", at, levels[at], want)
			}
		}
		if rep := music.Report(); rep.Frames != 6*sound.Rate {
			t.Errorf("heard %d frames", rep.Frames)
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
		near(t, "heard", sound.Duration(int(rep.Frames)), 13500*time.Millisecond, 1500*time.Millisecond)
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

// sinkFunc is a sink of which only Write does anything.
type sinkFunc func([]int16) error

func (f sinkFunc) Write(p []int16) error       { return f(p) }
func (f sinkFunc) Drain(context.Context) error { return nil }
func (f sinkFunc) Drop() (int, error)          { return 0, nil }

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

func TestAClockedSinkConfirms(t *testing.T) {
	for _, ppm := range []float64{-200, 0, 200} {
		synctest.Test(t, func(t *testing.T) {
			c := &speakertest.Card{PPM: ppm}
			s := New(func() (Sink, error) { return speakertest.ClockedCard{Card: c}, nil }, nil, Opts{Log: slog.New(slog.DiscardHandler)})
			ctx, cancel := context.WithCancel(t.Context())
			go func() { _ = s.Run(ctx) }() // ends with the bubble
			low := s.Play(tone(0.2, 20*time.Second), Voice{Class: 3})
			time.Sleep(15 * time.Second)
			high := s.Play(tone(0.8, time.Second), Voice{Class: 7})
			<-high.Done()
			<-low.Done()
			rep := low.Report()
			if rep.Proof != "sink" || rep.Frames != 20*sound.Rate {
				t.Errorf("%g ppm: report %+v", ppm, rep)
			}
			var total int
			for _, h := range c.Heard() {
				total += h.Frames()
			}
			if want := 21 * sound.Rate; total < want || total > want+1920 {
				t.Errorf("%g ppm: %d frames came out, want %d: something was said twice or not at all", ppm, total, want)
			}
			if c.Xruns() != 0 {
				t.Errorf("%d xruns", c.Xruns())
			}
			cancel()
			synctest.Wait()
		})
	}
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

// A storm of voices, stops, losses and hangs must leave every sounding done, every
// source closed, and the amplifier off.
func TestStormLeavesTheAmpOff(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 77))
			r := boot(t, Opts{Settle: 30 * time.Millisecond, Linger: 100 * time.Millisecond, HighPassHz: 250}, card)
			var all []*Sounding
			var sources []*square
			for range 200 {
				switch rng.IntN(8) {
				case 0, 1, 2:
					src := tone(0.9, time.Duration(rng.IntN(3000))*time.Millisecond)
					sources = append(sources, src)
					all = append(all, r.Play(src, Voice{
						Class: rng.IntN(8), GainDB: float64(rng.IntN(12) - 6), Duck: rng.IntN(3) == 0,
						FadeIn: time.Duration(rng.IntN(100)) * time.Millisecond, FadeOut: time.Duration(rng.IntN(100)) * time.Millisecond}))
				case 3, 4:
					if len(all) > 0 {
						go all[rng.IntN(len(all))].Stop() // ends at once
					}
				case 5:
					if rng.IntN(4) == 0 {
						r.socket.Unplug()
					} else {
						r.socket.Plug(card)
					}
				case 6:
					if c := r.socket.Cards(); len(c) > 0 && rng.IntN(8) == 0 {
						c[len(c)-1].Hang()
					}
					r.HoldAmp(time.Duration(rng.IntN(500)) * time.Millisecond)
				}
				_ = r.Status() // as a console would, at any time
				time.Sleep(time.Duration(rng.IntN(400)) * time.Millisecond)
			}
			if seed%2 == 0 {
				r.socket.Plug(card)
				for _, s := range all {
					<-s.Done()
				}
				time.Sleep(3 * time.Second)
				if r.amp.On() {
					t.Error("the amplifier is on after the last sound")
				}
			}
			r.stop(t)
			for k, s := range all {
				<-s.Done()
				if rep := s.Report(); rep.Frames+rep.Lost != rep.Position {
					t.Errorf("sounding %d: %+v", k, rep)
				}
				if !sources[k].isClosed() {
					t.Errorf("source %d was not closed", k)
				}
			}
			edges := r.amp.Edges()
			for k, e := range edges {
				if e.On != (k%2 == 0) {
					t.Fatalf("edge %d is %v", k, e.On)
				}
			}
			if len(edges) == 0 {
				t.Error("nothing ever sounded")
			}
			ceiling := int16(math.Ceil(32768 * sound.Amplitude(-1)))
			for _, h := range r.socket.Heard() {
				for _, v := range h.PCM {
					if v > ceiling || v < -ceiling {
						t.Fatalf("%d is over the ceiling %d", v, ceiling)
					}
				}
			}
		})
	}
}
