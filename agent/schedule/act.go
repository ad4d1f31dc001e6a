package schedule

import (
	"cmp"
	"time"

	"loa/agent/plan"
	"loa/agent/voice"
)

// acts calls f for what people asked for now, plays, live talk, drills and tests, with the
// stop that silences it if there is one; over, if it is not nil, for what has not
// ended and whose time is over.
func (v *view) acts(f func(plan.Occurrence, *plan.Act), over func(plan.Occurrence)) {
	for i := range v.p.Acts {
		a := &v.p.Acts[i]
		o := plan.Occurrence{ID: ActID(&a.Head), Start: a.Issued, End: a.Until, Volume: a.VolumePercent}
		if a.ForS > 0 {
			o.End = a.Issued.Add(time.Duration(a.ForS) * time.Second)
		}
		b, ok := v.asked(a)
		if !ok || b.seen || v.g.Ended[o.ID] {
			continue
		}
		v.sign(&o, &a.Head)
		b.fill(&o)
		o.Rank = v.ranks[o.Item]
		o.At = v.g.At[o.ID]
		v.edge(a.Until)
		v.edge(o.End)
		// The act's life says until when it may begin, for_s how long it may last.
		begun := o.ID == v.g.Sounding || o.At > 0
		if !v.now.Before(o.End) || !begun && !v.now.Before(a.Until) {
			if over != nil && a.Kind != plan.KindTest {
				over(o)
			}
			continue
		}
		f(o, v.stop(&o, a.Issued))
	}
}

// ActID is the ID of the occurrence that an act asks for: "26734/act.play/x1", and the box's name in
// place of the place when the act is for it alone.
func ActID(h *plan.Head) string {
	return cmp.Or(h.Place, h.Device) + "/" + string(h.Kind) + "/" + h.ID
}

// asked is what an act wants to sound; false if it is no such act.
func (v *view) asked(a *plan.Act) (body, bool) {
	var b body
	switch a.Kind {
	case plan.KindPlay, plan.KindDrill:
		if a.Item == nil {
			return body{}, false
		}
		b = v.body(a.Item, a.Place, 0)
		if a.Item.Ref == nil {
			b.class = highest(b.class, a.Class)
		}
	case plan.KindLive:
		b = v.talk(a)
	case plan.KindTest:
		// The other self-tests make no sound of their own.
		if a.Command != "" && a.Command != "tone" {
			return body{}, false
		}
		b = chime("test")
		b.class = plan.Test
	default:
		return body{}, false
	}
	if a.Repeat > 0 && !b.relay {
		b.repeat(a.Repeat)
	}
	switch {
	case b.err != nil:
	case a.Kind == plan.KindDrill && b.class == plan.Emergency:
		b.err = refuse(plan.WrongClass, "a drill never plays an emergency bulletin")
	case a.Kind == plan.KindDrill:
		b.drill(v)
	case b.class == plan.Drill:
		b.err = refuse(plan.DrillPreface, "a drill sounds only by act.drill, which says that it is one")
	}
	return b, true
}

// drill makes a drill of b. The preface comes from the image, so that no drill goes
// without it.
func (b *body) drill(v *view) {
	b.class = highest(b.class, plan.Drill)
	b.before(chime("drill"), v.phrase(voice.Drill))
	b.seen = false
}

// talk is a person who speaks now, after a chime if one was asked for.
func (v *view) talk(a *plan.Act) body {
	b := body{origin: plan.Own}
	if a.Item != nil {
		b = v.body(a.Item, a.Place, 0)
	}
	b.class, b.title, b.rounds, b.length = plan.Live, cmp.Or(a.Reason, "trực tiếp"), 1, 0
	b.parts = append(b.parts, plan.Part{Live: &plan.Talk{Place: a.Place, Session: a.ID}})
	return b
}

func highest(a, b plan.Class) plan.Class {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}
