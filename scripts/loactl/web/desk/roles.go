package desk

import (
	"slices"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/rollup"
)

// A role says which pages somebody sees. What a key may sign, boxes decide by the list.
type role string

// The roles, as the authority's grants give them.
const (
	viewer     role = "viewer"
	author     role = "author"    // writes what another has to sign as well, or alone
	approver   role = "approver"  // whose signature is enough
	operator   role = "operator"  // plays, stops and mutes
	talker     role = "talker"    // speaks live
	emergency  role = "emergency" // sounds alarms
	technician role = "technician"
)

// A post is a role at a place and below.
type post struct {
	place string
	role  role
}

// posts are what grants and an account make of a person.
func posts(person string, grants []authority.Grant, a Account, now time.Time) (all []post) {
	add := func(place string, r role) {
		if p := (post{place, r}); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	for _, g := range grants {
		if g.Person != person || now.Before(g.NotBefore) || !now.Before(g.NotAfter) {
			continue
		}
		add(g.Place, viewer)
		for _, k := range g.Kinds {
			switch k {
			case plan.KindBulletin:
				add(g.Place, author)
				if g.Quorum < 2 {
					add(g.Place, approver)
				}
			case plan.KindPlay, plan.KindStop, plan.KindMute:
				add(g.Place, operator)
			case plan.KindLive:
				add(g.Place, talker)
			case plan.KindAlert:
				add(g.Place, emergency)
			case plan.GrantAssign, plan.GrantSettings:
				add(g.Place, technician)
			}
		}
	}
	if a.Place != "" {
		add(a.Place, viewer)
	}
	return all
}

// may reports whether somebody has a role at a place.
func (v *visitor) may(r role, place string) bool {
	if _, ok := v.places[place]; !ok {
		return false
	}
	return slices.ContainsFunc(v.posts, func(p post) bool { return p.role == r && rollup.Within(v.places, place, p.place) })
}

// has reports whether somebody has a role anywhere.
func (v *visitor) has(r role) bool {
	return slices.ContainsFunc(v.posts, func(p post) bool { return p.role == r })
}

// seen are the codes of the places that somebody has a role at, the widest first.
func (v *visitor) seen(r role) (codes []string) {
	for code, p := range v.places {
		if p.Into == "" && v.may(r, code) {
			codes = append(codes, code)
		}
	}
	depth := func(code string) (n int) {
		for p := v.places[code].Parent; p != "" && n < len(v.places); p = v.places[p].Parent {
			n++
		}
		return n
	}
	slices.SortFunc(codes, func(x, y string) int {
		if d := depth(x) - depth(y); d != 0 {
			return d
		}
		if x < y {
			return -1
		}
		return 1
	})
	return codes
}

// above are a place and all that it is a part of, nearest first.
func (v *visitor) above(place string) (all []string) {
	for p := place; p != "" && !slices.Contains(all, p); p = v.places[p].Parent {
		all = append(all, p)
	}
	return all
}
