package policy

import (
	"time"

	"loa/agent/plan"
)

// loosening is how long a looser policy waits, so that a stolen or careless key
// does not open the night at once.
const loosening = 24 * time.Hour

// A Held is a version of a policy and when this box accepted it. Its time of
// issue does not serve: a thief would date it back.
type Held struct {
	Policy   plan.Policy
	Accepted time.Time
}

// Effective is which versions of one policy are in force at now. versions is
// in the order of acceptance, newest last.
//
// A version that was superseded less than a day ago goes on being in force
// beside the newer one, and as the strictest of all policies wins, what is
// tighter in the newer acts at once and what is looser waits. A version that two
// holders signed replaces what came before it at once. Relay hosts wait too,
// though a list where there was none is no looser than its neighbours.
//
// keep is what must still be remembered, at least the newest; until is when the
// answer changes, zero if it does not.
func Effective(versions []Held, now time.Time) (inForce []plan.Policy, keep []Held, until time.Time) {
	first := 0
	for i := 1; i < len(versions); i++ {
		over := versions[i].Accepted.Add(loosening) // until then i-1 holds as well
		if len(versions[i].Policy.Proof.Holders) >= 2 || !now.Before(over) {
			first, until = i, time.Time{}
		} else if until.IsZero() || over.Before(until) {
			until = over
		}
	}
	keep = versions[first:]
	hostless := false
	for i, h := range keep {
		if i > 0 && hostless {
			h.Policy.RelayHosts = nil
		}
		hostless = hostless || len(h.Policy.RelayHosts) == 0
		inForce = append(inForce, h.Policy)
	}
	return inForce, keep, until
}
