package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
)

// A drill ends in a list by place: heard as the boxes measured it, not heard with the
// reason, and those of whom nothing has come since.
func TestDrillResult(t *testing.T) {
	w := newWorld(t).sample().online()
	w.must("place", "add", "26737", "--name", "Bình Hòa", "--parent", "74")
	for box, place := range map[string]string{"box-2": "26734", "box-3": "26734", "box-4": "26737", "box-5": "26737"} {
		w.must("box", "add", box, "--place", place, "--board", "desk", "--as", "74-1,74-2")
	}
	w.fails(exitFailed, "no drill yet", "drill", "result")
	w.tone("dt.wav", 2, 0.5)
	file := w.file("b.toml", "id = \"dt\"\nplace = \"74\"\ntitle = \"Diễn tập\"\nclass = \"drill\"\ntext = \"a\"\nvalid_until = "+until+"\n[[audio]]\nfile = \"dt.wav\"\n")
	w.must("bulletin", "sign", file, "--as", "74-1")
	if code := w.run("drill", "74", "--bulletin", "dt", "--as", "74-1", "--wait", "1ms"); code != exitNobody {
		t.Fatalf("exit %d: %s", code, w.err.String())
	}
	var sent struct {
		ID     string
		Passed bool
		Boxes  []drillRow
	}
	w.failed(&sent, "drill", "result")
	if sent.ID == "" || sent.Passed || len(sent.Boxes) != 5 || sent.Boxes[0].State != drillUnreachable {
		t.Fatalf("before anybody has answered: %+v", sent)
	}
	id := "74/act.drill/" + sent.ID
	now, later := time.Now(), time.Now().Add(time.Hour)
	heard := ledger.Entry{Time: now, Kind: ledger.End, ID: id, Result: plan.Heard, HeardS: 2, Proof: "current"}
	w.told("box-1", heard)
	w.told("box-2", ledger.Entry{Time: now, Kind: ledger.End, ID: id, Result: plan.Silent, Proof: "current"})
	w.told("box-3", ledger.Entry{Time: now, Kind: ledger.Refused, ID: id, Result: plan.Refused, Code: plan.QuietHours})
	w.told("box-4", heard)
	w.told("box-5", ledger.Entry{Time: later, Kind: ledger.Boot})
	w.failed(&sent, "drill", "result", sent.ID)
	want := []string{drillHeard, drillNotHeard, drillNotHeard, drillHeard, drillNotHeard}
	for i, r := range sent.Boxes {
		if r.State != want[i] {
			t.Errorf("%s: %+v, want %s", r.Box, r, want[i])
		}
	}
	if code := w.run("drill", "result"); code != exitNobody {
		t.Errorf("a drill that was not heard everywhere ends with %d", code)
	}
	out := w.out.String()
	for _, line := range []string{"FAILED 26734 An Sơn  heard at 1 of 3", "FAILED 26737 Bình Hòa  heard at 1 of 2", "box-2"} {
		if !strings.Contains(out, line) {
			t.Errorf("%q is not in\n%s", line, out)
		}
	}
	if strings.Contains(out, "box-1") {
		t.Errorf("whoever was heard is not named:\n%s", out)
	}
}

// failed is json of a drill that was not heard everywhere.
func (w *world) failed(to any, args ...string) {
	w.t.Helper()
	if code := w.run(append(args, "--json")...); code != exitNobody {
		w.t.Fatalf("loactl %s: exit %d, want %d", strings.Join(args, " "), code, exitNobody)
	}
	if err := json.Unmarshal(w.out.Bytes(), to); err != nil {
		w.t.Fatal(err)
	}
}
