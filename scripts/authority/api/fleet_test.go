package api

import (
	"path/filepath"
	"testing"
	"time"

	"loa/agent/message"
	"loa/scripts/authority/index"
)

// What a box does not say any more is gone from what is known of it, and what came
// before is not read again.
func TestFleetFollows(t *testing.T) {
	x, _, err := index.Open(filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	var f fleet
	say := func(leaf string, body any) *reports {
		t.Helper()
		if err := x.Take(index.Batch{Reports: []index.Report{{Device: "b1", Leaf: leaf, Came: time.Now(), Body: body}}}); err != nil {
			t.Fatal(err)
		}
		var r reports
		if err := f.see(x, func(of map[string]*reports) { r = *of["b1"] }); err != nil {
			t.Fatal(err)
		}
		return &r
	}
	media := func(r *reports) [2]int { w, p := r.media(); return [2]int{w, p} }
	have := message.Have{Device: "b1", Documents: map[string]int64{"a": 1}, Media: []message.MediaOf{{Wanted: 3, Present: 1}, {Wanted: 1}}, Sounds: &message.Sounds{Title: "x"}}
	if r := say(message.LeafHave, have); media(r) != [2]int{4, 1} || r.have.Sounds == nil || r.have.Documents != nil {
		t.Errorf("%+v", r)
	}
	if r := say(message.LeafState, message.State{State: "online"}); media(r) != [2]int{4, 1} || r.state.State != "online" {
		t.Errorf("%+v", r)
	}
	if r := say(message.LeafHave, message.Have{Device: "b1"}); media(r) != [2]int{} || r.have.Sounds != nil || r.state.State != "online" {
		t.Errorf("%+v", r)
	}
	if f.n != 3 {
		t.Errorf("read up to %d", f.n)
	}
}
