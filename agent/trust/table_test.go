package trust_test

import (
	"bytes"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
	"loa/agent/trust"
	"loa/agent/trust/trusttest"
)

var start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.FixedZone("+07:00", 7*3600))

// Every attack gets its code, and a refusal changes nothing that is kept.
func TestTable(t *testing.T) {
	w := trusttest.New(start)
	ready, err := w.Box()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range w.Cases() {
		if names[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		names[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			box := prepare(t, w, c, ready)
			before, plans := box.Snapshot(), box.Plan(w.Now)
			v := judge(box, c)
			want := c.Want
			if c.Room != "" {
				want = plan.Accepted // the code is another room's to give
			}
			if v.Code != want || v.Same != c.Same {
				t.Fatalf("got %q (same %v), %v; want %q (same %v)", v.Code, v.Same, v.Err, want, c.Same)
			}
			if v.VI == "" || v.EN == "" {
				t.Error("the verdict has no sentence for people")
			}
			if v.Accepted() != (v.Err == nil) {
				t.Errorf("accepted %v, error %v", v.Accepted(), v.Err)
			}
			if v.Accepted() && !v.Same {
				return
			}
			box.Commit(v)
			if after := box.Snapshot(); !bytes.Equal(before, after) {
				t.Errorf("the snapshot changed:\nbefore %s\nafter  %s", before, after)
			}
			if !equalPlans(plans, box.Plan(w.Now)) {
				t.Error("the plan changed")
			}
		})
	}
	if len(names) < 60 {
		t.Errorf("%d cases; the table has at least 60", len(names))
	}
}

// prepare makes the box of a case; ready is one that was set up, whose memory it takes.
func prepare(t *testing.T, w *trusttest.World, c trusttest.Case, ready *trust.Trust) *trust.Trust {
	t.Helper()
	box, err := w.Bare()
	if err != nil {
		t.Fatal(err)
	}
	if !c.Bare {
		box = reboot(t, w, ready, raws(w.Setup()))
	}
	var stored [][]byte
	for _, m := range c.Before {
		v := box.Judge(m.Topic, m.Raw, w.Now, clock.Signed)
		if c.Live && v.Code == plan.Malformed {
			_, v = box.JudgeLive(m.Topic, m.Raw, w.Now, nil)
		}
		if !v.Accepted() {
			t.Fatalf("before the case, %s: %v", m.Topic, v.Err)
		}
		box.Commit(v)
		stored = append(stored, m.Raw)
	}
	if c.Reboot {
		box = reboot(t, w, box, append(raws(w.Setup()), stored...))
	}
	if c.Asked != nil {
		box.Asked(*c.Asked)
	}
	return box
}

func raws(messages []trusttest.Message) (raw [][]byte) {
	for _, m := range messages {
		raw = append(raw, m.Raw)
	}
	return raw
}

// reboot makes a box that knows what a station keeps.
func reboot(t *testing.T, w *trusttest.World, box *trust.Trust, stored [][]byte) *trust.Trust {
	t.Helper()
	again, err := w.Bare()
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Restore(box.Snapshot()); err != nil {
		t.Fatal(err)
	}
	again.Load(stored)
	// The retained beat comes with the connection.
	beat := trusttest.Seal(w.Beat(1), trusttest.Pulse)
	again.Commit(again.Judge(beat.Topic, beat.Raw, w.Now, clock.Signed))
	return again
}

func judge(box *trust.Trust, c trusttest.Case) trust.Verdict {
	now := start.Add(c.After)
	if c.Live {
		_, v := box.JudgeLive(c.Topic, c.Raw, now, nil)
		return v
	}
	return box.Judge(c.Topic, c.Raw, now, c.Level)
}

func equalPlans(a, b plan.Plan) bool {
	return len(a.Bulletins) == len(b.Bulletins) && len(a.Schedules) == len(b.Schedules) &&
		len(a.Policies) == len(b.Policies) && len(a.Alerts) == len(b.Alerts) && len(a.Acts) == len(b.Acts) && a.Place == b.Place
}
