package rollup

import (
	"testing"

	"loa/scripts/authority"
)

// A box that two have signed out of service stands nowhere until it has wiped itself. It
// is counted, once, and nobody looks for what is below nowhere.
func TestBoxThatStandsNowhere(t *testing.T) {
	places := map[string]authority.Place{"74": {Name: "Tỉnh"}, "26734": {Name: "Xã", Parent: "74"}}
	units := []Unit{{Place: "26734", Online: true}, {}, {Online: true}}
	all := Count(places, "", units)
	sum := 0
	for _, g := range all {
		if g.Depth == 0 {
			sum += g.Boxes
		}
	}
	if sum != len(units) || len(all) != 3 {
		t.Errorf("%+v", all)
	}
	if below := Count(places, "74", units[:1]); len(below) != 2 || below[0].Boxes != 1 {
		t.Errorf("%+v", below)
	}
}
