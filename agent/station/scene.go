package station

import (
	"cmp"
	"time"

	"loa/agent/ahead"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/policy"
)

// show tells the panel what should be seen, and returns when that may change by
// itself. It is asked after every decision about sound, so that words and sound of
// one item begin together.
func (s *Station) show(now time.Time) (until time.Time) {
	if s.o.Show == nil {
		return now.Add(longest)
	}
	policies := s.policies()
	var sounds *plan.Occurrence
	if s.current != nil {
		sounds = &s.current.o
	}
	shown, _, refused, until := ahead.Seen(&s.plan, policies, sounds, now)
	for _, u := range refused {
		s.tellUnseen(u.Occurrence, u.Verdict, now)
	}
	scene := plan.Scene{Shown: shown}
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
