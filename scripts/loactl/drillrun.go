package main

import (
	"errors"
	"maps"
	"slices"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/schedule"
	"loa/scripts/authority"
)

// A drillRun is a drill that was to begin: by an act, or by a slot of a schedule.
type drillRun struct {
	id            string
	place, device string // whom it was for
	at, until     time.Time
	silent        bool
	items         []string // what a box writes into its ledger of it, by ID
}

// findDrill is the drill of that id, or the last.
func (a *app) findDrill(au *authority.Authority, id string) (drillRun, error) {
	all, err := orderedDrills(au)
	if err == nil {
		var dated []drillRun
		dated, err = a.datedDrills(au)
		all = append(all, dated...)
	}
	if err != nil {
		return drillRun{}, err
	}
	if id != "" {
		all = slices.DeleteFunc(all, func(r drillRun) bool { return r.id != id })
	}
	switch {
	case len(all) > 0:
		return slices.MaxFunc(all, func(x, y drillRun) int { return x.at.Compare(y.at) }), nil
	case id != "":
		return drillRun{}, errors.New(a.text("drill.unknown", id))
	}
	return drillRun{}, errors.New(a.text("drill.none"))
}

// orderedDrills are those that somebody began, from the history.
func orderedDrills(au *authority.Authority) (all []drillRun, err error) {
	past, err := au.History()
	if err != nil {
		return nil, err
	}
	for _, p := range past {
		if t, err := message.ParseTopic(p.Topic); err != nil || t.Leaf != message.LeafAct {
			continue
		}
		is, err := au.Recorded(p)
		if err != nil {
			return nil, err
		}
		if act, ok := is.Doc.(plan.Act); ok && act.Kind == plan.KindDrill {
			all = append(all, drillRun{id: act.ID, place: act.Place, device: act.Device, at: act.Issued, until: act.Until, items: []string{schedule.ActID(&act.Head)}})
		}
	}
	return all, nil
}

// drillMemory is how far back drills of a schedule are looked for: over the last audible
// one of a quarter.
const drillMemory = 100 * 24 * time.Hour

// datedDrills are those that schedules have begun.
func (a *app) datedDrills(au *authority.Authority) (all []drillRun, err error) {
	issued, err := au.Issued()
	if err != nil {
		return nil, err
	}
	for _, is := range issued {
		doc, ok := is.Doc.(plan.Schedule)
		if !ok || !slices.ContainsFunc(doc.Slots, func(s plan.Slot) bool { return s.Drill != "" }) {
			continue
		}
		p, err := a.rehearse(au, doc.Place, nil, false)
		if err != nil {
			return nil, err
		}
		p.Schedules = map[plan.Key]plan.Schedule{doc.Key(): doc}
		from := a.now().Add(-drillMemory)
		if from.Before(doc.Issued) {
			from = doc.Issued
		}
		runs := make(map[string]drillRun) // by slot
		for _, o := range schedule.Span(&p, from, a.now()) {
			if o.Class != plan.Drill && !o.Silent {
				continue
			}
			r, ok := runs[o.Slot]
			if !ok {
				r = drillRun{id: o.Slot, place: doc.Place, at: o.Start, silent: o.Silent}
			}
			r.until, r.items = o.End, append(r.items, o.ID)
			runs[o.Slot] = r
		}
		all = slices.AppendSeq(all, maps.Values(runs))
	}
	return all, nil
}
