package schedule

import (
	"testing"
	"time"

	"loa/agent/plan"
)

// staggered is a slot of one text of 60 s and a pause of 5, and a box of a group.
func staggered(group, loops int) *plan.Plan {
	s := slot("s", "05:30", 3600, ref("b"))
	s.Stagger, s.StartAt, s.Loops, s.GapS = true, true, loops, 5
	p := newPlan(sched("d", s), bulletin("b", plan.Normal, 60))
	p.Want.Settings = &plan.Settings{StaggerGroup: group, DelayMS: 120}
	return p
}

// The boxes of group 1 begin when those of group 0 are through, and so by turns.
func TestStagger(t *testing.T) {
	for group, want := range [][]string{{"05:30:00", "05:32:10"}, {"05:31:05", "05:33:15"}} {
		p := staggered(group, 2)
		got := Span(p, on("05:00"), on("07:00"))
		if len(got) != len(want) {
			t.Fatalf("group %d: %d items", group, len(got))
		}
		g := progress()
		for i, o := range got {
			if !o.Start.Equal(on(want[i])) {
				t.Errorf("group %d: item %d at %v, want %s", group, i, o.Start, want[i])
			}
			if due, until := Due(p, g, on(want[i]).Add(-time.Second)); len(due) != 0 || !until.Equal(on(want[i])) {
				t.Errorf("group %d, a second before item %d: %v until %v", group, i, ids(due), until)
			}
			is := due(t, p, g, on(want[i]))
			if is.ID != o.ID || !is.Together || is.Delay != 120*time.Millisecond {
				t.Errorf("group %d: %+v is due", group, is)
			}
			End(&g, &is, on(want[i]).Add(time.Minute))
		}
	}
}

// A box that comes up in between joins where its own group is.
func TestAStaggeredSlotIsJoined(t *testing.T) {
	for _, tt := range []struct {
		group int
		at    string
		item  string        // that is due; empty: the other group has its turn
		from  time.Duration // in it
	}{
		{0, "05:30:20", "0/0", 20 * time.Second},
		{0, "05:31:30", "", 0},
		{0, "05:32:30", "0/1", 20 * time.Second},
		{1, "05:30:20", "", 0},
		{1, "05:31:30", "0/0", 25 * time.Second},
		{1, "05:33:00", "", 0},
		{1, "05:33:25", "0/1", 10 * time.Second},
	} {
		g := NewProgress(on(tt.at))
		os, _ := Due(staggered(tt.group, -1), g, on(tt.at))
		switch {
		case tt.item == "" && len(os) != 0:
			t.Errorf("group %d at %s: %v is due in the others' turn", tt.group, tt.at, ids(os))
		case tt.item != "" && (len(os) != 1 || os[0].ID != "26734/schedule/d/s@2026-11-23T05:30/"+tt.item || os[0].At != tt.from):
			t.Errorf("group %d at %s: %v, want item %s from %v: %+v", tt.group, tt.at, ids(os), tt.item, tt.from, os)
		}
	}
}
