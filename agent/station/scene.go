package station

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"loa/agent/ahead"
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
	var sounds *plan.Occurrence
	if s.current != nil {
		sounds = &s.current.o
	}
	shown, waiting, refused, until := ahead.Seen(&s.plan, policies, sounds, now)
	for _, u := range refused {
		s.tellUnseen(u.Occurrence, u.Verdict, now)
	}
	s.yield(shown, waiting, now)
	scene := plan.Scene{Shown: shown}
	if len(scene.Shown) == 0 {
		scene.Standing = s.standing(now)
	}
	scene.Defaults = s.defaults(policies, now)
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
	case slices.ContainsFunc(slices.Collect(maps.Values(s.plan.Schedules)), func(d plan.Schedule) bool { return d.At(now) }):
		return plan.Idle
	}
	for k := range s.plan.Ended {
		if k.Kind == plan.KindSchedule {
			return plan.Outdated
		}
	}
	return plan.Idle // it has never had a programme, or it was withdrawn
}

// defaults is the default pages of the nearest place that has any, without those that
// policies do not let be seen: its others or the image's own take their place.
func (s *Station) defaults(policies []plan.Policy, now time.Time) []plan.DefaultPage {
	var nearest *plan.Policy
	for _, p := range policies {
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
	var pages []plan.DefaultPage
	for i, d := range nearest.DefaultPages {
		o := plan.Occurrence{
			ID: fmt.Sprintf("%s/%d/%d", nearest.Key(), nearest.Version(), i+1), By: nearest.Key(),
			Class: plan.Normal, Signer: nearest.Proof.Signer, Pages: []plan.Page{d.Page}, Start: now,
		}
		if v := policy.Seen(policies, o, now); v.Code != plan.Accepted {
			s.tellUnseen(o, v, now)
			continue
		}
		pages = append(pages, d)
	}
	return pages
}

// A boardTurn is something whose time on the board it is.
type boardTurn struct {
	o    plan.Occurrence
	seen bool // it has had the board
}

// yield follows what has its turn on the board. What never had the board in its turn,
// because something of a higher order did, is refused when the turn is over.
func (s *Station) yield(shown, waiting []plan.Occurrence, now time.Time) {
	turns := make(map[string]boardTurn, len(shown)+len(waiting))
	for _, o := range shown {
		turns[o.ID] = boardTurn{o, true}
	}
	for _, o := range waiting {
		late := o.Slot != "" && o.Slot == shown[0].Slot // its own slot is behind the clock, and goes on
		turns[o.ID] = boardTurn{o, s.boardTurns[o.ID].seen || late}
	}
	for id, t := range s.boardTurns {
		if _, still := turns[id]; still || t.seen || !over(&t.o, now) {
			continue
		}
		s.tellUnseen(t.o, policy.Verdict{
			Code: plan.Priority, Final: true,
			Why: "something of a higher order has the board", VI: "nhường bảng cho nội dung ưu tiên hơn",
		}, now)
	}
	s.boardTurns = turns
}

// over reports whether the time of o has passed: else it was stopped or withdrawn.
func over(o *plan.Occurrence, now time.Time) bool {
	return !now.Before(o.End) || o.Length > 0 && !now.Before(o.Start.Add(o.Length))
}

// boardSeries is by what refusals of a board are told once: an item of a slot goes
// round.
func boardSeries(o *plan.Occurrence) string {
	if o.Slot == "" {
		return "board/" + o.ID
	}
	return "board/" + o.Slot + " " + o.Item.String()
}

// tellUnseen writes down, once, that o may not be seen. Who asked for it is told by
// its sound where there is one.
func (s *Station) tellUnseen(o plan.Occurrence, v policy.Verdict, now time.Time) {
	k := telling{boardSeries(&o), v.Code}
	heard := len(o.Parts) > 0 && !s.o.SeenOnly
	_, done := s.told[k]
	_, said := s.told[telling{o.ID, v.Code}]
	if done || said || heard && o.Err != nil {
		return // what should have sounded as well is refused there
	}
	s.remember(k, now)
	s.write(ledger.Entry{Kind: ledger.Refused, Result: plan.Refused, Code: v.Code, Final: v.Final, Board: true, Detail: v.Why}, &o, now)
	if !heard {
		s.ack(Ack{Doc: o.By, ID: o.ID, State: "refused", Result: plan.Refused, Code: v.Code, Why: v.Why, VI: v.VI})
	}
}

// light tells the lamp whether an alarm stands: for as long as it holds, not only while
// it sounds, and while a drill does.
func (s *Station) light(now time.Time) {
	if s.o.Lamp == nil {
		return
	}
	lit := s.current != nil && (s.current.o.Class == plan.Emergency || s.current.o.Class == plan.Drill) && !s.current.o.Retracts
	shown, _ := schedule.Shown(&s.plan, now)
	for _, o := range shown {
		lit = lit || o.By.Kind == plan.KindAlert && !o.Retracts && s.settled(&o, now).IsZero()
	}
	if lit != s.lit {
		s.lit = lit
		s.o.Lamp(lit)
	}
}
