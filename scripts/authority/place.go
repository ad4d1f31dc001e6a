package authority

import (
	"maps"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority/places"
)

// facts are what is known of a place, in the order of time.
func (p Place) facts() []places.Fact {
	return append([]places.Fact{{On: p.From, Name: p.Name, Parent: p.Parent, Width: p.Width}}, p.Changes...)
}

// stays are where a box belongs, in the order of time.
func (b Box) stays(r map[string]Revocation) []places.Stay {
	all := b.Stays
	if len(all) == 0 {
		all = []places.Stay{{On: b.Added, Place: b.Place}}
	}
	if gone, ok := r[b.Key]; ok {
		all = slices.DeleteFunc(slices.Clone(all), func(s places.Stay) bool { return !s.On.Before(gone.At) })
		all = append(all, places.Stay{On: gone.At})
	}
	return all
}

// Book is everything that is known of places and boxes, also of those of the past and
// of what is to come.
func (a *Authority) Book() places.Book {
	s := a.read()
	b := a.known()
	b.Boxes = make(map[string][]places.Stay, len(s.Boxes))
	for device, box := range s.Boxes {
		b.Boxes[device] = box.stays(s.Revoked)
	}
	return b
}

// known is the book of places of the state that was read last.
func (a *Authority) known() places.Book {
	s := a.read()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.places.Places == nil || a.placesOf != a.seen {
		a.places, a.placesOf = s.book(), a.seen
	}
	return a.places
}

// book has the places only.
func (s state) book() places.Book {
	b := places.Book{Places: make(map[string][]places.Fact, len(s.Places))}
	for code, p := range s.Places {
		b.Places[code] = p.facts()
	}
	return b
}

// sound says what makes no sense in the places of a state.
func (s state) sound() error {
	faults := s.book().Faults(plan.MaxDepth)
	if len(faults) == 0 {
		return nil
	}
	switch f := faults[0]; f.Why {
	case places.Orphan:
		if p, ok := s.Places[f.Of]; ok {
			return fail("place-later", nil, f.Of, date(p.From))
		}
		return fail("no-parent", nil, f.Code, f.Of)
	case places.Circle:
		return fail("place-circle", nil, f.Code, f.Of)
	case places.Deep:
		return fail("place-deep", nil, f.Code, plan.MaxDepth)
	case places.Reused:
		return fail("place-ended", nil, f.Code, f.Of)
	default:
		facts := s.Places[f.Code].facts()
		return fail("place-order", nil, f.Code, date(facts[max(0, len(facts)-2)].On))
	}
}

// date is a day as people in Vietnam write it in a command.
func date(t time.Time) string { return t.In(time.FixedZone("", 7*3600)).Format("2006-01-02") }

// ended says that a place takes no more changes: it has ended at now, or is to end.
func ended(code string, f places.Fact, now time.Time) error {
	if f.On.After(now) {
		return fail("place-ends", nil, code, date(f.On), f.Into)
	}
	return fail("place-ended", nil, code, f.Into)
}

// standing says why nothing can be put at a place at an instant, which may be later
// than now.
func (s state) standing(code string, at, now time.Time) error {
	p, ok := s.Places[code]
	if !ok {
		return fail("no-place", nil, code)
	}
	b := places.Book{Places: map[string][]places.Fact{code: p.facts()}}
	switch f, ok := b.At(code, at); {
	case !ok:
		return fail("place-later", nil, code, date(p.From))
	case f.Into != "":
		return ended(code, f, now)
	}
	return nil
}

// placesAt are the places at now with what counts of them, and those that have ended
// while a box still belongs there by what it was told last. One that was revoked is told
// nothing more.
func (s state) placesAt(now time.Time) map[string]Place {
	b := s.book()
	used := make(map[string]bool)
	for _, box := range s.Boxes {
		if _, gone := s.Revoked[box.Key]; gone {
			continue
		}
		used[box.Place] = true
		for _, g := range box.Groups {
			used[g] = true
		}
	}
	all := make(map[string]Place, len(s.Places))
	for code, p := range s.Places {
		f, ok := b.At(code, now)
		if !ok || f.Into != "" && !used[code] {
			continue
		}
		p.Name, p.Parent, p.Width, p.Into = f.Name, b.Parent(code, now), f.Width, f.Into
		p.Issuer = s.issuer(b, p.Issuer, now)
		all[code] = p
	}
	return all
}

// issuer is whose list counts at now: one that has merged went with its place.
func (s state) issuer(b places.Book, issuer string, now time.Time) string {
	if issuer == plan.RootPlace {
		return issuer
	}
	return b.Became(issuer, now)
}

// grantsAt are the grants at now. With a place ends what people could say there, unless
// it is kept as a group. What says the time goes over to what the place became: no box
// may be without it for a day.
func (s state) grantsAt(now time.Time) []Grant {
	b := s.book()
	all := make([]Grant, 0, len(s.Grants))
	for _, g := range s.Grants {
		f, _ := b.At(g.Place, now)
		g.Issuer = s.issuer(b, g.Issuer, now)
		if f.Into != "" && !f.Keep {
			if !s.People[g.Person].Online {
				continue
			}
			g.Place = b.Became(g.Place, now)
			if slices.ContainsFunc(all, func(o Grant) bool { return same(o, g) }) {
				continue
			}
		}
		all = append(all, g)
	}
	return all
}

func same(x, y Grant) bool {
	return x.Person == y.Person && x.Place == y.Place && x.Issuer == y.Issuer && slices.Equal(x.Kinds, y.Kinds) && !x.NotAfter.Before(y.NotAfter)
}

// children are the places in an issuer's list at now. One that has ended is below what
// it became, if that is in the same list: a box that has not been moved yet belongs to
// the new place from the day on, and only what was signed for the old one is gone.
func (s state) children(issuer string, now time.Time) []plan.Child {
	b := s.book()
	mine := make(map[string]bool)
	for code, p := range s.Places {
		mine[code] = s.issuer(b, p.Issuer, now) == issuer
	}
	used := make(map[string]bool)
	for _, box := range s.Boxes {
		if _, gone := s.Revoked[box.Key]; !gone {
			used[box.Place] = true
		}
	}
	all := []plan.Child{}
	for code := range s.Places {
		f, ok := b.At(code, now)
		if !ok || !mine[code] || code == issuer {
			continue
		}
		c := plan.Child{Place: code, Parent: b.Parent(code, now), Name: f.Name, Width: f.Width}
		if f.Into != "" {
			if now.Sub(f.On) > plan.ExpiredKept && !used[code] && !f.Keep {
				continue
			}
			c.Until = f.On
			if c.Parent != issuer && !mine[c.Parent] { // it went into another's list
				before, _ := b.At(code, f.On.Add(-1))
				c.Parent = b.Became(before.Parent, now)
			}
		}
		if c.Parent == issuer {
			c.Parent = ""
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y plan.Child) int { return strings.Compare(x.Place, y.Place) })
	return all
}

// issuers are the places whose lists say something at now, the root first.
func (s state) issuers(now time.Time) []string {
	b := s.book()
	of := make(map[string]bool)
	for _, p := range s.Places {
		of[s.issuer(b, p.Issuer, now)] = true
	}
	for _, g := range s.Grants {
		of[s.issuer(b, g.Issuer, now)] = true
	}
	delete(of, plan.RootPlace)
	return append([]string{plan.RootPlace}, slices.Sorted(maps.Keys(of))...)
}
