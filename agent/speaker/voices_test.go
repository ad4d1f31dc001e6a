package speaker

import (
	"context"
	"log/slog"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/sound"
	"loa/agent/speaker/speakertest"
)

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

func TestSamplesOfSixteenBitsStayThemselves(t *testing.T) {
	var in []float32
	for v := -32768; v < 32768; v++ {
		in = append(in, float32(v)/32768)
	}
	out := appendInt16(nil, in)
	for i, v := range out {
		if int(v) != i-32768 {
			t.Fatalf("%d became %d", i-32768, v)
		}
	}
	out = appendInt16(out[:0], []float32{0.4 / 32768, -0.4 / 32768, 0.6 / 32768, -0.6 / 32768, 2, -2})
	for i, want := range []int16{0, 0, 1, -1, 32767, -32768} {
		if out[i] != want {
			t.Errorf("value %d became %d, want %d", i, out[i], want)
		}
	}
}

func TestAHigherClassIsHeardWithTheNextBlock(t *testing.T) {
	for _, card := range []func() *speakertest.Card{
		card, pole,
		func() *speakertest.Card { return &speakertest.Card{Stuck: 960} },
		func() *speakertest.Card { return &speakertest.Card{Stuck: 4800} },
	} {
		synctest.Test(t, func(t *testing.T) {
			stuck, full := card().Stuck, card().Full
			r := boot(t, Opts{}, card)
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
			late := 21 * time.Millisecond // behind a block that is being written
			if full {
				late = time.Millisecond
			}
			near(t, "heard after", delay, sound.Duration(stuck), late)
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

// What a card has room for goes there at once: every time that a box wakes up costs
// as much as half a second of mixing.
func TestARoomyCardIsWrittenToAFewTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, pole)
		<-r.Play(tone(0.5, 10*time.Second), Voice{}).Done()
		if n := r.socket.Cards()[0].Writes(); n > 50 {
			t.Errorf("%d writes in 10 s", n)
		}
		if n := len(r.socket.Heard()); n != 1 {
			t.Errorf("the sound has %d gaps", n-1)
		}
		r.stop(t)
	})
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
			// The music's fade lies under the alarm's beginning.
			if want := 21*sound.Rate - sound.Frames(20*time.Millisecond); total < want || total > want+1920 {
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

// prepared is a source that is ready some time later.
type prepared struct {
	sound.Source
	ready chan struct{}
}

func (p prepared) Ready() <-chan struct{} { return p.ready }

// What is not ready takes nothing from what sounds, and moves no amplifier.
func TestWhatSoundsGoesOnUntilTheNextIsReady(t *testing.T) {
	for _, card := range []func() *speakertest.Card{card, pole} {
		synctest.Test(t, func(t *testing.T) {
			r := boot(t, Opts{}, card)
			alarm := prepared{tone(0.6, time.Second), make(chan struct{})}
			s := r.Play(alarm, Voice{Class: 7})
			time.Sleep(time.Second)
			if n := len(r.amp.Edges()); n != 0 {
				t.Errorf("%d edges for what is not ready", n)
			}
			music := r.Play(tone(0.25, 4*time.Second), Voice{Class: 3})
			time.Sleep(2 * time.Second)
			at := time.Since(r.start)
			close(alarm.ready)
			<-s.Done()
			<-music.Done()
			never := prepared{tone(0.6, time.Second), make(chan struct{})}
			gone := r.Play(never, Voice{})
			gone.Stop()
			<-gone.Done()
			close(never.ready)
			r.stop(t)
			levels := r.levels()
			ms := int(at / time.Millisecond)
			if l := levels[ms-1]; math.Abs(l-0.25) > 0.01 {
				t.Errorf("before the alarm is ready there is %.2f", l)
			}
			late := sound.Duration(card().Stuck) + 21*time.Millisecond
			if l := levels[ms+int(late/time.Millisecond)+1]; l < 0.5 {
				t.Errorf("%v after the alarm is ready there is %.2f", late, l)
			}
		})
	}
}
