package policy

import (
	"fmt"
	"time"

	"loa/agent/plan"
)

var (
	hcm    = time.FixedZone("+07:00", 7*3600)
	monday = time.Date(2026, 11, 23, 0, 0, 0, 0, hcm)
)

const commune = "26734"

// on is a time of day on the Monday.
func on(clock string) time.Time {
	var h, m, s int
	if n, err := fmt.Sscanf(clock, "%d:%d:%d", &h, &m, &s); n < 2 {
		panic(err)
	}
	return monday.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second)
}

// rule is a policy without quiet hours, changed.
func rule(change func(*plan.Policy)) plan.Policy {
	p := plan.Policy{
		Head:     plan.Head{Format: 1, Kind: plan.KindPolicy, Place: commune, ID: "law", Issued: monday.AddDate(0, -1, 0)},
		Validity: plan.Validity{ValidUntil: monday.AddDate(1, 0, 0)}, Zone: "+07:00", QuietHours: []plan.Span{},
	}
	if change != nil {
		change(&p)
	}
	return p
}

func laws(ps ...plan.Policy) []plan.Policy { return ps }

// item is a bulletin of a slot that opened at the given time of the Monday.
func item(class plan.Class, at string) plan.Occurrence {
	slot := commune + "/schedule/d/s@2026-11-23T" + at
	return plan.Occurrence{
		ID: slot + "/0", Slot: slot, Class: class, Repeat: 1, Signer: commune, Holders: 1,
		By:    plan.Key{Place: commune, Kind: plan.KindSchedule, ID: "d"},
		Item:  plan.Key{Place: commune, Kind: plan.KindBulletin, ID: "news"},
		Title: "Bản tin sáng", Text: "Nước sẽ lên vào chiều nay.",
		Start: on(at), End: on(at).Add(time.Hour), Length: 5 * time.Minute,
		Parts: []plan.Part{{Audio: &plan.Audio{}, Length: 5 * time.Minute}},
	}
}

// alert is a round of an alert of one minute.
func alert(id string) plan.Occurrence {
	o := item(plan.Emergency, "00:00")
	o.ID, o.Slot, o.Item = commune+"/alert/flood/"+id, "", plan.Key{}
	o.By.Kind, o.Length = plan.KindAlert, time.Minute
	o.End = monday.AddDate(0, 0, 2)
	return o
}

// act is a bulletin that someone asked for now.
func act(id string, class plan.Class) plan.Occurrence {
	o := item(class, "00:00")
	o.ID, o.Slot, o.By = commune+"/act.play/"+id, "", plan.Key{Place: commune, Kind: plan.KindPlay, ID: id}
	return o
}

func mute(from, until time.Time, holders ...string) plan.Act {
	return plan.Act{
		Head:      plan.Head{Kind: plan.KindMute, Place: commune, ID: "m", Issued: from, Proof: plan.Proof{Holders: holders}},
		MuteUntil: until, Reason: "đám tang",
	}
}

// used is a usage in which o sounded from from for d.
func used(u Usage, o plan.Occurrence, from time.Time, d time.Duration) Usage {
	u.Add(UseOf(o, from, d))
	return u
}
