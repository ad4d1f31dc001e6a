package trust

import (
	"time"

	"loa/agent/plan"
)

// Epochs is the list in force of every issuer.
func (t *Trust) Epochs() map[string]int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	epochs := make(map[string]int64, len(t.s.lists))
	for issuer, l := range t.s.lists {
		epochs[issuer] = l.Epoch()
	}
	return epochs
}

// maxWindow bounds what a beat may ask of reconnections.
const maxWindow = 600 * time.Second

// ReconnectWindow is over how long a beat asks to spread reconnections; 0: no
// beat has said.
func (t *Trust) ReconnectWindow() time.Duration {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var window time.Duration
	for _, b := range t.beats {
		window = max(window, min(b.window, maxWindow))
	}
	return window
}

// Rollout is how far a release may go by the newest sign of life that speaks of one;
// nil: none that was heard in the last minutes does, and no box begins an update.
// Where nobody is heard one that was carried here counts, as it does for documents.
func (t *Trust) Rollout(now time.Time) (r *plan.Rollout, carried bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var newest time.Time
	heard := false
	for _, b := range t.beats {
		if now.Sub(b.at) > beatLost {
			continue
		}
		heard = true
		if b.rollout != nil && b.at.After(newest) {
			newest, r = b.at, b.rollout
		}
	}
	if !heard && now.Sub(t.brought) <= carriedOld {
		return t.along, true
	}
	return r, false
}
