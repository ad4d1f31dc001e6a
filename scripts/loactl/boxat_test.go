package main

import (
	"testing"

	"loa/scripts/authority"
)

// Where a box hangs is written down without anybody's signature; what is no position is not.
func TestBoxAt(t *testing.T) {
	w := newWorld(t).sample()
	at := func() *authority.Position {
		var boxes map[string]authority.Box
		w.json(&boxes, "box", "list")
		return boxes["box-1"].At
	}
	w.must("box", "set", "box-1", "--at", "10.9804, 106.6519")
	if p := at(); p == nil || *p != (authority.Position{Lat: 10.9804, Lon: 106.6519}) {
		t.Errorf("%v", p)
	}
	for _, bad := range []string{"x", "10", "10,", "NaN,106", "91,106", "10,181", "10,106,5"} {
		w.fails(exitUsage, "no position", "box", "set", "box-1", "--at", bad)
	}
	w.fails(exitUsage, "alone", "box", "set", "box-1", "--at", "1,1", "--volume", "50")
	w.fails(exitFailed, "box-9", "box", "set", "box-9", "--at", "1,1")
	if p := at(); p == nil || p.Lat != 10.9804 {
		t.Errorf("after what was refused: %v", p)
	}
	w.must("box", "set", "box-1", "--at", "none")
	if p := at(); p != nil {
		t.Errorf("it is still at %v", p)
	}
}
