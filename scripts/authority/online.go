package authority

import (
	"fmt"
	"slices"
	"time"

	"loa/agent/plan"
)

// What follows is signed by an online key, without a person: that the authority
// is alive, what time it is, that a ledger segment has arrived.

// Beat signs the sign of life of a place and of everything below it.
func (a *Authority) Beat(place, online string, window time.Duration) (Issued, error) {
	all, err := a.Issued()
	if err != nil {
		return Issued{}, err
	}
	epochs, err := a.epochs()
	if err != nil {
		return Issued{}, err
	}
	seq, err := a.Seq()
	if err != nil {
		return Issued{}, err
	}
	b := &plan.Beat{Seq: seq, Root: a.read().Root.Number, Time: a.o.Now().UTC(), Epochs: epochs, Alerts: make(map[string]int64), ReconnectWindowS: int(window / time.Second)}
	b.Place = place
	for _, is := range all {
		if s, ok := is.Doc.(plan.AlertSet); ok && a.related(s.Place, place) {
			b.Alerts[s.Place+"/"+s.Office] = s.Version()
		}
	}
	return a.Sign(b, online)
}

// related reports whether one of two places is the other or above it.
func (a *Authority) related(p, q string) bool { return a.above(p, q) || a.above(q, p) }

// above reports whether p is q or lies above it.
func (a *Authority) above(p, q string) bool {
	return p == q || slices.Contains(a.known().Above(q, a.o.Now()), p)
}

// Time answers the time question of a box.
func (a *Authority) Time(device, nonce, online string) (Issued, error) {
	epochs, err := a.epochs()
	if err != nil {
		return Issued{}, err
	}
	t := &plan.TimeAnswer{Nonce: nonce, Root: a.read().Root.Number, Time: a.o.Now().UTC(), Epochs: epochs}
	t.Device = device
	return a.Sign(t, online)
}

// Act signs something to do now, under a new id. Until zero is in five minutes.
// The caller sets Kind and Place or Device.
func (a *Authority) Act(act plan.Act, people ...string) (Issued, error) {
	seq, err := a.Seq()
	if err != nil {
		return Issued{}, err
	}
	act.ID = fmt.Sprintf("%s-%d", idOf(act.Kind), seq)
	if act.Until.IsZero() {
		act.Until = a.o.Now().Add(5 * time.Minute).UTC().Truncate(time.Second)
	}
	return a.Sign(&act, people...)
}

// idOf makes an id out of a kind: act.play becomes act-play.
func idOf(k plan.Kind) string {
	id := []byte(k)
	for i, c := range id {
		if c == '.' {
			id[i] = '-'
		}
	}
	return string(id)
}

// Reaches reports whether what is said to a place is said to that box.
func (a *Authority) Reaches(place string, b Box) bool {
	if a.above(place, b.Place) {
		return true
	}
	for _, g := range b.Groups {
		if g == place {
			return true
		}
	}
	return false
}
