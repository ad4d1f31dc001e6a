package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/index"
	"loa/scripts/authority/rollout"
)

// A heap is reports as an index gives them.
type heap []index.Report

func (r heap) Since(n int64) ([]index.Report, error) {
	var out []index.Report
	for _, x := range r {
		if x.N > n {
			out = append(out, x)
		}
	}
	return out, nil
}

func (r *heap) says(device, leaf string, v any, came time.Time) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	*r = append(*r, index.Report{Device: device, Leaf: leaf, Came: came, N: int64(len(*r) + 1), Body: json.RawMessage(body)})
}

// From two people's signatures to the last ring, and to a stop: what boxes report decides,
// and what the signs of life say follows.
func TestFirmware(t *testing.T) {
	w := newWorld(t).sample()
	rows := "device,place,board\n"
	for i := 2; i <= 20; i++ {
		rows += fmt.Sprintf("box-%d,26734,desk\n", i)
	}
	w.must("box", "import", w.file("boxes.csv", rows), "--as", "74-1,74-2")
	start := time.Now().Truncate(time.Second)
	w.now = func() time.Time { return start }
	bundle := w.file("loa.raucb", strings.Repeat("bundle", 1000))
	w.fails(exitUsage, "--version", "firmware", "new", "rock64="+bundle, "--place", "26734", "--as", "74-1")
	w.fails(exitUsage, "BOARD=FILE", "firmware", "new", bundle, "--version", "1.1", "--place", "26734", "--as", "74-1")
	w.fails(exitUsage, "rings", "firmware", "new", "rock64="+bundle, "--version", "1.1", "--place", "26734", "--as", "74-1", "--rings", "24")
	w.fails(exitFailed, "box-99", "firmware", "new", "rock64="+bundle, "--version", "1.1", "--place", "26734", "--as", "74-1", "--canary", "box-99")
	w.fails(exitUsage, "1 to 4 numbers", "firmware", "new", "rock64="+bundle, "--version", "latest", "--place", "26734", "--as", "74-1")
	w.fails(exitFailed, "", "firmware", "status")

	w.must("firmware", "new", "rock64="+bundle, "--version", "1.1", "--place", "26734", "--canary", "box-1", "--as", "74-1")
	if got := w.out.String(); !strings.Contains(got, "20 documents lack a signature") {
		t.Errorf("after one signature: %s", got)
	}
	w.fails(exitFailed, "no release", "firmware", "status")
	w.must("firmware", "sign", "--as", "74-2")
	for _, want := range []string{"Release 1.1, security 1, 20 boxes", "rock64", "up to 5 %", "All signatures are there"} {
		if !strings.Contains(w.out.String(), want) {
			t.Errorf("who signs does not read %q:\n%s", want, w.out.String())
		}
	}
	w.fails(exitFailed, "no release waits", "firmware", "sign", "--as", "74-2")
	w.must("box", "set", "box-1", "--volume", "50", "--as", "74-1") // carries the release along, by one signature

	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{Now: func() time.Time { return w.now() }})
	if err != nil {
		t.Fatal(err)
	}
	newest, wants, err := au.Release()
	if err != nil || newest.Version != "1.1" || len(wants) != 20 || !wants["box-1"].Canary || wants["box-2"].Canary {
		t.Fatalf("%+v, %d wants, %v", newest, len(wants), err)
	}
	if kept, err := os.ReadFile(filepath.Join(au.MediaDir(), newest.Bundles["rock64"].SHA256)); err != nil || len(kept) != 6000 {
		t.Errorf("boxes cannot fetch it: %v", err)
	}

	a := &app{now: func() time.Time { return w.now() }}
	reports := &heap{}
	known := newBoxes(reports)
	says := func() *plan.Rollout {
		t.Helper()
		if _, err := a.lookAtRollout(au, known); err != nil {
			t.Fatal(err)
		}
		is, err := au.Beat("74", dispatcherName, 0)
		if err != nil {
			t.Fatal(err)
		}
		return is.Doc.(plan.Beat).Rollout
	}
	turns := func(state string) {
		r := says()
		for name, f := range wants {
			have := message.Have{Device: name, Software: &message.Software{Version: "1.0", Wanted: "1.1", State: "waiting"}}
			if f.May(name, r, w.now()) {
				have.Software.State = state
				if state == "current" {
					have.Software.Version = "1.1"
				}
			}
			reports.says(name, message.LeafState, message.State{State: "online"}, w.now())
			reports.says(name, message.LeafHave, have, w.now())
		}
	}
	if r := says(); r == nil || *r != (plan.Rollout{Version: "1.1"}) {
		t.Errorf("at first: %+v", r)
	}
	turns("current")
	for _, c := range []struct {
		hours, percent int
	}{{23, 0}, {24, 5}, {47, 5}, {48, 25}, {95, 25}, {96, 100}} {
		w.now = func() time.Time { return start.Add(time.Duration(c.hours) * time.Hour) }
		if r := says(); r == nil || r.Percent != c.percent {
			t.Errorf("after %d hours: %+v, want %d %%", c.hours, r, c.percent)
		}
		turns("current")
	}

	w.must("firmware", "pause", "a call from the commune")
	if r := says(); r != nil {
		t.Errorf("paused: %+v", r)
	}
	w.must("firmware", "status")
	if !strings.Contains(w.out.String(), "a call from the commune") {
		t.Errorf("status: %s", w.out.String())
	}
	w.must("firmware", "resume")
	if r := says(); r == nil || r.Percent != 100 {
		t.Errorf("resumed: %+v", r)
	}
	w.fails(exitFailed, "not stopped", "firmware", "resume")

	// The next release fails on its canary.
	w.must("firmware", "new", "rock64="+bundle, "--version", "1.2", "--place", "26734", "--canary", "box-1", "--as", "74-1,74-2")
	if r := says(); r == nil || *r != (plan.Rollout{Version: "1.2"}) {
		t.Errorf("the next: %+v", r)
	}
	reports.says("box-1", message.LeafHave, message.Have{Device: "box-1", Software: &message.Software{Version: "1.1", Wanted: "1.2", State: "failed", Code: plan.Unsupported}}, w.now())
	if r := says(); r != nil || au.Rollout().Stopped != rollout.ByCanary {
		t.Errorf("its canary has failed: %+v, %+v", r, au.Rollout())
	}
}
