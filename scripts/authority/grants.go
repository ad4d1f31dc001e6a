package authority

import (
	"slices"
	"time"

	"loa/agent/plan"
)

// AddGrant lets a person speak. The issuer's list has to be issued again
// afterwards. Zero times are from now on for 90 days.
func (a *Authority) AddGrant(g Grant) error {
	now := a.o.Now().Truncate(time.Second)
	if g.Issuer == "" {
		g.Issuer = plan.RootPlace
	}
	if g.NotBefore.IsZero() {
		g.NotBefore = now
	}
	if g.NotAfter.IsZero() {
		g.NotAfter = g.NotBefore.Add(grantLife)
	}
	if g.Classes == nil {
		g.Classes = []plan.Class{}
	}
	return a.change(func(s *state) error {
		p, ok := s.People[g.Person]
		if !ok {
			return fail("no-person", nil, g.Person)
		}
		if p, ok := s.placesAt(now)[g.Place]; !ok || p.Into != "" {
			return fail("no-place", nil, g.Place)
		}
		for _, k := range g.Kinds {
			if (k == plan.KindBeat || k == plan.GrantService) != p.Online {
				return fail("online", nil, g.Person, k)
			}
		}
		s.Grants = append(s.Grants, g)
		return nil
	})
}

// grantLife is the longest that a grant to speak may last.
const grantLife = 90 * 24 * time.Hour

// Revoke takes everything from a person that an issuer's list gives, or with an
// empty place from all lists. It reports whether there was anything.
func (a *Authority) Revoke(person, place string) (bool, error) {
	found := false
	err := a.change(func(s *state) error {
		s.Grants = slices.DeleteFunc(s.Grants, func(g Grant) bool {
			gone := g.Person == person && (place == "" || g.Place == place)
			found = found || gone
			return gone
		})
		return nil
	})
	return found, err
}

// Renew gives every grant of an issuer that is past half its life a successor
// that begins now. The old one stays: documents were signed under it, and what
// is absent from a list is revoked with all it granted.
func (a *Authority) Renew(issuer string) (renewed int, err error) {
	now := a.o.Now().Truncate(time.Second)
	err = a.change(func(s *state) error {
		s.Grants = slices.DeleteFunc(s.Grants, func(g Grant) bool { return now.After(g.NotAfter.Add(plan.ExpiredKept)) })
		for i, g := range s.Grants {
			life := g.NotAfter.Sub(g.NotBefore)
			if g.Issuer != issuer || g.NotAfter.Sub(now) > life/2 {
				continue
			}
			if slices.ContainsFunc(s.Grants[i+1:], func(o Grant) bool {
				return o.Person == g.Person && o.Place == g.Place && o.Issuer == g.Issuer && slices.Equal(o.Kinds, g.Kinds)
			}) {
				continue // it has a successor
			}
			g.NotBefore, g.NotAfter = now, now.Add(life)
			s.Grants = append(s.Grants, g)
			renewed++
		}
		return nil
	})
	return renewed, err
}

// read is the state as it is now, whoever wrote it.
