package trusttest

import (
	"fmt"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// Bulletin is a bulletin of a place that reads "id".
func (w *World) Bulletin(place, id string, class plan.Class) plan.Bulletin {
	return plan.Bulletin{
		Head: w.Head(plan.KindBulletin, place, id), Validity: w.Valid(), Class: class, Origin: plan.Own,
		Lang: "vi", Title: "Bản tin " + id, Text: "Kính mời bà con theo dõi.",
		Audio: []plan.Audio{{SHA256: strings.Repeat("ab", 32), Bytes: 48000, Type: "audio/mpeg", DurationMS: 8000}},
	}
}

// RefTo pins a document as it is.
func RefTo(b plan.Bulletin) *plan.Ref {
	payload, err := message.Encode(b)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	return &plan.Ref{Place: b.Place, Kind: b.Kind, ID: b.ID, SHA256: message.Digest(payload)}
}

// Schedule plays items every morning.
func (w *World) Schedule(place, id string, items ...plan.Item) plan.Schedule {
	return plan.Schedule{
		Head: w.Head(plan.KindSchedule, place, id), Validity: w.Valid(), Zone: "Asia/Ho_Chi_Minh",
		Slots: []plan.Slot{{ID: "morning", At: []string{"05:30"}, ForS: 1800, Items: items}},
	}
}

// Alerts is an office's set with alerts of these ids.
func (w *World) Alerts(place, office string, ids ...string) plan.AlertSet {
	s := plan.AlertSet{Head: w.Head(plan.KindAlert, place, office), Office: office, Alerts: []plan.Alert{}}
	for _, id := range ids {
		s.Alerts = append(s.Alerts, plan.Alert{
			ID: id, Event: "lũ quét", Urgency: "immediate", Severity: "extreme", Certainty: "observed",
			Headline: "Lũ quét đang về", Instruction: "Rời khỏi bờ sông ngay.", Until: w.Now.Add(2 * time.Hour),
		})
	}
	return s
}

// Triggers lets a switch start the flood alarm and take it back, and codes, by their sums,
// the storm alarm.
func (w *World) Triggers(place, id string, sums ...string) plan.Triggers {
	t := plan.Triggers{
		Head: w.Head(plan.KindTrigger, place, id), Validity: w.Valid(), ForS: 600, GapS: 10,
		Lines: []plan.TriggerLine{
			{Line: "key", Alert: "flood", HoldS: 3, PerDay: 2},
			{Line: "sorry", Alert: "false-alarm", HoldS: 3, PerDay: 2},
		},
	}
	for _, sum := range sums {
		t.Box = Device
		t.Codes = append(t.Codes, plan.TriggerCode{Alert: "storm", Sum: sum})
	}
	return t
}

// Play plays an item now.
func (w *World) Play(place, id string, item plan.Item) plan.Act {
	return plan.Act{Head: w.Head(plan.KindPlay, place, id), Until: w.Now.Add(5 * time.Minute), Item: &item}
}

// Gong plays the gong now.
func (w *World) Gong(place, id string) plan.Act {
	a := w.Play(place, id, plan.Item{Chime: "gong"})
	a.Class = plan.Normal
	return a
}

// Stop silences classes at a place.
func (w *World) Stop(place, id string, classes ...plan.Class) plan.Act {
	return plan.Act{Head: w.Head(plan.KindStop, place, id), Until: w.Now.Add(5 * time.Minute), Classes: classes}
}

// Mute silences the box for d.
func (w *World) Mute(id string, d time.Duration) plan.Act {
	return plan.Act{Head: w.BoxHead(plan.KindMute, id), Until: w.Now.Add(5 * time.Minute), MuteUntil: w.Now.Add(d)}
}

// Talk opens a live session whose packets the key of name signs.
func (w *World) Talk(place, id, name string) plan.Act {
	return plan.Act{Head: w.Head(plan.KindLive, place, id), Until: w.Now.Add(5 * time.Minute), SessionKey: Public(name), ForS: 600}
}

// Drill plays a bulletin of class drill.
func (w *World) Drill(place, id string, b plan.Bulletin) plan.Act {
	return plan.Act{Head: w.Head(plan.KindDrill, place, id), Until: w.Now.Add(5 * time.Minute), Item: &plan.Item{Ref: RefTo(b)}}
}

// Answer answers the question that was asked with nonce.
func (w *World) Answer(nonce string) plan.TimeAnswer {
	return plan.TimeAnswer{
		Head: w.BoxHead(plan.KindTime, "time"), Nonce: nonce, Time: w.Now, Root: 1,
		Epochs: map[string]int64{plan.RootPlace: w.Now.UnixMilli(), Province: w.Now.UnixMilli()},
	}
}

// Later is the world as it is d later: what it makes is issued then.
func (w *World) Later(d time.Duration) *World {
	return &World{Now: w.Now.Add(d), born: w.born, root: w.root}
}
