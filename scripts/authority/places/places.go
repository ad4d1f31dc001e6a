// Package places says what places there were at an instant: what each was called and
// belonged to, what became of it, and in which of them a box stood. It is a function of
// dated facts, so that a report of last year comes out the same next year, whatever has
// merged since.
package places

import (
	"slices"
	"sort"
	"time"
)

// A Fact is what counts of a place from an instant on.
type Fact struct {
	On     time.Time `json:"on,omitzero"` // zero: as far back as anybody knows
	Name   string    `json:"name"`
	Parent string    `json:"parent,omitempty"` // empty: right below the root
	Width  int       `json:"width,omitempty"`
	Into   string    `json:"into,omitempty"` // the place has ended: it is a part of this one, which is also its parent
	Keep   bool      `json:"keep,omitempty"` // it has ended, and is a group of the boxes that it had
}

// A Stay says where a box belongs from an instant on. Place is empty when it was
// taken down.
type Stay struct {
	On    time.Time `json:"on"`
	Place string    `json:"place,omitempty"`
}

// A Book is everything that is known of places and boxes, each in the order of time.
type Book struct {
	Places map[string][]Fact // by code; codes are never used twice
	Boxes  map[string][]Stay // by device
}

// At is what counts of a place at t; false before there was one.
func (b Book) At(code string, t time.Time) (Fact, bool) {
	facts := b.Places[code]
	n := sort.Search(len(facts), func(i int) bool { return facts[i].On.After(t) })
	if n == 0 {
		return Fact{}, false
	}
	return facts[n-1], true
}

// Became is the place that a code stands for at t: itself, or what it has merged into,
// or what that has merged into.
func (b Book) Became(code string, t time.Time) string {
	for range len(b.Places) {
		f, ok := b.At(code, t)
		if !ok || f.Into == "" {
			break
		}
		code = f.Into
	}
	return code
}

// Parent is the place right above a code at t; empty at the top. Of a place that has
// ended it is what it became.
func (b Book) Parent(code string, t time.Time) string {
	f, _ := b.At(code, t)
	if f.Parent == "" {
		return ""
	}
	return b.Became(f.Parent, t)
}

// Above are the places above a code at t, nearest first.
func (b Book) Above(code string, t time.Time) []string {
	var up []string
	for p := b.Parent(code, t); p != "" && len(up) <= len(b.Places); p = b.Parent(p, t) {
		up = append(up, p)
	}
	return up
}

// Of is the place that a box belonged to at t: one that there was at t, whatever it is
// called in the box's own papers. It is false before the box was taken in and after it
// was taken down.
func (b Book) Of(device string, t time.Time) (place string, ok bool) {
	stays := b.Boxes[device]
	n := sort.Search(len(stays), func(i int) bool { return stays[i].On.After(t) })
	if n == 0 || stays[n-1].Place == "" {
		return "", false
	}
	return b.Became(stays[n-1].Place, t), true
}

// Stays are where a box belongs, with the mergers that took it along, also those that
// are still to come.
func (b Book) Stays(device string) []Stay {
	var all []Stay
	told := b.Boxes[device]
	for i, s := range told {
		s.Place = b.Became(s.Place, s.On)
		for range len(b.Places) + 1 {
			all = append(all, s)
			facts := b.Places[s.Place]
			if len(facts) == 0 {
				break
			}
			end := facts[len(facts)-1]
			if end.Into == "" || i+1 < len(told) && !end.On.Before(told[i+1].On) {
				break
			}
			s = Stay{On: end.On, Place: b.Became(end.Into, end.On)}
		}
	}
	return all
}

// Codes are the places that there were at t, in the order of their codes.
func (b Book) Codes(t time.Time) []string {
	var codes []string
	for code := range b.Places {
		if f, ok := b.At(code, t); ok && f.Into == "" {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// instants are the moments at which something about a place changes, in order.
func (b Book) instants() []time.Time {
	var all []time.Time
	for _, facts := range b.Places {
		for _, f := range facts[1:] {
			all = append(all, f.On)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// Why says what is wrong with a book.
type Why string

// What can be wrong.
const (
	Order  Why = "order"  // a change that is not later than the one before
	Reused Why = "reused" // something after the end
	Orphan Why = "orphan" // below, or merged into, what there is not
	Circle Why = "circle" // above itself, or merged into itself
	Deep   Why = "deep"   // more places above than a box takes
)

// A Fault is what is wrong with one place from an instant on.
type Fault struct {
	Code string
	On   time.Time
	Why  Why
	Of   string // the other place that it is about, if there is one
}

// Faults are the places that make no sense at some instant, each once, in the order of
// their codes. A place may have at most depth places above it.
func (b Book) Faults(depth int) []Fault {
	found := make(map[string]Fault)
	add := func(f Fault) {
		if _, ok := found[f.Code]; !ok {
			found[f.Code] = f
		}
	}
	for code, facts := range b.Places {
		for i := range facts {
			if i > 0 && !facts[i].On.After(facts[i-1].On) {
				add(Fault{Code: code, On: facts[i].On, Why: Order})
			}
			if i > 0 && facts[i-1].Into != "" {
				add(Fault{Code: code, On: facts[i].On, Why: Reused, Of: facts[i-1].Into})
			}
		}
	}
	look := func(code string, t time.Time) {
		if f, ok := b.climb(code, t, depth); !ok {
			add(f)
		}
	}
	// A place of which nothing was known before can be wrong itself; a change can be
	// the ruin of all that is below.
	for code, facts := range b.Places {
		look(code, facts[0].On)
	}
	for _, t := range b.instants() {
		for code := range b.Places {
			look(code, t)
		}
	}
	all := make([]Fault, 0, len(found))
	for _, f := range found {
		all = append(all, f)
	}
	slices.SortFunc(all, func(x, y Fault) int {
		if x.Code < y.Code {
			return -1
		}
		return 1
	})
	return all
}

// climb goes from a place to the top, one entry at a time: what has merged is above
// what it was, as in the lists that boxes have.
func (b Book) climb(code string, t time.Time, depth int) (Fault, bool) {
	f, ok := b.At(code, t)
	if !ok {
		return Fault{}, true // not yet
	}
	for at, n := code, 0; f.Parent != ""; n++ {
		at = f.Parent
		switch {
		case at == code:
			return Fault{Code: code, On: t, Why: Circle, Of: code}, false
		case n > len(b.Places):
			return Fault{Code: code, On: t, Why: Circle, Of: at}, false
		}
		up, ok := b.At(at, t)
		if !ok {
			return Fault{Code: code, On: t, Why: Orphan, Of: at}, false
		}
		if n == depth {
			// It may also be a circle that the place is not itself part of.
			if slices.Contains(b.loop(at, t), at) {
				return Fault{Code: code, On: t, Why: Circle, Of: at}, false
			}
			return Fault{Code: code, On: t, Why: Deep}, false
		}
		f = up
	}
	return Fault{}, true
}

// loop are the places above one, as far as there are no more of them than places.
func (b Book) loop(code string, t time.Time) []string {
	var up []string
	for f, _ := b.At(code, t); f.Parent != "" && len(up) <= len(b.Places); f, _ = b.At(f.Parent, t) {
		up = append(up, f.Parent)
	}
	return up
}
