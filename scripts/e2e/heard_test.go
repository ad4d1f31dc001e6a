package e2e

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/agent/ledger"
	"loa/drivers/gpioline"
	"loa/drivers/oto/ototest"
	"loa/scripts/heard"
)

// played is everything that sounded, in mono.
func (s *stage) played() (samples []float64, rate int, err error) {
	if s.card == nil {
		for _, dir := range []string{s.box.state(), filepath.Join(s.box.root, "run/loa")} {
			if samples, rate, err = heard.ReadWAV(filepath.Join(dir, "heard.wav")); err == nil {
				break
			}
		}
		return samples, rate, err
	}
	frames := s.card.Played(s.tb())
	samples = make([]float64, len(frames)/2)
	for i := range samples {
		samples[i] = (float64(frames[2*i]) + float64(frames[2*i+1])) / 65536
	}
	return samples, 48000, nil
}

func master(name string) ([]float64, int, error) {
	return heard.ReadWAV(filepath.Join(recordings, name+".master.wav"))
}

// isHeard looks for a recording in what sounded, and for how often; with a
// duration in front, until it sounded at least so often.
func isHeard(ts *testscript.TestScript, neg bool, args []string) {
	s, want, patience := stageOf(ts), 1, time.Duration(0)
	if len(args) > 0 {
		if d, err := time.ParseDuration(args[0]); err == nil {
			patience, args = d, args[1:]
		}
	}
	if len(args) == 3 {
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		want, args = n, args[:2]
	}
	if neg {
		want = 0
	}
	if len(args) != 2 || neg && patience > 0 {
		ts.Fatalf("%v", usage(args))
	}
	least, err := strconv.ParseFloat(args[1], 64)
	ts.Check(err)
	for deadline := time.Now().Add(patience); ; time.Sleep(300 * time.Millisecond) {
		said, count, err := s.times(args[0], least)
		if err == nil && (count == want || patience > 0 && count > want) {
			fmt.Fprint(ts.Stdout(), said)
			return
		}
		if time.Now().After(deadline) {
			if s.card != nil {
				ts.Logf("the card: %v", s.card.Events(s.tb()))
			}
			ts.Fatalf("%s was heard %d times as truly as %v, want %d (%v)\n%s", args[0], count, least, want, err, said)
		}
	}
}

// times counts how often a recording is in what sounded, and says where.
func (s *stage) times(name string, least float64) (said string, count int, err error) {
	got, rate, err := s.played()
	if err != nil {
		return "", 0, err
	}
	sent, sentRate, err := master(name)
	if err != nil {
		return "", 0, err
	}
	for {
		m := heard.Find(sent, sentRate, got, rate)
		said += fmt.Sprintf("%s at %.2f s, likeness %.4f, gain %.2f\n", name, m.At.Seconds(), m.Score, m.Gain)
		if m.Score < least {
			return said, count, nil
		}
		count++
		from := int(m.At.Seconds() * float64(rate))
		clear(got[from:min(len(got), from+len(sent)*rate/sentRate)])
	}
}

// joined says whether what began to sound last is the place of the recording at
// which the programme was by then.
func (s *stage) joined(ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return usage(args)
	}
	var last struct{ Data []ledger.Entry }
	if err := s.box.data("ledger last 100", &last); err != nil {
		return err
	}
	var start, end ledger.Entry
	for _, e := range last.Data {
		switch e.Kind {
		case ledger.Start:
			start = e
		case ledger.End:
			end = e
		}
	}
	if end.Seq < start.Seq {
		return errors.New("it sounds still")
	}
	// The WAV file holds what sounded and no pauses: the last turn is its tail.
	got, rate, err := s.played()
	if err != nil {
		return err
	}
	sent, sentRate, err := master(args[0])
	if err != nil {
		return err
	}
	const probe = 1500 * time.Millisecond // of the tail, ending a second before its end
	tail := got[len(got)-int((probe+time.Second).Seconds()*float64(rate)) : len(got)-rate]
	m := heard.Find(tail, rate, sent, sentRate)
	length := time.Duration(len(sent)) * time.Second / time.Duration(sentRate)
	fmt.Fprintf(ts.Stdout(), "the tail lies at %v of %v, likeness %.3f; it began %v after the slot and sounded %.1f s\n",
		m.At, length, m.Score, start.Time.Sub(s.slot).Round(time.Millisecond), end.AirS)
	if m.Score < 0.9 {
		return fmt.Errorf("what sounded last is not the end of %s: likeness %.3f", args[0], m.Score)
	}
	if off := (length - probe - time.Second - m.At).Abs(); off > 700*time.Millisecond {
		return fmt.Errorf("the tail lies %v away from the recording's end", off)
	}
	// It missed what had gone by, and neither more nor less.
	missed := start.Time.Sub(s.slot)
	if off := (missed + time.Duration(end.AirS*float64(time.Second)) - length).Abs(); off > 1200*time.Millisecond {
		return fmt.Errorf("it began %v into a recording of %v and sounded for %.1f s: %v off its timeline", missed, length, end.AirS, off)
	}
	return nil
}

func (s *stage) edges() ([]gpioline.Edge, error) {
	for _, dir := range []string{s.box.state(), filepath.Join(s.box.root, "run/loa")} {
		if edges, err := gpioline.Edges(filepath.Join(dir, "amp.line")); err != nil || edges != nil {
			return edges, err
		}
	}
	return nil, nil
}

// ampIs waits until the line is on or off, or prints its edges.
func (s *stage) ampIs(ts *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return usage(args)
	}
	if args[0] == "edges" {
		edges, err := s.edges()
		for _, e := range edges {
			fmt.Fprintf(ts.Stdout(), "%v %s\n", e.On, e.At.Format("15:04:05.000"))
		}
		return err
	}
	bound := time.Duration(0)
	if len(args) == 2 {
		var err error
		if bound, err = time.ParseDuration(args[1]); err != nil {
			return err
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		edges, err := s.edges()
		if err != nil {
			return err
		}
		on, at := false, time.Time{}
		if len(edges) > 0 {
			on, at = edges[len(edges)-1].On, edges[len(edges)-1].At
		}
		if on == (args[0] == "on") {
			if after := at.Sub(s.box.blow); bound > 0 {
				fmt.Fprintf(ts.Stdout(), "%s %v after the blow\n", args[0], after)
				if after > bound || after < 0 {
					return fmt.Errorf("the line went %s %v after the blow, want at most %v", args[0], after, bound)
				}
			}
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the line is not %s", args[0])
		}
	}
}

func (s *stage) tb() tb { return s.env.T().(tb) }

// cardIs plugs in a sound card that takes frames in time, or pulls it out.
func (s *stage) cardIs(_ *testscript.TestScript, args []string) error {
	switch {
	case len(args) == 0 && s.card == nil:
		s.card = ototest.New(s.tb(), ototest.Opts{})
	case len(args) == 1 && args[0] == "unplug":
		s.card.Unplug(s.tb())
	case len(args) == 1 && args[0] == "plug":
		s.card.Plug(s.tb())
	default:
		return usage(args)
	}
	return nil
}
