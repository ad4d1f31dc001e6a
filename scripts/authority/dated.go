package authority

import (
	"maps"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/places"
)

// What follows changes places and boxes from a date on. The books know it at once; boxes
// learn it when the lists and wants that Due names have been signed on that day.

// Rename gives a place another name from an instant on.
func (a *Authority) Rename(code, name string, on time.Time) error {
	return a.changePlace(code, on, func(f *places.Fact) { f.Name = name })
}

// Reparent puts a place below another from an instant on.
func (a *Authority) Reparent(code, parent string, on time.Time) error {
	return a.changePlace(code, on, func(f *places.Fact) { f.Parent = parent })
}

func (a *Authority) changePlace(code string, on time.Time, set func(*places.Fact)) error {
	return a.change(func(s *state) error {
		if _, ok := s.Places[code]; !ok {
			return fail("no-place", nil, code)
		}
		return s.append(code, on, a.o.Now(), set)
	})
}

// append adds what counts of a place from an instant on, which has to be later than all
// that is known of it.
func (s *state) append(code string, on, now time.Time, set func(*places.Fact)) error {
	p := s.Places[code]
	facts := p.facts()
	last := facts[len(facts)-1]
	f := last
	f.On = on
	if set(&f); last.Into != "" {
		return ended(code, last, now)
	}
	if !on.After(last.On) {
		return fail("place-order", nil, code, date(last.On))
	}
	if f.Name == last.Name && f.Parent == last.Parent && f.Into == "" {
		return fail("place-same", nil, code)
	}
	p.Changes = append(slices.Clone(p.Changes), f)
	s.Places[code] = p
	return s.sound()
}

// A Merger ends places, which become parts of another.
type Merger struct {
	Of   []string
	Into string // one of the old codes, or another; a new one begins with the merger
	Name string // of Into from then on; empty: as before
	On   time.Time
	Keep bool // the old places stay as groups of their boxes, and whoever spoke there goes on
}

// Merge ends places. What was signed for them ends with them, because the grants to speak
// there do: a new commune's programme is signed by people who answer for it, and an old
// place that went on beside it would have two. Keep is for where the old programme has to
// last a while. Whatever was below them is below the new one, and so are their
// boxes. A new place has the parent, the width and the issuer of the first.
func (a *Authority) Merge(m Merger) error {
	return a.change(func(s *state) error {
		for _, code := range m.Of {
			if _, ok := s.Places[code]; !ok {
				return fail("no-place", nil, code)
			}
		}
		if _, ok := s.Places[m.Into]; !ok {
			if !plan.ValidID(m.Into) || m.Into == plan.RootPlace || m.Into == plan.ClockPlace {
				return fail("bad-name", nil, m.Into)
			}
			first := s.Places[m.Of[0]]
			f, ok := s.book().At(m.Of[0], m.On)
			if !ok {
				return fail("place-later", nil, m.Of[0], date(first.From))
			}
			if f.Into != "" {
				return ended(m.Of[0], f, a.o.Now())
			}
			s.Places[m.Into] = Place{Name: m.Name, Parent: f.Parent, Width: f.Width, Issuer: first.Issuer, From: m.On}
		} else if f, ok := s.book().At(m.Into, m.On); ok && m.Name != "" && f.Name != m.Name {
			if err := s.append(m.Into, m.On, a.o.Now(), func(f *places.Fact) { f.Name = m.Name }); err != nil {
				return err
			}
		}
		for _, code := range m.Of {
			if code == m.Into {
				continue
			}
			if err := s.append(code, m.On, a.o.Now(), func(f *places.Fact) { f.Parent, f.Into, f.Keep = m.Into, m.Into, m.Keep }); err != nil {
				return err
			}
		}
		return s.sound()
	})
}

// Cancel takes back the last change of a place, and of all that changed with it, if it
// is still to come. It gives what is taken back, in the order of the codes.
func (a *Authority) Cancel(code string) ([]Change, error) {
	var all []Change
	now := a.o.Now()
	err := a.change(func(s *state) error {
		p, ok := s.Places[code]
		if !ok {
			return fail("no-place", nil, code)
		}
		facts := p.facts()
		gone := facts[len(facts)-1]
		if !gone.On.After(now) {
			return fail("nothing-ahead", nil, code)
		}
		into := gone.Into
		if len(p.Changes) == 0 {
			into = code // it was to begin with a merger
		}
		for other, p := range s.Places {
			facts := p.facts()
			f := facts[len(facts)-1]
			if !f.On.Equal(gone.On) || other != code && (into == "" || f.Into != into && other != into) {
				continue
			}
			all = append(all, Change{Code: other, Fact: f})
			if len(p.Changes) == 0 {
				delete(s.Places, other)
				continue
			}
			p.Changes = slices.Clone(p.Changes[:len(p.Changes)-1])
			s.Places[other] = p
		}
		return s.sound()
	})
	slices.SortFunc(all, func(x, y Change) int { return strings.Compare(x.Code, y.Code) })
	return all, err
}

// MoveBox says that a box belongs to another place from an instant on.
func (a *Authority) MoveBox(device, place string, on time.Time) error {
	return a.change(func(s *state) error {
		b, ok := s.Boxes[device]
		if !ok {
			return fail("no-box", nil, device)
		}
		if _, gone := s.Revoked[b.Key]; gone {
			return fail("box-out", nil, device)
		}
		if err := s.standing(place, on, a.o.Now()); err != nil {
			return err
		}
		stays := b.stays(nil)
		if last := stays[len(stays)-1]; !on.After(last.On) {
			return fail("box-order", nil, device, date(last.On))
		}
		b.Stays = append(slices.Clone(stays), places.Stay{On: on, Place: place})
		s.Boxes[device] = b
		return nil
	})
}

// assigned is a box after its want of now was kept.
func (b Box) assigned(book places.Book, w plan.Want, now time.Time) Box {
	stays := slices.Clone(b.stays(nil))
	book.Boxes = map[string][]places.Stay{w.Device: stays}
	if at, ok := book.Of(w.Device, now); !ok || at != book.Became(w.OwnPlace, now) {
		i, there := slices.BinarySearchFunc(stays, now, func(s places.Stay, t time.Time) int { return s.On.Compare(t) })
		stay := places.Stay{On: now.UTC(), Place: w.OwnPlace}
		if there {
			stays[i] = stay
		} else {
			stays = slices.Insert(stays, i, stay)
		}
		b.Stays = stays
	} else if w.OwnPlace != b.Place {
		b.Stays = stays // it followed a merger: where it was before stays known
	}
	b.Place, b.Groups, b.Name = w.OwnPlace, w.Groups, w.Name
	return b
}

// A Move is a box that has to be told where it belongs.
type Move struct {
	Device string   `json:"box"`
	From   string   `json:"from"`
	To     string   `json:"to"`
	Groups []string `json:"groups,omitempty"` // from now on
}

// A Due is what the books say and boxes have not been told.
type Due struct {
	Lists []string `json:"lists"` // issuers, the root first
	Moves []Move   `json:"moves"`
}

// Due is what has to be signed now.
func (a *Authority) Due() Due {
	s, now := a.read(), a.o.Now()
	d := Due{Lists: []string{}, Moves: []Move{}}
	for _, issuer := range s.issuers(now) {
		if is, _ := a.Find(message.ListTopic(issuer)); !sameList(*s.list(issuer, now), is.Doc) {
			d.Lists = append(d.Lists, issuer)
		}
	}
	b := a.Book()
	for _, device := range slices.Sorted(maps.Keys(s.Boxes)) {
		box := s.Boxes[device]
		place, ok := b.Of(device, now)
		if !ok {
			continue
		}
		groups := groupsAt(b, box, place, now)
		if place != box.Place || !slices.Equal(groups, box.Groups) {
			d.Moves = append(d.Moves, Move{Device: device, From: box.Place, To: place, Groups: groups})
		}
	}
	return d
}

// groupsAt are a box's groups at now: what has merged is what it became, and a place
// that is kept is a group of the boxes that it had.
func groupsAt(b places.Book, box Box, place string, now time.Time) []string {
	var groups []string
	add := func(g string) {
		if g != place && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	for _, g := range box.Groups {
		if f, _ := b.At(g, now); f.Keep {
			add(g)
		} else {
			add(b.Became(g, now))
		}
	}
	if f, _ := b.At(box.Place, now); f.Into != "" && f.Keep && b.Became(box.Place, now) == place {
		add(box.Place)
	}
	return groups
}

// A Change is one fact with the place that it is about.
type Change struct {
	Code string `json:"place"`
	places.Fact
	Boxes []string `json:"boxes,omitempty"` // that go over with a place which ends
}

// Ahead are the changes of places and the moves of boxes that are still to come, in
// the order of time.
func (a *Authority) Ahead() (changes []Change, moves map[string]places.Stay) {
	s, now := a.read(), a.o.Now()
	b := a.Book()
	devices := slices.Sorted(maps.Keys(s.Boxes))
	for code, p := range s.Places {
		for _, f := range p.facts() {
			if !f.On.After(now) {
				continue
			}
			c := Change{Code: code, Fact: f}
			for _, d := range devices {
				if at, ok := b.Of(d, f.On.Add(-1)); f.Into != "" && ok && at == code {
					c.Boxes = append(c.Boxes, d)
				}
			}
			changes = append(changes, c)
		}
	}
	slices.SortFunc(changes, func(x, y Change) int {
		if c := x.On.Compare(y.On); c != 0 {
			return c
		}
		if x.Code < y.Code {
			return -1
		}
		return 1
	})
	moves = make(map[string]places.Stay)
	for device, b := range s.Boxes {
		for _, st := range b.Stays {
			if st.On.After(now) {
				moves[device] = st
			}
		}
	}
	return changes, moves
}
