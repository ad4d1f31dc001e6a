package desk

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"loa/agent/health"
	"loa/scripts/authority"
	"loa/scripts/authority/api"
)

// Boxes stand as they do on the ground: north on top, east on the right, distances kept.
func TestSketch(t *testing.T) {
	list := []glance{{Box: api.Box{Box: "a", State: "lost"}, N: 1}, {Box: api.Box{Box: "b", State: "online", Sounds: "x"}, N: 2}, {Box: api.Box{Box: "c", State: "online", Faults: []api.Fault{{Severity: health.Fault}}}, N: 3}, {Box: api.Box{Box: "d", State: "online"}, N: 4}, {Box: api.Box{Box: "e", State: "online"}, N: 5}}
	at := func(lat, lon float64) authority.Box {
		return authority.Box{At: &authority.Position{Lat: lat, Lon: lon}}
	}
	if sketchOf(list, map[string]authority.Box{}) != nil {
		t.Error("a sketch of nothing")
	}
	s := sketchOf(list, map[string]authority.Box{"a": at(0, 0), "b": at(0, 0.01), "c": at(0.01, 0), "d": at(0.005, 0.005), "e": {}})
	var got []string
	for _, d := range s.Dots {
		got = append(got, fmt.Sprintf("%d %s %d,%d", d.N, d.Kind, d.X, d.Y))
	}
	if want := "1 silent 40,560; 2 sounds 560,560; 3 faulty 40,40; 4 good 300,300"; strings.Join(got, "; ") != want || s.Unplaced != 1 {
		t.Errorf("%v and %d nowhere, want %s", got, s.Unplaced, want)
	}
	if s.Metres != 200 || s.Bar < 92 || s.Bar > 94 { // 1113 m are 520 wide
		t.Errorf("%d m are %d long", s.Metres, s.Bar)
	}
	// Far to the north a degree of longitude is short.
	s = sketchOf(list[:2], map[string]authority.Box{"a": at(60, 0), "b": at(60.01, 0.01)})
	if w, h := s.Dots[1].X-s.Dots[0].X, s.Dots[0].Y-s.Dots[1].Y; h < 2*w-4 || h > 2*w+4 {
		t.Errorf("%d wide and %d high at 60°", w, h)
	}
	s = sketchOf(list[:2], map[string]authority.Box{"a": at(10, 106), "b": at(10, 106)})
	if s.Dots[0] == s.Dots[1] || s.Dots[0].X != 300 || s.Bar != 0 {
		t.Errorf("at one spot: %+v", s)
	}
	for metres, want := range map[float64]int{0.5: 0, 1: 1, 4.9: 2, 99: 50, 100: 100, 7e6: 5_000_000} {
		if got := roundMetres(metres); got != want {
			t.Errorf("%v m: %d, want %d", metres, got, want)
		}
	}
}

// Where a box hangs is drawn for staff of its place.
func TestSketchOfOnesOwn(t *testing.T) {
	s := newStage(t)
	s.must(s.au.SetPosition("box-1", &authority.Position{Lat: 10.98, Lon: 106.65}))
	if w := s.get(s.enter("minh"), "/desk/now"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `<svg viewBox="0 0 600 160"`) || !strings.Contains(w.Body.String(), "1. Chợ: im lặng") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(s.get(s.enter("hoa"), "/desk/now").Body.String(), "<svg") {
		t.Error("another commune sees where it hangs")
	}
}
