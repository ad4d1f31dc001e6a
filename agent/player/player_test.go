package player_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
	"loa/agent/player"
	"loa/agent/sound"
	"loa/agent/speaker"
	"loa/agent/speaker/speakertest"
)

// stage is a player over a real speaker and an emulated card.
type stage struct {
	*player.Player
	card *speakertest.Card
	amp  *speakertest.Amp
	end  func()
}

func newStage(t *testing.T, open player.Opener) stage {
	t.Helper()
	card, amp := &speakertest.Card{}, &speakertest.Amp{}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	spk := speaker.New(func() (speaker.Sink, error) { return card, nil }, amp, speaker.Opts{Log: log})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { spk.Run(ctx) })
	return stage{player.New(spk, open, log, player.Opts{}), card, amp, func() { cancel(); wg.Wait() }}
}

// tones opens a part as a tone as long as the part says; a part of the chime
// named "missing" cannot be opened, "silence" is silent, "faint" is far too quiet.
func tones(_ context.Context, p plan.Part) (player.Opened, error) {
	switch p.Chime {
	case "missing":
		return player.Opened{}, &plan.Error{Code: plan.MediaMissing, Msg: "not here"}
	case "silence":
		return player.Opened{Source: sound.Silence(p.Length)}, nil
	case "faint":
		return player.Opened{Source: sound.NewTone(440, -54, p.Length)}, nil
	}
	return player.Opened{Source: sound.NewTone(440, -20, p.Length), SHA256: p.Chime}, nil
}

func occurrence(length time.Duration, chimes ...string) plan.Occurrence {
	now := time.Now()
	o := plan.Occurrence{ID: "s@1/0", Class: plan.Normal, Start: now, End: now.Add(time.Hour)}
	for _, c := range chimes {
		o.Parts = append(o.Parts, plan.Part{Chime: c, Length: length})
	}
	o.Length = length * time.Duration(len(chimes))
	return o
}

func near(a, b, tolerance time.Duration) bool { return (a - b).Abs() <= tolerance }

func TestEndings(t *testing.T) {
	for _, c := range []struct {
		name   string
		chimes []string
		repeat int
		result plan.Result
		code   plan.Code
		heard  time.Duration
	}{
		{"heard", []string{"a", "b"}, 1, plan.Heard, "", 4 * time.Second},
		{"three rounds with gaps", []string{"a"}, 3, plan.Heard, "", 6 * time.Second},
		{"silent recording", []string{"silence"}, 1, plan.Silent, "", 0},
		{"faint recording", []string{"faint"}, 1, plan.Weak, "", 2 * time.Second},
		{"one part missing", []string{"missing", "b"}, 1, plan.Partial, plan.MediaMissing, 2 * time.Second},
		{"all missing", []string{"missing"}, 1, plan.Silent, plan.MediaMissing, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, tones)
				defer s.end()
				o := occurrence(2*time.Second, c.chimes...)
				o.Repeat, o.Gap = c.repeat, 2*time.Second
				turn := s.Play(o, 100, time.Now())
				e := <-s.Endings()
				if e.Turn != turn {
					t.Errorf("turn %d, want %d", e.Turn, turn)
				}
				if e.Result != c.result || e.Code != c.code {
					t.Errorf("ended %s (%s), want %s (%s): %v", e.Result, e.Code, c.result, c.code, e.Err)
				}
				if !near(e.Heard, c.heard, 50*time.Millisecond) {
					t.Errorf("heard %v, want %v", e.Heard, c.heard)
				}
				if _, playing := s.Now(); playing {
					t.Error("still playing after its ending")
				}
			})
		})
	}
}

func TestHigherTakesOverAndTheFirstSaysWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, tones)
		defer s.end()
		first := occurrence(20*time.Second, "a")
		s.Play(first, 100, time.Now())
		time.Sleep(5 * time.Second)
		alarm := occurrence(3*time.Second, "b")
		alarm.ID, alarm.Class = "alert", plan.Emergency
		s.Play(alarm, 100, time.Now())
		e := <-s.Endings()
		if e.Occurrence.ID != first.ID || e.Complete || e.Result != plan.Partial {
			t.Fatalf("first ending %+v, want the first, partial", e)
		}
		if !near(e.At, 5*time.Second, 600*time.Millisecond) {
			t.Errorf("stopped at %v, want about 5 s", e.At)
		}
		if e = <-s.Endings(); e.Occurrence.ID != "alert" || e.Result != plan.Heard {
			t.Fatalf("second ending %+v, want the alert, heard", e)
		}
		first.At = 5 * time.Second
		began := time.Now()
		s.Play(first, 100, began)
		if e = <-s.Endings(); !e.Complete || !near(time.Since(began), 15*time.Second, time.Second) {
			t.Errorf("resumed for %v, complete %v; want 15 s", time.Since(began), e.Complete)
		}
	})
}

func TestNothingSoundsPastItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, tones)
		defer s.end()
		o := occurrence(20*time.Second, "a")
		o.End = time.Now().Add(4 * time.Second)
		s.Play(o, 100, time.Now())
		e := <-s.Endings()
		if e.Complete || e.Result != plan.Partial || !near(e.Heard, 4*time.Second, 100*time.Millisecond) {
			t.Errorf("ended %s after %v, want partial after 4 s", e.Result, e.Heard)
		}
	})
}

// More frames than a box with 32 bits can count in an int: an alert until it is
// lifted, a station all day, and one that is joined in the evening.
func TestALongDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, tones)
		defer s.end()
		o := occurrence(2*time.Second, "a")
		o.End = time.Now().Add(400 * 24 * time.Hour)
		s.Play(o, 100, time.Now())
		if e := <-s.Endings(); !e.Complete || e.Result != plan.Heard {
			t.Errorf("in a slot without end: %s, %v", e.Result, e.Err)
		}
		o = occurrence(20*time.Hour, "a", "b")
		o.Parts[1].Length = 5 * time.Second
		o.At = 20*time.Hour + 3*time.Second
		s.Play(o, 100, time.Now())
		if e := <-s.Endings(); !e.Complete || !near(e.Heard, 2*time.Second, 100*time.Millisecond) {
			t.Errorf("joined before its end: complete %t, %v heard, %v", e.Complete, e.Heard, e.Err)
		}
	})
}

func TestStopIsPromptAndClosesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var closed atomic.Int32
		s := newStage(t, func(ctx context.Context, p plan.Part) (player.Opened, error) {
			o, err := tones(ctx, p)
			o.Source = counted{o.Source, &closed}
			return o, err
		})
		defer s.end()
		s.Play(occurrence(20*time.Second, "a", "b"), 100, time.Now())
		time.Sleep(time.Second)
		asked := time.Now()
		s.Stop()
		e := <-s.Endings()
		if e.Result != plan.Partial || time.Since(asked) > 500*time.Millisecond {
			t.Errorf("ended %s after %v", e.Result, time.Since(asked))
		}
		synctest.Wait()
		if n := closed.Load(); n != 2 {
			t.Errorf("%d of 2 opened parts were closed", n)
		}
	})
}

func TestAFailingPartLetsTheNextSound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("bad frame")
		s := newStage(t, func(ctx context.Context, p plan.Part) (player.Opened, error) {
			o, err := tones(ctx, p)
			if p.Chime == "broken" {
				o.Source = failing{o.Source, broken}
			}
			return o, err
		})
		defer s.end()
		s.Play(occurrence(2*time.Second, "broken", "b"), 100, time.Now())
		e := <-s.Endings()
		if e.Result != plan.Partial || e.Code != plan.MediaFormat || !errors.Is(e.Err, broken) {
			t.Errorf("ended %s (%s): %v", e.Result, e.Code, e.Err)
		}
		if !near(e.Heard, 2*time.Second, 50*time.Millisecond) {
			t.Errorf("heard %v, want the second part's 2 s", e.Heard)
		}
	})
}

// What cannot be opened in time is given up, and the rest sounds; what comes of it
// later is closed. Before there is anything to sound the amplifier is off.
func TestASlowPartIsGivenUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		chimes []string
		takes  time.Duration // to open "slow"
		result plan.Result
		heard  time.Duration
		lasts  time.Duration // at most
	}{
		{"a tone and its words", []string{"a", "slow"}, time.Hour, plan.Partial, 2 * time.Second, 11 * time.Second},
		{"in the middle", []string{"a", "slow", "b"}, time.Hour, plan.Partial, 4 * time.Second, 13 * time.Second},
		{"alone", []string{"slow"}, time.Hour, plan.Silent, 0, 11 * time.Second},
		{"slow, but not too slow", []string{"a", "slow", "b"}, 8 * time.Second, plan.Heard, 6 * time.Second, 13 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var opened, closed atomic.Int32
				s := newStage(t, func(ctx context.Context, p plan.Part) (player.Opened, error) {
					if p.Chime == "slow" {
						time.Sleep(c.takes) // whatever ctx says: a codec that hangs does not listen
					}
					o, err := tones(ctx, p)
					opened.Add(1)
					o.Source = counted{o.Source, &closed}
					return o, err
				})
				defer s.end()
				began := time.Now()
				s.Play(occurrence(2*time.Second, c.chimes...), 100, began)
				e := <-s.Endings()
				late := c.takes > time.Minute
				if e.Result != c.result || late != (e.Code == plan.MediaFormat) {
					t.Errorf("ended %s (%s): %v", e.Result, e.Code, e.Err)
				}
				if !near(e.Heard, c.heard, 50*time.Millisecond) {
					t.Errorf("heard %v, want %v", e.Heard, c.heard)
				}
				if d := time.Since(began); d > c.lasts {
					t.Errorf("it held the speaker for %v", d)
				}
				if on := s.amp.Edges(); c.heard == 0 && len(on) > 0 && on[0].At.Sub(began) < 10*time.Second {
					t.Errorf("the amplifier was on after %v", on[0].At.Sub(began))
				}
				time.Sleep(2 * time.Hour)
				if o, c, want := opened.Load(), closed.Load(), int32(len(c.chimes)); o != want || c != want {
					t.Errorf("of %d parts %d were opened, %d closed", want, o, c)
				}
			})
		})
	}
}

// Nobody waits for the opening of an item that was stopped.
func TestStopCallsOpeningOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off := make(chan time.Time, 1)
		s := newStage(t, func(ctx context.Context, _ plan.Part) (player.Opened, error) {
			<-ctx.Done()
			off <- time.Now()
			return player.Opened{}, ctx.Err()
		})
		defer s.end()
		s.Play(occurrence(20*time.Second, "a"), 100, time.Now())
		time.Sleep(time.Second)
		asked := time.Now()
		s.Stop()
		if e := <-s.Endings(); e.Complete || e.Heard > 0 {
			t.Errorf("ended %s, %v heard", e.Result, e.Heard)
		}
		if d := (<-off).Sub(asked); d > 100*time.Millisecond {
			t.Errorf("its opening was called off after %v", d)
		}
	})
}

type counted struct {
	sound.Source
	n *atomic.Int32
}

func (c counted) Close() error { c.n.Add(1); return c.Source.Close() }

// failing gives nothing but its error.
type failing struct {
	sound.Source
	err error
}

func (f failing) Read([]float32) (int, error) { return 0, f.err }

// What is soft because it is to be soft, in the evening, is no fault of a part.
func TestSoftByOrderIsNotWeak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, tones)
		defer s.end()
		s.Play(occurrence(2*time.Second, "a"), 20, time.Now())
		if e := <-s.Endings(); e.Result != plan.Heard {
			t.Errorf("at 20 %% it ended %s, %.1f dBFS; want heard", e.Result, e.RMSDBFS)
		}
	})
}

// A station that is away gives nothing, not even something to fade; while its
// sounding lasted the amplifier would stay on.
func TestAStationThatIsAwayCanBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, first := range []time.Duration{0, 3 * time.Second} {
			s := newStage(t, func(context.Context, plan.Part) (player.Opened, error) {
				return player.Opened{Source: away{sound.NewTone(440, -20, time.Hour), time.Now().Add(first)}}, nil
			})
			o := occurrence(0)
			o.Parts = []plan.Part{{Relay: &plan.Relay{}}}
			s.Play(o, 100, time.Now())
			time.Sleep(10 * time.Second)
			s.Stop()
			select {
			case e := <-s.Endings():
				if e.Complete || !near(e.Heard, first, 210*time.Millisecond) {
					t.Errorf("heard %v of it, complete %v; want %v", e.Heard, e.Complete, first)
				}
			case <-time.After(10 * time.Second):
				t.Error("it has not ended 10 s after Stop")
			}
			s.end()
		}
	})
}

// away gives nothing from a time on.
type away struct {
	sound.Source
	from time.Time
}

func (a away) Read(p []float32) (int, error) {
	if !time.Now().Before(a.from) {
		return 0, nil
	}
	return a.Source.Read(p)
}

// What was announced begins without a break, and is one turn like any other.
func TestNextFollowsWithoutABreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, tones)
		defer s.end()
		one, two := occurrence(4*time.Second, "a"), occurrence(4*time.Second, "b")
		two.ID = "s@1/1"
		s.Play(one, 100, time.Now())
		time.Sleep(2 * time.Second)
		s.Next(&two, 100, time.Now().Add(2*time.Second))
		first := <-s.Endings()
		time.Sleep(100 * time.Millisecond) // whoever reads endings may be busy
		turn := s.Play(two, 100, time.Now())
		second := <-s.Endings()
		for _, e := range []plan.Ending{first, second} {
			if e.Result != plan.Heard || !e.Complete || !near(e.At, 4*time.Second, 0) {
				t.Errorf("%s ended %s at %v", e.Occurrence.ID, e.Result, e.At)
			}
		}
		if first.Occurrence.ID != one.ID || second.Occurrence.ID != two.ID || second.Turn != turn {
			t.Errorf("ended %s, %s (turn %d, want %d)", first.Occurrence.ID, second.Occurrence.ID, second.Turn, turn)
		}
		heard := s.card.Heard()
		if len(heard) != 1 {
			t.Fatalf("%d breaks", len(heard)-1)
		}
		if d := sound.Duration(heard[0].Frames()); !near(d, 8*time.Second-sound.Overlap, 40*time.Millisecond) {
			t.Errorf("both lasted %v", d)
		}
	})
}

// What was announced and is not asked for is gone, whether it had begun or not.
func TestNextIsNoPromise(t *testing.T) {
	for name, then := range map[string]func(s stage, o plan.Occurrence){
		"something else": func(s stage, o plan.Occurrence) { o.ID = "else"; s.Play(o, 100, time.Now()) },
		"nothing":        func(s stage, o plan.Occurrence) { s.Next(nil, 0, time.Now()) },
		"stop":           func(s stage, o plan.Occurrence) { s.Stop() },
	} {
		for _, late := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, tones)
				defer s.end()
				one, two := occurrence(2*time.Second, "a"), occurrence(time.Minute, "b")
				two.ID = "s@1/1"
				s.Play(one, 100, time.Now())
				s.Next(&two, 100, time.Now().Add(2*time.Second))
				time.Sleep(time.Second)
				if late {
					<-s.Endings()
				}
				then(s, occurrence(time.Second, "c"))
				time.Sleep(5 * time.Second)
				for ends := true; ends; {
					select {
					case e := <-s.Endings():
						if e.Occurrence.ID == two.ID {
							t.Errorf("%s, late %v: an ending of what nobody asked for", name, late)
						}
					default:
						ends = false
					}
				}
				all := 0
				for _, h := range s.card.Heard() {
					all += h.Frames()
				}
				if d := sound.Duration(all); d > 4*time.Second {
					t.Errorf("%s, late %v: it sounded for %v", name, late, d)
				}
			})
		}
	}
}
