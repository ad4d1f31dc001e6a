// Package rollup counts boxes by place, each place with all that is below it.
package rollup

import (
	"slices"

	"loa/scripts/authority"
)

// A Group is one place with all that is below it.
type Group struct {
	Place   string `json:"place"`
	Name    string `json:"name"`
	Depth   int    `json:"depth"` // 0: nothing of what is shown is above it
	Boxes   int    `json:"boxes"`
	Online  int    `json:"online"`
	Faulty  int    `json:"faulty"`            // online, and something is lost
	Carried int    `json:"carried,omitempty"` // not online, and served by stick
	Wanted  int    `json:"media_wanted"`
	Present int    `json:"media_present"`
}

// Add counts one box.
func (g *Group) Add(b Unit) {
	g.Boxes++
	if b.Online {
		g.Online++
	}
	if b.Carried && !b.Online {
		g.Carried++
	}
	if b.Online && b.Faulty {
		g.Faulty++
	}
	g.Wanted, g.Present = g.Wanted+b.Wanted, g.Present+b.Present
}

// A Unit is what counts of one box.
type Unit struct {
	Place           string
	Online, Faulty  bool
	Carried         bool // served by stick
	Wanted, Present int  // recordings and pictures
}

// Count counts boxes by place, in the order of the tree. A box counts once in its own
// place and once in each above it; whether a box also belongs to a group makes no
// difference. With top, that place and what is below it are all there is.
func Count(places map[string]authority.Place, top string, units []Unit) []Group {
	groups := make(map[string]*Group)
	below := make(map[string][]string)
	for code, p := range places {
		groups[code] = &Group{Place: code, Name: p.Name}
		below[p.Parent] = append(below[p.Parent], code)
	}
	for _, b := range units {
		if groups[b.Place] == nil { // a place that was taken out of the list
			groups[b.Place] = &Group{Place: b.Place}
			if b.Place != "" {
				below[""] = append(below[""], b.Place)
			}
		}
		if b.Place == "" { // a box that is being taken out of service; nothing is above it
			groups[""].Add(b)
		}
		for code := b.Place; code != ""; code = places[code].Parent {
			groups[code].Add(b)
		}
	}
	all := []Group{}
	var walk func(code string, depth int)
	walk = func(code string, depth int) {
		g := groups[code]
		g.Depth = depth
		all = append(all, *g)
		slices.Sort(below[code])
		for _, child := range below[code] {
			walk(child, depth+1)
		}
	}
	roots := []string{top}
	if top == "" {
		roots = below[""]
		slices.Sort(roots)
	}
	for _, code := range roots {
		walk(code, 0)
	}
	if g := groups[""]; g != nil && top == "" {
		all = append(all, *g)
	}
	return all
}

// Within reports whether place is top or below it.
func Within(places map[string]authority.Place, place, top string) bool {
	for ; place != ""; place = places[place].Parent {
		if place == top {
			return true
		}
	}
	return false
}
