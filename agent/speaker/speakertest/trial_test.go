package speakertest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheCardPassesItsTrial(t *testing.T) {
	for name, open := range map[string]func() (Sink, error){
		"plain":      func() (Sink, error) { return &Card{}, nil },
		"slow clock": func() (Sink, error) { return &Card{PPM: -300, Stuck: 1024}, nil },
		"clocked":    func() (Sink, error) { return ClockedCard{&Card{PPM: 300, Stuck: 4800}}, nil },
		"long queue": func() (Sink, error) { return &Card{Queue: 23000}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range trials {
				synctest.Test(t, func(t *testing.T) {
					s, err := open()
					if err != nil {
						t.Fatal(err)
					}
					defer closeSink(s)
					if err := c.try(s); err != nil {
						t.Errorf("%s: %v", c.name, err)
					}
				})
			}
		})
	}
}

// Each way to be wrong is found by the trial that is there for it.
func TestTheTrialFindsWhatIsWrong(t *testing.T) {
	for trial, s := range map[string]func() Sink{
		"sound takes its time":           func() Sink { return hasty{&Card{}} },
		"the queue is short":             func() Sink { return &Card{Queue: 2 * rate} },
		"a drain heeds its context":      func() Sink { return deafDrain{&Card{}} },
		"a drop forgets":                 func() Sink { return liar{&Card{}} },
		"a drop frees a writer":          func() Sink { return stubborn{&Card{}} },
		"after Close nothing goes":       func() Sink { return undead{&Card{}} },
		"Close frees a writer":           func() Sink { return undead{&Card{}} },
		"silence breaks nothing":         func() Sink { return &sleepy{Card: &Card{}} },
		"the clock tells what was heard": func() Sink { return boastful{&Card{}} },
	} {
		synctest.Test(t, func(t *testing.T) {
			for _, c := range trials {
				if c.name != trial {
					continue
				}
				broken := s()
				if err := c.try(broken); err == nil {
					t.Errorf("%q finds nothing wrong with %T", trial, broken)
				} else {
					t.Log(err)
				}
				release(broken)
			}
		})
	}
}

// release frees what a broken sink still holds.
func release(s Sink) {
	switch s := s.(type) {
	case stubborn:
		_ = s.Card.Close() // never fails
	case undead:
		_ = s.Card.Close() // never fails
	}
}

type hasty struct{ *Card }

func (hasty) Drain(context.Context) error { return nil }

type deafDrain struct{ *Card }

func (d deafDrain) Drain(context.Context) error { return d.Card.Drain(context.Background()) }

type liar struct{ *Card }

func (liar) Drop() (int, error) { return 0, errors.New("not supported") }

type stubborn struct{ *Card }

func (stubborn) Drop() (int, error) { return 0, nil }

type undead struct{ *Card }

func (undead) Close() error { return nil }

type sleepy struct {
	*Card
	last time.Time
}

func (s *sleepy) Write(p []int16) error {
	if !s.last.IsZero() && time.Since(s.last) > 300*time.Millisecond {
		return errors.New("the device went to sleep")
	}
	s.last = time.Now()
	return s.Card.Write(p)
}

type boastful struct{ *Card }

func (b boastful) Heard() (int64, time.Time) {
	return int64(b.Writes() * 960), time.Now().Add(time.Hour)
}

func TestTheCardRunsDryWhenNobodyFeedsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Card{}
		for range 3 {
			if err := c.Write(make([]int16, 1920)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		if n := c.Xruns(); n != 2 {
			t.Errorf("%d xruns before the last write, want 2", n)
		}
		if h := c.Heard(); len(h) != 3 || h[1].At.Sub(h[0].At) != 50*time.Millisecond || h[2].Frames() != 960 {
			t.Errorf("%d stretches", len(h))
		}
	})
}

func TestTheLinePassesItsTrial(t *testing.T) {
	RunAmp(t, func() (*Amp, func() bool, error) {
		a := &Amp{}
		return a, a.On, nil
	})
	a := &Amp{}
	if err := a.Set(true); err != nil {
		t.Fatal(err)
	}
	if err := ampTrials[0].try(a, a.On); err == nil {
		t.Error("a line that is on after opening passes")
	}
	if err := ampTrials[1].try(a, func() bool { return true }); err == nil {
		t.Error("a line that does not follow passes")
	}
}
