package schedule

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"loa/agent/plan"
)

// A Monday in a zone without daylight saving, as everywhere in Vietnam.
var (
	hcm    = time.FixedZone("+07:00", 7*3600)
	monday = time.Date(2026, 11, 23, 0, 0, 0, 0, hcm)
	always = plan.Validity{ValidUntil: monday.AddDate(2, 0, 0)}
	issued = monday.AddDate(0, -1, 0)
)

const (
	commune  = "26734"
	province = "79"
)

// on is a time of day on the Monday; "24:30" and later is Tuesday.
func on(clock string) time.Time {
	var h, m, s int
	if n, err := fmt.Sscanf(clock, "%d:%d:%d", &h, &m, &s); n < 2 {
		panic(err)
	}
	return monday.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second)
}

func newPlan(docs ...any) *plan.Plan {
	p := &plan.Plan{
		Place: commune, Above: []string{province},
		Bulletins: map[plan.Key]plan.Bulletin{},
		Schedules: map[plan.Key]plan.Schedule{},
		Policies:  map[plan.Key]plan.Policy{},
		Alerts:    map[plan.Key]plan.AlertSet{},
	}
	for _, d := range docs {
		switch d := d.(type) {
		case plan.Bulletin:
			p.Bulletins[d.Key()] = d
		case plan.Schedule:
			p.Schedules[d.Key()] = d
		case plan.Policy:
			p.Policies[d.Key()] = d
		case plan.AlertSet:
			p.Alerts[d.Key()] = d
		case plan.Act:
			p.Acts = append(p.Acts, d)
		default:
			panic(fmt.Sprintf("%T is no document", d))
		}
	}
	return p
}

func head(kind plan.Kind, id string) plan.Head {
	return plan.Head{
		Format: 1, Kind: kind, Place: commune, ID: id, Issued: issued,
		Proof: plan.Proof{SHA256: "sha-of-" + id, Holders: []string{"lan"}, Signer: commune},
	}
}

// bulletin is one of so many seconds.
func bulletin(id string, class plan.Class, seconds int64) plan.Bulletin {
	return plan.Bulletin{
		Head: head(plan.KindBulletin, id), Validity: always,
		Class: class, Origin: plan.Own, Lang: "vi", Title: id,
		Audio: []plan.Audio{{SHA256: "audio-of-" + id, Type: "audio/wav", DurationMS: seconds * 1000}},
	}
}

func ref(id string) plan.Item {
	return plan.Item{Ref: &plan.Ref{Kind: plan.KindBulletin, ID: id, SHA256: "sha-of-" + id}}
}

func sched(id string, slots ...plan.Slot) plan.Schedule {
	return plan.Schedule{Head: head(plan.KindSchedule, id), Validity: always, Zone: "+07:00", Slots: slots}
}

// slot opens at a time of day for so many seconds.
func slot(id, at string, forS int, items ...plan.Item) plan.Slot {
	return plan.Slot{ID: id, At: []string{at}, ForS: forS, Items: items}
}

func act(kind plan.Kind, id, from, until string, item plan.Item) plan.Act {
	a := plan.Act{Head: head(kind, id), Until: on(until), Item: &item}
	a.Issued = on(from)
	return a
}

func stopAct(id, at string, classes ...plan.Class) plan.Act {
	a := plan.Act{Head: head(plan.KindStop, id), Until: on(at).Add(15 * time.Minute), Classes: classes}
	a.Issued = on(at)
	return a
}

func alertSet(place, office string, alerts ...plan.Alert) plan.AlertSet {
	h := head(plan.KindAlert, office)
	h.Place, h.Proof.Signer, h.Issued = place, place, on("09:00")
	return plan.AlertSet{Head: h, Office: office, Alerts: alerts}
}

func progress() plan.Progress { return NewProgress(monday.AddDate(0, 0, -30)) }

// due is the one occurrence that must be due.
func due(t *testing.T, p *plan.Plan, g plan.Progress, now time.Time) plan.Occurrence {
	t.Helper()
	got, until := Due(p, g, now)
	if len(got) != 1 {
		t.Fatalf("at %s %d are due: %v", now.In(hcm).Format(time.TimeOnly), len(got), ids(got))
	}
	if !until.After(now) {
		t.Fatalf("until %v is not after now %v", until, now)
	}
	return got[0]
}

func ids(os []plan.Occurrence) []string {
	out := []string{}
	for _, o := range os {
		out = append(out, o.ID)
	}
	return out
}

// tries is how many random plans a property is tried on: few where an emulator
// runs the tests, twenty times slower.
func tries(n uint64) uint64 {
	if os.Getenv("LOA_RUNNER") != "" {
		return n / 20
	}
	return n
}

// randomPlan is a plan with something of everything.
func randomPlan(r *rand.Rand) *plan.Plan {
	var docs []any
	classes := []plan.Class{plan.Normal, plan.Normal, plan.PriorityC, plan.Emergency, plan.Drill, plan.Filler}
	for i := range 6 {
		b := bulletin(fmt.Sprint("b", i), classes[r.IntN(len(classes))], int64(10+r.IntN(900)))
		b.Repeat = r.IntN(3)
		switch r.IntN(5) {
		case 0:
			b.ValidFrom = on("06:00").Add(minutes(r, 600))
		case 1:
			b.ValidUntil = on("06:00").Add(minutes(r, 600))
		case 2:
			b.Withdrawn = r.IntN(2) == 0
		}
		docs = append(docs, b)
	}
	item := func() plan.Item {
		switch r.IntN(8) {
		case 0:
			return plan.Item{Chime: "gong"}
		case 1:
			return plan.Item{Relay: &plan.Relay{URLs: []string{"https://a.vn/x"}, Class: plan.Normal, ForS: r.IntN(2) * 900}}
		case 2:
			it := ref(fmt.Sprint("b", r.IntN(8)))
			if r.IntN(3) == 0 {
				it.Ref.SHA256 = "other"
			}
			return it
		}
		return ref(fmt.Sprint("b", r.IntN(6)))
	}
	for i := range 2 {
		var slots []plan.Slot
		for j := range 1 + r.IntN(3) {
			s := plan.Slot{ID: fmt.Sprint("s", j), ForS: 60 + r.IntN(7200), GapS: r.IntN(3) * 20, Loops: r.IntN(4) - 1}
			if r.IntN(3) == 0 {
				s.Every = &plan.Every{From: clock(r), Until: clock(r), Minutes: 20 + r.IntN(200)}
			} else {
				s.At = []string{clock(r), clock(r)}
			}
			if r.IntN(4) == 0 {
				s.Days = []string{"mon", "wed"}
			}
			if r.IntN(4) == 0 {
				s.Except = []string{"2026-11-23"}
			}
			for range 1 + r.IntN(4) {
				s.Items = append(s.Items, item())
			}
			slots = append(slots, s)
		}
		s := sched(fmt.Sprint("d", i), slots...)
		s.Zone = []string{"+07:00", "Asia/Ho_Chi_Minh", "Europe/Berlin"}[r.IntN(3)]
		if r.IntN(4) == 0 {
			s.ValidFrom = on("00:00").Add(minutes(r, 1440))
		}
		if r.IntN(4) == 0 {
			s.ValidUntil = on("00:00").Add(minutes(r, 1440))
		}
		s.Order = []plan.Ref{{ID: "b1"}, {ID: "b0"}}[:r.IntN(3)]
		docs = append(docs, s)
	}
	for i := range r.IntN(3) {
		set := alertSet([]string{commune, province}[i%2], fmt.Sprint("office", i))
		for j := range 1 + r.IntN(2) {
			a := plan.Alert{ID: fmt.Sprint("a", j), Headline: "nước lên", Repeat: r.IntN(4), GapS: r.IntN(3) * 30}
			a.From = on("00:00").Add(minutes(r, 1000))
			a.Until = a.From.Add(minutes(r, 400))
			if it := item(); it.Ref != nil {
				a.Bulletin = it.Ref
			}
			set.Alerts = append(set.Alerts, a)
		}
		docs = append(docs, set)
	}
	for i := range r.IntN(4) {
		at := r.IntN(1400)
		from, until := fmt.Sprintf("%d:%02d", at/60, at%60), fmt.Sprintf("%d:%02d", (at+12)/60, (at+12)%60)
		a := act([]plan.Kind{plan.KindPlay, plan.KindDrill, plan.KindTest}[r.IntN(3)], fmt.Sprint("x", i), from, until, item())
		a.ForS = r.IntN(2) * (60 + r.IntN(3000))
		docs = append(docs, a)
		if r.IntN(3) == 0 {
			docs = append(docs, stopAct(fmt.Sprint("stop", i), from, plan.Normal, plan.PriorityC, plan.Emergency))
		}
	}
	return newPlan(docs...)
}

func clock(r *rand.Rand) string { return fmt.Sprintf("%02d:%02d", r.IntN(24), r.IntN(60)) }

func minutes(r *rand.Rand, n int) time.Duration { return time.Duration(r.IntN(n)) * time.Minute }

// randomProgress is one that could have come about: some of what was due at
// earlier moments has ended, some was interrupted, one sounds.
func randomProgress(r *rand.Rand, p *plan.Plan, now time.Time) plan.Progress {
	g := NewProgress(now.Add(-minutes(r, 1440)))
	if r.IntN(8) == 0 {
		g.Since = now.Add(minutes(r, 100))
	}
	for range r.IntN(60) {
		at := now.Add(-minutes(r, 600))
		os, _ := Due(p, g, at)
		if len(os) == 0 {
			continue
		}
		o := os[r.IntN(len(os))]
		switch r.IntN(6) {
		case 0:
			Interrupt(&g, &o, time.Duration(1+r.IntN(100))*time.Second)
		case 1:
			Begin(&g, &o)
		case 2:
			Strike(&g, &o)
		default:
			End(&g, &o, at)
		}
	}
	return g
}
