package arbiter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func slot(id string, c plan.Class, start int) plan.Occurrence {
	return plan.Occurrence{ID: id, Class: c, Start: at(start), By: plan.Key{Place: "26734", Kind: plan.KindSchedule, ID: "s"}}
}

func act(id string, c plan.Class, start int) plan.Occurrence {
	o := slot(id, c, start)
	o.By.Kind = plan.KindPlay
	return o
}

func alert(id string, width, issued int) plan.Occurrence {
	o := slot(id, plan.Emergency, 0)
	o.By.Kind, o.Width, o.Issued = plan.KindAlert, width, at(issued)
	return o
}

func ranked(id string, rank, start int) plan.Occurrence {
	o := slot(id, plan.PriorityC, start)
	o.Rank = rank
	return o
}

func TestOrder(t *testing.T) {
	for _, tt := range []struct {
		why    string
		winner plan.Occurrence
		loser  plan.Occurrence
	}{
		{"emergency before live", alert("z", 0, 0), act("a", plan.Live, 0)},
		{"live before drill", act("z", plan.Live, 0), act("a", plan.Drill, 0)},
		{"drill before priority", act("z", plan.Drill, 0), ranked("a", 1, 0)},
		{"priority before normal", slot("z", plan.PriorityC, 9), act("a", plan.Normal, 0)},
		{"normal before filler", slot("z", plan.Normal, 9), slot("a", plan.Filler, 0)},
		{"anything before a test", slot("z", plan.Filler, 9), act("a", plan.Test, 0)},
		{"a class nobody knows is last", act("z", plan.Test, 9), slot("a", "urgent", 0)},
		{"the wider emergency first", alert("z", 2, 0), alert("a", 1, 9)},
		{"then the newer emergency", alert("z", 1, 9), alert("a", 1, 0)},
		{"then by id", alert("a", 1, 0), alert("b", 1, 0)},
		{"the commune's order of priority items", ranked("z", 1, 9), ranked("a", 2, 0)},
		{"what the commune ordered before what it did not", ranked("z", 7, 9), ranked("a", 0, 0)},
		{"priority not ordered: the earlier planned", ranked("z", 0, 0), ranked("a", 0, 9)},
		{"priority not ordered, same time: id", ranked("a", 0, 0), ranked("z", 0, 0)},
		{"a person's wish before the plan", act("z", plan.Normal, 9), slot("a", plan.Normal, 0)},
		{"the earlier of two slots goes on", slot("z", plan.Normal, 0), slot("a", plan.Normal, 9)},
	} {
		t.Run(tt.why, func(t *testing.T) {
			for _, set := range [][]plan.Occurrence{{tt.winner, tt.loser}, {tt.loser, tt.winner}} {
				holder, waiting := Choose(set)
				if holder == nil || holder.ID != tt.winner.ID || len(waiting) != 1 || waiting[0].ID != tt.loser.ID {
					t.Errorf("Choose(%s, %s) = %v, %v", set[0].ID, set[1].ID, holder, waiting)
				}
			}
		})
	}
}

func TestNobodyAsks(t *testing.T) {
	if holder, waiting := Choose(nil); holder != nil || waiting != nil {
		t.Errorf("Choose(nil) = %v, %v", holder, waiting)
	}
}

// What the caller does with the holder must not reach into its own list.
func TestHolderIsACopy(t *testing.T) {
	set := []plan.Occurrence{slot("a", plan.Normal, 0)}
	holder, _ := Choose(set)
	holder.ID = "changed"
	if set[0].ID != "a" {
		t.Error("Choose gave away the caller's own occurrence")
	}
}

func random(r *rand.Rand, n int) []plan.Occurrence {
	classes := []plan.Class{plan.Emergency, plan.Live, plan.Drill, plan.PriorityC, plan.Normal, plan.Filler, plan.Test, ""}
	kinds := []plan.Kind{plan.KindSchedule, plan.KindAlert, plan.KindPlay, plan.KindDrill}
	os := make([]plan.Occurrence, n)
	for i, id := range r.Perm(n) {
		os[i] = plan.Occurrence{
			ID: fmt.Sprint(id), Class: classes[r.IntN(len(classes))], By: plan.Key{Kind: kinds[r.IntN(len(kinds))]},
			Start: at(r.IntN(3)), Issued: at(r.IntN(3)), Width: r.IntN(3), Rank: r.IntN(3),
		}
	}
	return os
}

func sign(n int) int { return max(-1, min(1, n)) }

func TestTotalOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		os := random(r, 14)
		for i := range os {
			for j := range os {
				ij := sign(Compare(&os[i], &os[j]))
				if ij != -sign(Compare(&os[j], &os[i])) {
					t.Fatalf("not antisymmetric: %+v %+v", os[i], os[j])
				}
				if (ij == 0) != (i == j) {
					t.Fatalf("two occurrences are equal: %+v %+v", os[i], os[j])
				}
				for k := range os {
					if ij < 0 && Compare(&os[j], &os[k]) < 0 && Compare(&os[i], &os[k]) >= 0 {
						t.Fatalf("not transitive: %+v %+v %+v", os[i], os[j], os[k])
					}
				}
			}
		}
	}
}

func TestHolderIsTheMaximumInWhateverOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		os := random(r, 1+r.IntN(8))
		given := slices.Clone(os)
		holder, waiting := Choose(os)
		for i := range os {
			if c := Compare(holder, &os[i]); c > 0 {
				t.Fatalf("%+v holds, but %+v goes before it", holder, os[i])
			}
			if os[i].ID != given[i].ID {
				t.Fatal("Choose moved the caller's occurrences")
			}
		}
		if len(waiting) != len(os)-1 {
			t.Fatalf("%d of %d wait", len(waiting), len(os))
		}
		for i := 1; i < len(waiting); i++ {
			if Compare(&waiting[i-1], &waiting[i]) >= 0 {
				t.Fatalf("%q waits before %q", waiting[i-1].ID, waiting[i].ID)
			}
		}
		r.Shuffle(len(os), func(i, j int) { os[i], os[j] = os[j], os[i] })
		again, _ := Choose(os)
		if again.ID != holder.ID {
			t.Fatalf("another order of asking gives %q instead of %q", again.ID, holder.ID)
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	os := random(rand.New(rand.NewPCG(5, 6)), 8)
	b.ReportAllocs()
	for b.Loop() {
		Choose(os)
	}
}

// The board goes to all alerts together, else to what sounds, else as the speaker would.
func TestPanel(t *testing.T) {
	early, late := slot("early", plan.Normal, 0), slot("late", plan.Normal, 5)
	first := slot("first", plan.PriorityC, 9)
	flood, fire := alert("flood", 1, 7), alert("fire", 0, 8)
	for _, c := range []struct {
		allowed         []plan.Occurrence
		sounds          string
		holders, others string
	}{
		{nil, "", "", ""},
		{[]plan.Occurrence{late, early}, "", "early", "late"},
		{[]plan.Occurrence{early, late}, "late", "late", "early"},
		{[]plan.Occurrence{early, late, first}, "late", "first", "late early"}, // the class goes before the sound
		{[]plan.Occurrence{early, flood, first, fire}, "fire", "fire flood", "first early"},
	} {
		ids := func(os []plan.Occurrence) string {
			var all []string
			for _, o := range os {
				all = append(all, o.ID)
			}
			return strings.Join(all, " ")
		}
		before := ids(c.allowed)
		holders, others := Panel(c.allowed, func(o *plan.Occurrence) bool { return o.ID == c.sounds })
		if ids(holders) != c.holders || ids(others) != c.others {
			t.Errorf("%s with %q sounding: %s has it and %s waits; want %s and %s", before, c.sounds, ids(holders), ids(others), c.holders, c.others)
		}
		if ids(c.allowed) != before {
			t.Errorf("it was given %s and left %s", before, ids(c.allowed))
		}
	}
}
