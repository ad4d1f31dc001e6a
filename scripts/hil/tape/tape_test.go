package tape

import (
	"math"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

// A recorder that stands while nothing plays: the second sound came 5 s after the first,
// and lies right behind it in the file.
func TestAudibleAcrossAHole(t *testing.T) {
	s := Sound{Rate: 1000, Samples: make([]float64, 2000)}
	for i := 200; i < 800; i++ {
		s.Samples[i] = 0.1 * math.Sin(float64(i))
	}
	for i := 1100; i < 1900; i++ {
		s.Samples[i] = 0.1 * math.Sin(float64(i))
	}
	s.Marks = []Mark{{at(500), 500}, {at(1000), 1000}, {at(6200), 1200}, {at(7000), 2000}}
	got := s.Audible(300 * time.Millisecond)
	want := []Span{{at(200), at(799)}, {at(6100), at(6899)}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSince(t *testing.T) {
	s := Sound{Rate: 1000, Samples: make([]float64, 2000), Marks: []Mark{{at(500), 500}, {at(1000), 1000}, {at(6200), 1200}, {at(7000), 2000}}}
	late := s.Since(at(5000))
	if len(late.Samples) != 1000 || late.When(100) != at(6100) || late.When(100) != s.When(1100) {
		t.Errorf("%d samples, the 100th at %v", len(late.Samples), late.When(100))
	}
	if all := s.Since(at(0)); len(all.Samples) != 2000 {
		t.Errorf("%d samples", len(all.Samples))
	}
	if none := s.Since(at(8000)); len(none.Samples) != 0 || !none.When(0).IsZero() {
		t.Errorf("%d samples", len(none.Samples))
	}
}

func TestDitherIsSilence(t *testing.T) {
	s := Sound{Rate: 1000, Samples: make([]float64, 1000), Marks: []Mark{{at(1000), 1000}}}
	for i := range s.Samples {
		s.Samples[i] = float64(i%3-1) / 32768
	}
	if got := s.Audible(time.Second); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestOn(t *testing.T) {
	edges := []Edge{{at(0), 5, true}, {at(10), 3, true}, {at(100), 5, false}, {at(200), 5, true}}
	got := On(edges, 5, true, at(1000))
	if len(got) != 2 || got[0] != (Span{at(0), at(100)}) || got[1] != (Span{at(200), at(1000)}) {
		t.Errorf("got %v", got)
	}
	if got := On(edges, 5, false, at(1000)); len(got) != 1 || got[0] != (Span{at(100), at(200)}) {
		t.Errorf("active low: got %v", got)
	}
}

func TestAmplifier(t *testing.T) {
	sound := []Span{{at(1000), at(3000)}}
	for _, tt := range []struct {
		name   string
		on     []Span
		sounds []Span
		want   string // part of the error; "" is none
	}{
		{"as it should be", []Span{{at(900), at(4500)}}, sound, ""},
		{"two sounds under one", []Span{{at(900), at(6500)}}, []Span{{at(1000), at(3000)}, {at(3500), at(5000)}}, ""},
		{"within the slack", []Span{{at(930), at(4480)}}, sound, ""},
		{"no time to settle", []Span{{at(980), at(4500)}}, sound, "has to settle"},
		{"no time to linger", []Span{{at(900), at(4000)}}, sound, "has to linger"},
		{"off in the middle", []Span{{at(900), at(2000)}, {at(2100), at(4500)}}, sound, "was not within"},
		{"sound without it", nil, sound, "was not within"},
		{"on for nothing", []Span{{at(0), at(20)}, {at(900), at(4500)}}, sound, "nothing sounded"},
	} {
		err := Amplifier(tt.on, tt.sounds, 80*time.Millisecond, 1500*time.Millisecond, 40*time.Millisecond)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestOutside(t *testing.T) {
	meant := []Span{{at(1000), at(3000)}, {at(5000), at(9000)}}
	const slack = 50 * time.Millisecond
	for _, on := range [][]Span{nil, {{at(960), at(3040)}}, {{at(1200), at(1300)}, {at(5000), at(9000)}}} {
		if err := Outside(on, meant, slack); err != nil {
			t.Errorf("%v: %v", on, err)
		}
	}
	for _, on := range [][]Span{{{at(900), at(2000)}}, {{at(2000), at(3100)}}, {{at(1200), at(1300)}, {at(4000), at(4001)}}, {{at(2000), at(6000)}}} {
		if Outside(on, meant, slack) == nil {
			t.Errorf("%v was taken for meant", on)
		}
	}
}
