package schedule

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"loa/agent/plan"
	"loa/agent/standing"
)

// retractions is what the box says of alarms that should never have been: of those
// alone that it has sounded, and of each once. A box that was away, and has sounded
// nothing, stays silent.
func (v *view) retractions() []plan.Occurrence {
	var due []plan.Occurrence
	for _, k := range slices.SortedFunc(maps.Keys(v.p.Alerts), func(a, b plan.Key) int { return cmp.Compare(a.String(), b.String()) }) {
		set := v.p.Alerts[k]
		for i := range set.Retracted {
			o, ok := v.retraction(&set, &set.Retracted[i])
			if ok && v.hasSounded(&set, &set.Retracted[i]) && !v.g.Ended[o.ID] && v.stop(&o, o.Start) == nil {
				due = append(due, o)
			}
		}
	}
	return due
}

// calm is what a board shows of it: no alert's page, whose cue and colour would say once
// more what is being taken back, and two lines that the smallest board shows at once.
const calm = "BÁO ĐỘNG NHẦM\nKhông nguy hiểm"

func (v *view) retraction(set *plan.AlertSet, r *plan.Retraction) (o plan.Occurrence, ok bool) {
	v.edge(r.Until)
	if !v.now.Before(r.Until) {
		return o, false
	}
	std, _ := standing.Find(standing.FalseAlarm)
	words := body{
		class: plan.Emergency, origin: plan.Notice, lang: "vi", title: std.Event, rounds: 1,
		parts: v.tone(set.Place, std.ID),
		pages: []plan.Page{{Text: calm}},
	}
	words.measure()
	o = plan.Occurrence{ID: retractedStem(set, r) + "retracted/0", Start: set.Issued, End: r.Until, Retracts: true}
	v.sign(&o, &set.Head)
	words.fill(&o)
	o.At = v.g.At[o.ID]
	return o, true
}

// hasSounded reports whether the box has sounded the alarm, if only for a moment.
func (v *view) hasSounded(set *plan.AlertSet, r *plan.Retraction) bool {
	stem := retractedStem(set, r)
	for id := range v.g.Last {
		if strings.HasPrefix(id, stem) && id != stem+"retracted" {
			return true
		}
	}
	return false
}

func retractedStem(set *plan.AlertSet, r *plan.Retraction) string {
	return set.Key().String() + "/" + r.ID + "@"
}

// isAlarm reports the ID of an alert, as itself or in a round.
func isAlarm(id string) bool {
	name, _, _ := strings.Cut(id, "@")
	return strings.Contains(name, "/"+string(plan.KindAlert)+"/")
}
