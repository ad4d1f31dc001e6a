// Package tape is what was recorded at a box from outside: the edges of its lines and
// its sound, on one clock, and what follows from them.
package tape

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// An Edge is one change of a line.
type Edge struct {
	At   time.Time
	Line int
	High bool
}

// A Sound is what came out of the box since it was switched on.
type Sound struct {
	Samples []float64 // mono, ±1
	Rate    int       // Hz

	// Marks say when which sample was there, in their order. A recorder that stands
	// while nothing plays has holes in time between them.
	Marks []Mark
}

// A Mark says that by At the samples before N had been heard.
type Mark struct {
	At time.Time
	N  int
}

// When is when sample n was heard, between the marks by the rate.
func (s Sound) When(n int) time.Time {
	if len(s.Marks) == 0 {
		return time.Time{}
	}
	i := sort.Search(len(s.Marks), func(i int) bool { return n < s.Marks[i].N })
	m := s.Marks[min(i, len(s.Marks)-1)]
	return m.At.Add(s.length(n - m.N))
}

func (s Sound) length(samples int) time.Duration {
	return time.Duration(samples) * time.Second / time.Duration(s.Rate)
}

// Since is what was heard after t.
func (s Sound) Since(t time.Time) Sound {
	i := sort.Search(len(s.Marks), func(i int) bool { return s.Marks[i].At.After(t) })
	if i == 0 {
		return s
	}
	gone := min(s.Marks[i-1].N, len(s.Samples))
	rest := Sound{Samples: s.Samples[gone:], Rate: s.Rate}
	for _, m := range s.Marks[i:] {
		rest.Marks = append(rest.Marks, Mark{m.At, m.N - gone})
	}
	return rest
}

// A Span is a stretch of time.
type Span struct{ From, To time.Time }

// hush is what counts as silence: less than a step of 16 bits, as dither is.
const hush = 1.5 / 32768

// Audible are the stretches in which something sounds. A pause shorter than gap is
// part of what sounds.
func (s Sound) Audible(gap time.Duration) []Span {
	var all []Span
	first, last := -1, -1
	flush := func() {
		if first >= 0 {
			all = append(all, Span{s.When(first), s.When(last)})
		}
	}
	for i, v := range s.Samples {
		if v < hush && v > -hush {
			continue
		}
		if first >= 0 && s.When(i).Sub(s.When(last)) > gap {
			flush()
			first = -1
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	flush()
	return all
}

// On are the stretches in which the line is at the level that means on. One that has
// not ended ends at now.
func On(edges []Edge, line int, high bool, now time.Time) []Span {
	var all []Span
	open := false
	for _, e := range edges {
		switch {
		case e.Line != line:
		case e.High == high && !open:
			all = append(all, Span{From: e.At, To: now})
			open = true
		case e.High != high && open:
			all[len(all)-1].To = e.At
			open = false
		}
	}
	return all
}

// Outside says which of the stretches on does not lie within one of those that were meant.
func Outside(on, meant []Span, slack time.Duration) error {
	for _, o := range on {
		if !slices.ContainsFunc(meant, func(m Span) bool {
			return !o.From.Before(m.From.Add(-slack)) && !o.To.After(m.To.Add(slack))
		}) {
			return fmt.Errorf("the line was on from %s for %v, when nothing was meant to sound", clock(o.From), o.To.Sub(o.From).Round(time.Millisecond))
		}
	}
	return nil
}

// Amplifier says what is wrong with an amplifier that was on in the stretches on, while
// sound was heard in those of sounds: it has to be on for settle before each and for
// linger after it, and never without a sound. The clocks of the two agree to slack.
func Amplifier(on, sounds []Span, settle, linger, slack time.Duration) error {
	used := make([]bool, len(on))
	for _, s := range sounds {
		i := -1
		for k, o := range on {
			if !o.From.After(s.From) && !o.To.Before(s.To) {
				i = k
			}
		}
		if i < 0 {
			return fmt.Errorf("the sound from %s to %s was not within a time in which the amplifier was on", clock(s.From), clock(s.To))
		}
		if !used[i] {
			if before := s.From.Sub(on[i].From); before < settle-slack {
				return fmt.Errorf("the sound of %s began %v after the amplifier was on; it has to settle for %v", clock(s.From), before.Round(time.Millisecond), settle)
			}
		}
		used[i] = true
		if after := on[i].To.Sub(s.To); after < linger-slack {
			return fmt.Errorf("the amplifier was off %v after the sound that ended at %s; it has to linger for %v", after.Round(time.Millisecond), clock(s.To), linger)
		}
	}
	for i, o := range on {
		if !used[i] {
			return fmt.Errorf("the amplifier was on from %s for %v, and nothing sounded", clock(o.From), o.To.Sub(o.From).Round(time.Millisecond))
		}
	}
	return nil
}

func clock(t time.Time) string { return t.Format("15:04:05.000") }
