package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"loa/agent/health"
	"loa/agent/message"
	"loa/agent/plan"
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
		var units []unit
		for range r.IntN(200) {
			u := unit{place: codes[r.IntN(len(codes))], online: r.IntN(2) > 0, faulty: r.IntN(3) == 0, wanted: r.IntN(3)}
			if r.IntN(20) == 0 {
				u.place = "gone"
			}
			u.present = r.IntN(u.wanted + 1)
			units = append(units, u)
		}
		shown := make(map[string]group)
		var top group
		for _, g := range rollUp(places, "", units) {
			if _, twice := shown[g.Place]; twice {
				t.Fatalf("seed %d: %s is shown twice", seed, g.Place)
			}
			shown[g.Place] = g
			if g.Depth == 0 {
				top.Boxes, top.Online, top.Faulty = top.Boxes+g.Boxes, top.Online+g.Online, top.Faulty+g.Faulty
				top.Wanted, top.Present = top.Wanted+g.Wanted, top.Present+g.Present
			}
		}
		var all group
		for code := range shown {
			want := group{Place: code, Name: places[code].Name, Depth: shown[code].Depth}
			for _, u := range units {
				if within(places, u.place, code) {
					want.add(u)
				}
			}
			if shown[code] != want {
				t.Fatalf("seed %d: %s is %+v, its boxes are %+v", seed, code, shown[code], want)
			}
			if sub := rollUp(places, code, units); sub[0].Boxes != want.Boxes || sub[0].Depth != 0 {
				t.Fatalf("seed %d: %s alone is %+v, its boxes are %+v", seed, code, sub[0], want)
			}
		}
		for _, u := range units {
			all.add(u)
		}
		if top != all {
			t.Fatalf("seed %d: the top is %+v, all boxes are %+v", seed, top, all)
		}
	}
}

func TestFleet(t *testing.T) {
	w := newWorld(t).sample().online()
	for name, place := range map[string]string{"box-2": "26734", "box-3": "74", "box-4": "26734"} {
		w.must("box", "add", name, "--place", place, "--board", "desk", "--as", "74-1,74-2")
	}
	w.must("box", "revoke", "box-4")
	for _, args := range []string{"ask box-4 status", "ahead box-4"} {
		w.fails(exitFailed, "was revoked on", strings.Fields(args)...)
	}
	one, two := w.box("box-1"), w.box("box-2")
	for _, b := range []*fakeBox{one, two} {
		b.send("state", message.EncodeReport(message.State{State: "online", Boot: "x", Version: "v1"}))
	}
	bad, _ := health.Lookup("amp-guard")
	mild, _ := health.Lookup("broker-unreachable")
	since := time.Now().Add(-time.Hour)
	two.send("health", message.EncodeReport(message.HealthReport{Active: []health.Active{{Condition: mild, Since: since.Add(-time.Hour)}, {Condition: bad, Since: since}}}))
	var r struct {
		Places   []group
		Trouble  []trouble
		Versions map[string]int
	}
	w.json(&r, "fleet")
	if len(r.Places) != 2 || r.Places[0] != (group{Place: "74", Name: r.Places[0].Name, Boxes: 3, Online: 2, Faulty: 1}) ||
		r.Places[1] != (group{Place: "26734", Name: r.Places[1].Name, Depth: 1, Boxes: 2, Online: 2, Faulty: 1}) {
		t.Errorf("%+v", r.Places)
	}
	var order []string
	for _, tr := range r.Trouble {
		order = append(order, tr.Box+" "+tr.Code)
	}
	if got := strings.Join(order, ", "); got != "box-3 silent, box-2 amp-guard, box-2 broker-unreachable" {
		t.Errorf("what to see to: %s", got)
	}
	if len(r.Versions) != 1 || r.Versions["v1"] != 2 {
		t.Errorf("versions are %v", r.Versions)
	}
	w.json(&r, "fleet", "26734")
	if len(r.Places) != 1 || r.Places[0].Boxes != 2 || len(r.Trouble) != 2 {
		t.Errorf("of the commune: %+v %+v", r.Places, r.Trouble)
	}
	out := w.must("fleet", "--lang", "vi")
	for _, want := range []string{"IM LẶNG", "chưa thấy", bad.VI, "phiên bản v1: 2 thiết bị"} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing of %q in\n%s", want, out)
		}
	}
	t.Log("\n" + out)
}

// A box whose board lacks a letter shows the rest: that is no refusal.
func TestALetterIsMissing(t *testing.T) {
	for code, took := range map[plan.Code]bool{plan.GlyphMissing: true, plan.QuietHours: false} {
		if r := (receipt{State: "refused", Code: code}); r.took() != took {
			t.Errorf("refused for %s: taken is %v", code, r.took())
		}
	}
}
