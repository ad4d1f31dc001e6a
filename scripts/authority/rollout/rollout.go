// Package rollout decides how far a release goes: it opens one ring after the other, and
// stops when boxes fail, from what they report and the time alone.
//
// What it decides is said in the signs of life, by a key that can allow nothing: how
// many boxes may have begun by when is signed in every box's want. So whoever steals the
// dispatcher can stop a release, and cannot hurry it; and a stop needs no signature.
package rollout

import (
	"slices"
	"time"

	"loa/agent/plan"
)

// State is how far a release is. It is kept, because a stop lasts until a person ends it.
type State struct {
	Version string    `json:"version"`
	Percent int       `json:"percent"`           // of the boxes by their spread; 0: canaries only
	Since   time.Time `json:"since"`             // of Percent
	Stopped Reason    `json:"stopped,omitempty"` // empty: it goes on
	Why     string    `json:"why,omitempty"`     // what a person gave as the reason
	At      time.Time `json:"stopped_at,omitzero"`
	Pardon  int       `json:"pardon,omitempty"` // so many failures a person has seen and gone on
}

// A Reason says who stopped a release.
type Reason string

// The reasons.
const (
	ByPerson Reason = "person"
	ByCanary Reason = "canary" // a canary failed
	ByRing   Reason = "ring"   // too many failed
)

// Say is what the signs of life say; nil: no box begins.
func (s State) Say() *plan.Rollout {
	if s.Version == "" || s.Stopped != "" {
		return nil
	}
	return &plan.Rollout{Version: s.Version, Percent: s.Percent}
}

// A Box is what is known of one that should run a release.
type Box struct {
	Device string
	Want   plan.Firmware
	Report bool      // it has reported of its software
	Runs   string    // version
	Wanted string    // version that it knows it should run
	Is     string    // state, as agent/update calls it
	Code   plan.Code // why it was refused or failed
	Heard  time.Time // of its report
	Lost   bool      // it is not connected
}

// How much counts.
const (
	oneIn     = 50            // of those that have ended: more failures than that stop it
	enough    = 90            // percent of a ring's reachable boxes have to be done before the next opens
	soak      = time.Hour     // and so long a ring is open at the least
	vanish    = 2 * time.Hour // a box that went into its trial and is not heard for so long has failed
	reachable = 48 * time.Hour
)

// Count is how a release stands.
type Count struct {
	Boxes    int      `json:"boxes"` // that should run it
	Turn     int      `json:"turn"`  // of them, those whose turn has come
	Done     int      `json:"done"`
	Under    int      `json:"under_way"`
	Failed   []string `json:"failed"`
	Canaries []string `json:"canaries_failed,omitempty"` // of Failed
	Silent   int      `json:"silent"`                    // have their turn, and have not been heard for two days
}

// Of counts the boxes of a release.
func Of(s State, boxes []Box, now time.Time) (c Count) {
	c.Failed = []string{}
	for _, b := range boxes {
		if b.Want.Version != s.Version {
			continue
		}
		c.Boxes++
		turn := b.Want.May(b.Device, &plan.Rollout{Version: s.Version, Percent: s.Percent}, now)
		if turn {
			c.Turn++
		}
		runs := b.Report && plan.CompareReleases(b.Runs, s.Version) == 0
		switch {
		case runs && b.Is == "current":
			c.Done++
		case b.failed(s.Version, now):
			c.Failed = append(c.Failed, b.Device)
			if b.Want.Canary {
				c.Canaries = append(c.Canaries, b.Device)
			}
		case turn && now.Sub(b.Heard) > reachable:
			c.Silent++
		case turn:
			c.Under++
		}
	}
	slices.Sort(c.Failed)
	slices.Sort(c.Canaries)
	return c
}

// failed reports that a box has tried the release and came back, cannot take it, or went
// into it and was not heard of again.
func (b Box) failed(version string, now time.Time) bool {
	if !b.Report || b.Wanted != version {
		return false
	}
	switch b.Is {
	case "failed":
		return b.Code != plan.LocalMode // a technician brought the last one back
	case "refused":
		return b.Code != plan.Unsupported // no bundle for its kind of board, or no slots
	case "installing", "rebooting", "trial":
		return b.Lost && now.Sub(b.Heard) > vanish
	}
	return false
}

// Next is the state after what boxes have reported. want is the release that was signed
// last; another one than before begins with the canaries, whatever became of the last.
func Next(s State, want plan.Firmware, boxes []Box, now time.Time) State {
	if s.Version != want.Version {
		return State{Version: want.Version, Since: now}
	}
	if s.Stopped != "" {
		return s
	}
	c := Of(s, boxes, now)
	ended := c.Done + len(c.Failed)
	s.Pardon = min(s.Pardon, len(c.Failed)) // one that is well again is pardoned no more
	switch {
	case len(c.Failed) <= s.Pardon:
	case len(c.Canaries) > s.Pardon:
		s.Stopped, s.At = ByCanary, now
		return s
	case len(c.Failed)-s.Pardon > max(1, ended/oneIn):
		s.Stopped, s.At = ByRing, now
		return s
	}
	next, ok := after(want, s.Percent)
	if !ok || want.Open(now) < next || now.Sub(s.Since) < soak || 100*c.Done < enough*(c.Done+c.Under) || c.Turn > 0 && c.Done == 0 {
		return s
	}
	s.Percent, s.Since = next, now
	return s
}

// after is the ring behind percent.
func after(want plan.Firmware, percent int) (int, bool) {
	for _, r := range want.Rings {
		if r.Percent > percent {
			return r.Percent, true
		}
	}
	return 0, false
}

// Pause stops a release until Resume.
func Pause(s State, why string, now time.Time) State {
	s.Stopped, s.Why, s.At = ByPerson, why, now
	return s
}

// Resume lets a release go on from where it was. The failures so far are known to whoever
// does that, and stop it no more; new ones do.
func Resume(s State, failed int) State {
	s.Stopped, s.Why, s.At, s.Pardon = "", "", time.Time{}, failed
	return s
}
