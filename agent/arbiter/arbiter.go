// Package arbiter decides who holds the speaker and who the panel.
package arbiter

import (
	"cmp"
	"slices"
	"strings"

	"loa/agent/plan"
)

// Choose gives the speaker to the highest of allowed and returns the others in
// the order of their turn, as far as it can be known now. It keeps nothing and
// changes nothing: the same occurrences in any order give the same answer.
func Choose(allowed []plan.Occurrence) (holder *plan.Occurrence, waiting []plan.Occurrence) {
	if len(allowed) == 0 {
		return nil, nil
	}
	first := 0
	for i := range allowed {
		if Compare(&allowed[i], &allowed[first]) < 0 {
			first = i
		}
	}
	if len(allowed) > 1 {
		waiting = make([]plan.Occurrence, 0, len(allowed)-1)
		waiting = append(waiting, allowed[:first]...)
		waiting = append(waiting, allowed[first+1:]...)
		sortByTurn(waiting)
	}
	chosen := allowed[first]
	return &chosen, waiting
}

// Panel gives the panel to all emergencies of allowed, which take turns on it, else to
// one, and returns the others: the class decides, then what sounds goes before what
// does not, then all that decides about the speaker. It does not keep allowed.
func Panel(allowed []plan.Occurrence, sounds func(*plan.Occurrence) bool) (holders, waiting []plan.Occurrence) {
	if len(allowed) == 0 {
		return nil, nil
	}
	all := slices.Clone(allowed)
	silent := func(o *plan.Occurrence) int {
		if sounds(o) {
			return 0
		}
		return 1
	}
	slices.SortFunc(all, func(a, b plan.Occurrence) int {
		return cmp.Or(cmp.Compare(b.Class.Rank(), a.Class.Rank()), cmp.Compare(silent(&a), silent(&b)), Compare(&a, &b))
	})
	n := 1
	for n < len(all) && all[n].Class == plan.Emergency {
		n++
	}
	return all[:n:n], all[n:]
}

// sortByTurn is an insertion sort: there are seldom more than five, and a
// general sort would move these big structs more often.
func sortByTurn(os []plan.Occurrence) {
	for i := 1; i < len(os); i++ {
		for j := i; j > 0 && Compare(&os[j], &os[j-1]) < 0; j-- {
			os[j], os[j-1] = os[j-1], os[j]
		}
	}
}

// Compare is negative when a goes before b. It is a total order: only an
// occurrence and itself compare as 0.
//
// The class decides: emergency, live, drill, priority, normal, filler, test.
// A test is last, so it sounds only when nothing else would. Within a class:
//
//   - emergency: the wider place, then the newer, because a correction comes
//     after what it corrects;
//   - priority: the order that the commune chose; what it has not ordered comes
//     after that, the earlier planned first;
//   - others: what a person asks for now before what was planned, then the
//     earlier planned, so that nothing is cut short by its equal.
func Compare(a, b *plan.Occurrence) int {
	if c := cmp.Compare(b.Class.Rank(), a.Class.Rank()); c != 0 {
		return c
	}
	if c := withinClass(a, b); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.By.String(), b.By.String()))
}

func withinClass(a, b *plan.Occurrence) int {
	switch a.Class {
	case plan.Emergency:
		return cmp.Or(cmp.Compare(b.Width, a.Width), b.Issued.Compare(a.Issued))
	case plan.PriorityC:
		return cmp.Or(cmp.Compare(turn(a), turn(b)), a.Start.Compare(b.Start))
	}
	return cmp.Or(cmp.Compare(asked(a), asked(b)), a.Start.Compare(b.Start))
}

// turn is the commune's order, with what it did not order at the end.
func turn(o *plan.Occurrence) int {
	if o.Rank <= 0 {
		return int(^uint(0) >> 1)
	}
	return o.Rank
}

// asked is 0 for what a person asked for now and 1 for what was planned.
func asked(o *plan.Occurrence) int {
	switch o.By.Kind {
	case plan.KindSchedule, plan.KindAlert:
		return 1
	}
	return 0
}
