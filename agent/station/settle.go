package station

import (
	"time"

	"loa/agent/plan"
)

// A box that was away is brought an alarm and the end of it one right after the other,
// and one that was without power knows an alarm that may have ended meanwhile. Neither
// must let a siren howl for the moment in between. So an alarm that is not fresh waits
// until what the connection brings along has come.
const (
	freshAlarm   = 10 * time.Second       // a younger one sounds at once
	settles      = 700 * time.Millisecond // after an alarm that is older, or the first sign of life
	settlesAtall = 15 * time.Second       // after a start without a connection
)

// settle lets the alarms of a set that has just come wait, if they are not fresh.
func (s *Station) settle(set plan.AlertSet, now time.Time) {
	if now.Sub(set.Issued) > freshAlarm {
		s.settling[set.Key()] = now.Add(settles)
	} else {
		delete(s.settling, set.Key())
	}
}

// settleStored lets the alarms wait that the box has known since before it started.
func (s *Station) settleStored(now time.Time) {
	for k := range s.o.Trust.Plan(now).Alerts {
		s.settling[k] = now.Add(settlesAtall)
	}
}

// settleStarted does the same for what an earlier run has started here, once the time is
// known: not before does it sound again.
func (s *Station) settleStarted(now time.Time) {
	fresh := make(map[plan.Key]bool)
	for i := range s.started {
		k := s.started[i].Office()
		if fresh[k] = fresh[k] || s.started[i].Fresh; fresh[k] {
			delete(s.settling, k)
		} else {
			s.settling[k] = now.Add(settlesAtall)
		}
	}
}

// settled is when the alarm that asks for o may begin; zero: now.
func (s *Station) settled(o *plan.Occurrence, now time.Time) time.Time {
	until, waits := s.settling[o.By]
	switch {
	case !waits || s.sounds(o.ID):
		return time.Time{}
	case !now.Before(until) || until.Sub(now) > settlesAtall: // the clock went back
		delete(s.settling, o.By)
		return time.Time{}
	}
	return until
}

// alive takes a sign of life: what ended meanwhile comes with it.
func (s *Station) alive(now time.Time) {
	for k, until := range s.settling {
		if soon := now.Add(settles); soon.Before(until) {
			s.settling[k] = soon
		}
	}
}
