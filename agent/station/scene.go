package station

import (
	"cmp"
	"slices"
	"time"

	"loa/agent/arbiter"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/schedule"
)

// show tells the panel what should be seen, and returns when that may change by
// itself. It is asked after every decision about sound, so that words and sound of
// one item begin together.
func (s *Station) show(now time.Time) (until time.Time) {
	if s.o.Show == nil {
		return now.Add(longest)
	}
	policies := s.policies()
	due, until := schedule.Shown(&s.plan, now)
	if t := s.current; t != nil && len(t.o.Pages) > 0 && t.o.By.Kind != plan.KindAlert {
		due = slices.DeleteFunc(due, func(o plan.Occurrence) bool { return o.ID == t.o.ID })
		due = append(due, t.o)
	}
	allowed := due[:0]
	for _, o := range due {
		v := policy.Seen(policies, o, now)
		if v.Until.Before(until) {
			until = v.Until
		}
		if v.Code != plan.Accepted {
			s.tellUnseen(o, v, now)
			continue
		}
		allowed = append(allowed, o)
	}
	scene := plan.Scene{Shown: s.seen(allowed)}
	if len(scene.Shown) == 0 {
		scene.Standing = s.standing(now)
	}
	scene.Defaults = s.defaults(now)
	percent, set, change := policy.Brightness(policies, now)
	if set {
		scene.BrightnessPercent = percent
	}
	if change.Before(until) {
		until = change
	}
	s.o.Show(scene)
	return until
}

// seen is who of allowed has the board: all alerts take turns on it, else there is
// one, and what sounds goes before what does not.
func (s *Station) seen(allowed []plan.Occurrence) []plan.Occurrence {
	if len(allowed) == 0 {
		return nil
	}
	slices.SortFunc(allowed, func(a, b plan.Occurrence) int {
		return cmp.Or(
			cmp.Compare(b.Class.Rank(), a.Class.Rank()),
			cmp.Compare(s.silent(&a), s.silent(&b)),
			arbiter.Compare(&a, &b),
		)
	})
	if allowed[0].Class != plan.Emergency {
		return slices.Clone(allowed[:1])
	}
	n := slices.IndexFunc(allowed, func(o plan.Occurrence) bool { return o.Class != plan.Emergency })
	if n < 0 {
		n = len(allowed)
	}
	return slices.Clone(allowed[:n])
}

// silent is 0 for what sounds and 1 for what does not.
func (s *Station) silent(o *plan.Occurrence) int {
	if t := s.current; t != nil && (t.o.ID == o.ID || schedule.SameAlert(&t.o, o)) {
		return 0
	}
	return 1
}

// standing is why nothing is to be seen.
func (s *Station) standing(now time.Time) plan.Standing {
	switch {
	case s.plan.Place == "":
		return plan.Reset
	case len(s.plan.Schedules) == 0:
		return plan.Idle
	}
	for _, d := range s.plan.Schedules {
		if d.At(now) {
			return plan.Idle
		}
	}
	return plan.Outdated
}

// defaults is the default pages of the nearest place that has any.
func (s *Station) defaults(now time.Time) []plan.DefaultPage {
	var nearest *plan.Policy
	for _, p := range s.plan.Policies {
		if len(p.DefaultPages) == 0 || !p.At(now) {
			continue
		}
		if nearest == nil || cmp.Or(
			cmp.Compare(s.plan.Width(p.Place), s.plan.Width(nearest.Place)),
			cmp.Compare(nearest.Version(), p.Version()),
		) < 0 {
			nearest = &p
		}
	}
	if nearest == nil {
		return nil
	}
	return nearest.DefaultPages
}

// tellUnseen writes down, once, that o may not be seen.
func (s *Station) tellUnseen(o plan.Occurrence, v policy.Verdict, now time.Time) {
	k := telling{"board/" + o.ID, v.Code}
	if _, done := s.told[k]; done || len(o.Parts) > 0 && o.Err != nil {
		return // what should have sounded as well is refused there
	}
	s.remember(k, now)
	s.write(ledger.Entry{Kind: ledger.Refused, Result: plan.Refused, Code: v.Code, Detail: v.Why}, &o, now)
	s.o.Ack(Ack{Doc: o.By, ID: o.ID, State: "refused", Result: plan.Refused, Code: v.Code, Why: v.Why, VI: v.VI})
}
