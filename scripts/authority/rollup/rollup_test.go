package rollup

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"loa/scripts/authority"
)

// Whatever the tree, a place's figures are those of the boxes in it and below it, and
// those at the top are all boxes.
func TestPlacesAddUp(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		places := make(map[string]authority.Place)
		var codes []string
		for i := range 1 + r.IntN(30) {
			p := authority.Place{Name: fmt.Sprint("Nơi ", i)}
			if i > 0 && r.IntN(4) > 0 {
				p.Parent = codes[r.IntN(len(codes))]
			}
			codes = append(codes, fmt.Sprint("p", i))
			places[codes[i]] = p
		}
		var units []Unit
		for range r.IntN(200) {
			u := Unit{Place: codes[r.IntN(len(codes))], Online: r.IntN(2) > 0, Faulty: r.IntN(3) == 0, Wanted: r.IntN(3)}
			if r.IntN(20) == 0 {
				u.Place = "gone"
			}
			u.Present = r.IntN(u.Wanted + 1)
			units = append(units, u)
		}
		shown := make(map[string]Group)
		var top Group
		for _, g := range Count(places, "", units) {
			if _, twice := shown[g.Place]; twice {
				t.Fatalf("seed %d: %s is shown twice", seed, g.Place)
			}
			shown[g.Place] = g
			if g.Depth == 0 {
				top.Boxes, top.Online, top.Faulty = top.Boxes+g.Boxes, top.Online+g.Online, top.Faulty+g.Faulty
				top.Wanted, top.Present = top.Wanted+g.Wanted, top.Present+g.Present
			}
		}
		var all Group
		for code := range shown {
			want := Group{Place: code, Name: places[code].Name, Depth: shown[code].Depth}
			for _, u := range units {
				if Within(places, u.Place, code) {
					want.Add(u)
				}
			}
			if shown[code] != want {
				t.Fatalf("seed %d: %s is %+v, its boxes are %+v", seed, code, shown[code], want)
			}
			if sub := Count(places, code, units); sub[0].Boxes != want.Boxes || sub[0].Depth != 0 {
				t.Fatalf("seed %d: %s alone is %+v, its boxes are %+v", seed, code, sub[0], want)
			}
		}
		for _, u := range units {
			all.Add(u)
		}
		if top != all {
			t.Fatalf("seed %d: the top is %+v, all boxes are %+v", seed, top, all)
		}
	}
}
