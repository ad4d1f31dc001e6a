package ahead_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"loa/agent/plan"
)

// disturbances is a year of trouble in the order of time. In June nothing arrives.
func disturbances(r *rand.Rand) []event {
	var events []event
	span := int64(last.Sub(first) / time.Second)
	// Half of the moments lie where a programme is on the air.
	moment := func() time.Time {
		at := first.Add(time.Duration(r.Int64N(span)) * time.Second)
		if r.IntN(2) == 0 {
			on := []time.Duration{5*time.Hour + 30*time.Minute, 17 * time.Hour, 11 * time.Hour, 14 * time.Hour}[r.IntN(4)]
			local := at.In(zone)
			day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
			at = day.Add(on + time.Duration(r.IntN(1500))*time.Second)
		}
		return at
	}
	arrives := func(n int, what string, do func(b *box, id string)) {
		for i := range n {
			at := moment()
			if at.Month() == time.June {
				continue // a month offline
			}
			id := fmt.Sprint(what, i)
			events = append(events, event{at, what, func(b *box) { do(b, id) }})
		}
	}
	arrives(80, "alert", func(b *box, id string) {
		place, words := commune, "storm"
		if r.IntN(3) == 0 {
			place, words = province, "flood"
		}
		length := time.Duration(5+r.IntN(30)) * time.Minute
		b.alert(place, id, words, 1+r.IntN(4), length)
	})
	arrives(100, "play", func(b *box, id string) {
		b.act(plan.KindPlay, id, 10*time.Minute, func(a *plan.Act) {
			it := ref([]string{"weather", "health", "storm"}[r.IntN(3)])
			a.Item = &it
		})
	})
	arrives(20, "drill", func(b *box, id string) {
		b.act(plan.KindDrill, id, 10*time.Minute, func(a *plan.Act) { it := ref("weather"); a.Item = &it })
	})
	arrives(15, "mute", func(b *box, id string) {
		b.act(plan.KindMute, id, 30*time.Minute, func(a *plan.Act) { a.MuteUntil = a.Until })
	})
	arrives(15, "stop", func(b *box, id string) {
		b.act(plan.KindStop, id, 15*time.Minute, func(a *plan.Act) { a.Classes = []plan.Class{plan.Normal, plan.PriorityC} })
	})
	for range 70 {
		off := time.Duration(1+r.IntN(20)) * time.Minute
		if r.IntN(10) == 0 {
			off = time.Duration(1+r.IntN(60)) * time.Hour
		}
		events = append(events, event{moment(), "power cut", func(b *box) { b.powerCut(off) }})
	}
	for range 40 {
		err := time.Duration(1+r.IntN(300)) * time.Minute
		if r.IntN(2) == 0 {
			err = -err
		}
		at := moment()
		back := at.Add(time.Duration(1+r.IntN(300)) * time.Minute)
		events = append(events,
			event{at, "clock", func(b *box) { b.jump(err) }},
			event{back, "clock", func(b *box) { b.jump(0) }})
	}
	slices.SortFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	return events
}

const (
	powerCut  = "a power cut"
	clockBack = "a clock that went back"
)

func (b *box) suffer(what string, from, to time.Time) {
	b.troubles = append(b.troubles, trouble{from, to, what})
}

// alert puts an alert into the slot of an office of its own and takes it out
// again when it is long over.
func (b *box) alert(place, id, words string, repeat int, length time.Duration) {
	h := head(place, plan.KindAlert, id)
	h.Issued = b.now()
	it := ref(words)
	set := plan.AlertSet{Head: h, Office: id, Alerts: []plan.Alert{{
		ID: id, Headline: id, Bulletin: it.Ref, Repeat: repeat, GapS: 30, From: b.now(), Until: b.now().Add(length),
	}}}
	for k, old := range b.p.Alerts {
		if old.Alerts[0].Until.Before(b.now()) {
			delete(b.p.Alerts, k)
		}
	}
	b.p.Alerts[set.Key()] = set
	b.suffer("an alert", b.now(), b.now().Add(length))
}

func (b *box) act(kind plan.Kind, id string, life time.Duration, fill func(*plan.Act)) {
	a := plan.Act{Head: head(commune, kind, id), Until: b.now().Add(life)}
	a.Issued = b.now()
	fill(&a)
	b.p.Acts = append(slices.Clone(b.p.Acts), a)
	b.suffer("an act", b.now(), a.Until)
}

// powerCut takes the power away: nothing is interrupted in good order.
func (b *box) powerCut(off time.Duration) {
	from := b.now()
	if b.playing != nil {
		b.silence()
	}
	b.real = b.real.Add(off)
	b.suffer(powerCut, from, b.now())
	b.boot()
}

// jump puts the box's clock wrong by err.
func (b *box) jump(err time.Duration) {
	before := b.now()
	b.interrupt()
	b.err = err
	after := b.now()
	if after.Before(before) {
		b.suffer(clockBack, after, before)
	} else {
		b.suffer("a clock that went forth", before, after)
	}
	b.stepped()
}
