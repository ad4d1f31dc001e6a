package schedule

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"loa/agent/plan"
)

// Until is a promise: the loop sleeps until then.
func TestTheAnswerHoldsUntil(t *testing.T) {
	answers := 0
	for seed := range tries(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := randomPlan(r)
		for range 20 {
			now := monday.Add(time.Duration(r.Int64N(int64(30 * time.Hour))))
			g := randomProgress(r, p, now)
			want, until := Due(p, g, now)
			if !until.After(now) || until.After(now.Add(horizon)) {
				t.Fatalf("seed %d: until is %v after now", seed, until.Sub(now))
			}
			answers += len(want)
			for i := range 5 {
				at := now.Add(time.Duration(r.Int64N(int64(until.Sub(now)))))
				if i == 0 {
					at = until.Add(-1)
				}
				if got, then := Due(p, g, at); !reflect.DeepEqual(got, want) || then.Before(until) {
					t.Fatalf("seed %d: at %v due are %v until %v; but %v later %v until %v",
						seed, now, ids(want), until, at.Sub(now), ids(got), then)
				}
			}
		}
	}
	if answers < int(tries(500)) {
		t.Errorf("only %d occurrences were due in all: the plans say nothing", answers)
	}
}

// Whatever has ended or cannot sound must not be offered, and nothing outside its life.
func TestWhatIsDueMaySound(t *testing.T) {
	for seed := range tries(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		p := randomPlan(r)
		for range 20 {
			now := monday.Add(time.Duration(r.Int64N(int64(30 * time.Hour))))
			g := randomProgress(r, p, now)
			os, _ := Due(p, g, now)
			seen := map[string]bool{}
			for _, o := range os {
				switch {
				case seen[o.ID]:
					t.Fatalf("seed %d: %s is due twice", seed, o.ID)
				case g.Ended[o.ID] || g.Ended[ItemID(o.ID)] || g.Ended[Series(&o)]:
					t.Fatalf("seed %d: %s has ended and comes again", seed, o.ID)
				case o.Err == nil && (!now.Before(o.End) || o.At < 0 || len(o.Parts) == 0 || o.Repeat < 1 || o.Class.Rank() == 0):
					t.Fatalf("seed %d: %+v cannot sound", seed, o)
				case o.Slot != "" && o.Err == nil && (o.Class == plan.Emergency || o.Class == plan.Drill):
					t.Fatalf("seed %d: a slot plays %s: %+v", seed, o.Class, o)
				case o.By.ID == "" || o.By.Kind == "":
					t.Fatalf("seed %d: nobody asks for %+v", seed, o)
				}
				seen[o.ID] = true
			}
		}
	}
}

// What is missed is over: it has not ended and is not due, and once it is
// closed it is gone.
func TestWhatIsMissedIsOver(t *testing.T) {
	lapses := 0
	for seed := range tries(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		p := randomPlan(r)
		for range 10 {
			now := monday.Add(time.Duration(r.Int64N(int64(30 * time.Hour))))
			g := randomProgress(r, p, now)
			from := now.Add(-minutes(r, 1440))
			due, _ := Due(p, g, now)
			missed := Missed(p, g, from, now)
			lapses += len(missed)
			for _, l := range missed {
				if g.Ended[l.ID] {
					t.Fatalf("seed %d: %s has ended and is missed", seed, l.ID)
				}
				for _, o := range due {
					if o.ID == l.ID {
						t.Fatalf("seed %d: %s is due and missed", seed, l.ID)
					}
				}
				Close(&g, &l)
			}
			if again := Missed(p, g, from, now); len(again) > 0 && again[0].Stop.ID == "" {
				t.Fatalf("seed %d: missed again: %+v", seed, again[0])
			}
		}
	}
	if lapses < int(tries(100)) {
		t.Errorf("only %d lapses in all", lapses)
	}
}

// The planned starts must be those that come about when everything has its
// length and nothing comes between.
func TestSpanIsWhatComesAbout(t *testing.T) {
	for seed := range tries(200) {
		r := rand.New(rand.NewPCG(seed, 4))
		p := randomPlan(r)
		p.Acts, p.Alerts = nil, nil
		for k, b := range p.Bulletins { // what ends or begins meanwhile changes the plan itself
			b.Validity = always
			p.Bulletins[k] = b
		}
		from, to := monday, monday.Add(30*time.Hour)
		planned := map[string]plan.Occurrence{}
		for _, o := range Span(p, from, to) {
			planned[o.ID] = o
		}
		// Every slot has a speaker of its own here.
		g := NewProgress(from)
		began := map[string]time.Time{}
		for now := from; now.Before(to); {
			due, until := Due(p, g, now)
			for _, o := range due {
				if _, ok := began[o.ID]; !ok {
					began[o.ID] = now
					if want, ok := planned[o.ID]; o.Start.Before(from) {
						// Joined: it was planned before.
					} else if !ok && o.Err == nil {
						t.Fatalf("seed %d: %s began at %v and was not planned", seed, o.ID, now)
					} else if ok && !want.Start.Equal(now) && o.Err == nil {
						t.Fatalf("seed %d: %s began at %v and was planned at %v", seed, o.ID, now, want.Start)
					}
				}
				end := o.End
				if o.Length > 0 {
					end = began[o.ID].Add(o.Length - o.At)
				}
				switch {
				case o.Err != nil:
					Strike(&g, &o)
					until = now
				case !end.After(now):
					End(&g, &o, now)
					until = now
				case end.Before(until):
					until = end
				}
			}
			now = until
		}
		for id, o := range planned {
			if _, ok := began[id]; !ok && o.Err == nil {
				t.Fatalf("seed %d: %s was planned at %v and never began", seed, id, o.Start)
			}
		}
	}
}

func FuzzSlot(f *testing.F) {
	f.Add("+07:00", "05:30", "22:00", "02:00", "2026-11-23", "mon", 30, 3600, -1, 5)
	f.Add("Europe/Berlin", "02:30", "00:00", "24:00", "2026-03-29", "sun", 1, 86400, 3, 0)
	f.Add("Asia/Saigon", "24:00", "24:00", "24:00", "", "", 0, 0, 0, -1)
	f.Fuzz(func(t *testing.T, zone, at, from, until, date, day string, every, forS, loops, gapS int) {
		s := slot("s", at, forS%100000, ref("b"), plan.Item{Chime: at}, plan.Item{Chime: "gong"})
		s.Every = &plan.Every{From: from, Until: until, Minutes: every}
		s.Days, s.Dates, s.Except = []string{day}, []string{date}, []string{zone}
		s.Loops, s.GapS = loops%5, gapS%10000
		d := sched("d", s)
		d.Zone = zone
		p := newPlan(d, bulletin("b", plan.Normal, 30))
		for h := range 30 {
			now := monday.Add(time.Duration(h) * time.Hour)
			os, next := Due(p, NewProgress(now.Add(-40*time.Minute)), now)
			if !next.After(now) {
				t.Fatalf("until %v is not after %v", next, now)
			}
			for _, o := range os {
				if ItemID(o.ID) != ItemID(ItemID(o.ID)) || Series(&o) != o.Slot {
					t.Fatalf("%+v has no name", o)
				}
			}
		}
	})
}

func busy() *plan.Plan {
	var docs []any
	for i := range 30 {
		docs = append(docs, bulletin(fmt.Sprint("b", i), plan.Normal, 120))
	}
	for i := range 4 {
		var slots []plan.Slot
		for j := range 8 {
			s := slot(fmt.Sprint("s", j), fmt.Sprintf("%02d:30", 5+2*j), 3600, ref(fmt.Sprint("b", i)), ref(fmt.Sprint("b", j)), ref("b20"), ref("b21"))
			if j == 7 {
				s.At, s.Every = nil, &plan.Every{From: "06:00", Until: "20:00", Minutes: 30}
			}
			slots = append(slots, s)
		}
		docs = append(docs, sched(fmt.Sprint("d", i), slots...))
	}
	docs = append(docs, alertSet(commune, "flood", plan.Alert{ID: "a", Headline: "nước lên", From: on("10:00"), Until: on("12:00")}))
	return newPlan(docs...)
}

func BenchmarkDue(b *testing.B) {
	p, g := busy(), progress()
	now := on("09:45")
	b.ReportAllocs()
	for b.Loop() {
		Due(p, g, now)
	}
}

func BenchmarkSpanOfAWeek(b *testing.B) {
	p := busy()
	for b.Loop() {
		Span(p, monday, monday.AddDate(0, 0, 7))
	}
}
