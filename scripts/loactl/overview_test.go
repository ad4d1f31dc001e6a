package main

import (
	"strings"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/rollup"
)

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
		Places   []rollup.Group
		Trouble  []trouble
		Versions map[string]int
	}
	w.json(&r, "fleet")
	if len(r.Places) != 2 || r.Places[0] != (rollup.Group{Place: "74", Name: r.Places[0].Name, Boxes: 3, Online: 2, Faulty: 1}) ||
		r.Places[1] != (rollup.Group{Place: "26734", Name: r.Places[1].Name, Depth: 1, Boxes: 2, Online: 2, Faulty: 1}) {
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

	// It died while no broker was there: nothing has come of it since this morning.
	one.send("have", message.SealReport(message.ReportHave, message.Have{Device: one.name, At: time.Now().Add(-8 * time.Hour), Clock: clock.Signed}, one.key))
	w.json(&r, "fleet")
	if r.Places[0].Online != 1 || r.Trouble[1].Box != "box-1" || r.Trouble[1].Code != "lost" {
		t.Errorf("a dead box is online: %+v %+v", r.Places, r.Trouble)
	}
}

// A box whose board lacks a letter shows the rest: that is no refusal.
func TestALetterIsMissing(t *testing.T) {
	for code, took := range map[plan.Code]bool{plan.GlyphMissing: true, plan.QuietHours: false} {
		if r := (receipt{State: "refused", Code: code}); r.took() != took {
			t.Errorf("refused for %s: taken is %v", code, r.took())
		}
	}
}
