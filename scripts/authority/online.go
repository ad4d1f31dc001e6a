package authority

import (
	"fmt"
	"slices"
	"time"

	"loa/agent/plan"
)

// What follows is signed by an online key, without a person: that the authority
// is alive, what time it is, that a ledger segment has arrived.

// Beat signs the sign of life of a place and of everything below it. Every box has it
// by mobile data 16,000 times a month, so it tells of no list and of no alert that
// concerns none of them, and of no alert that cannot be active any more.
func (a *Authority) Beat(place, online string, window time.Duration) (Issued, error) {
	all, err := a.Issued()
	if err != nil {
		return Issued{}, err
	}
	seq, err := a.Seq()
	if err != nil {
		return Issued{}, err
	}
	now := a.o.Now()
	b := &plan.Beat{Seq: seq, Time: now.UTC().Truncate(time.Second), Epochs: make(map[string]int64), Alerts: make(map[string]int64), ReconnectWindowS: int(window / time.Second)}
	b.Place = place
	b.Rollout = a.read().Rollout.Say()
	if n := a.read().Root.Number; n > 1 { // no box has less than the first
		b.Root = n
	}
	concerns := a.concerns(place)
	for _, is := range all {
		switch doc := is.Doc.(type) {
		case plan.List:
			if concerns(doc.Place) {
				b.Epochs[doc.Place] = doc.Epoch()
			}
		case plan.AlertSet:
			if concerns(doc.Place) && now.Before(doc.Issued.Add(plan.MaxAlertLife)) {
				b.Alerts[doc.Place+"/"+doc.Office] = doc.Version()
			}
		}
	}
	return a.Sign(b, online)
}

// BeatPlaces are those for which an online key gives signs of life: each once, however
// many grants it has there, and none below another, because a box hears all places above
// its own. A grant at a place above counts when a list that is issued has it: boxes
// believe no other.
func (a *Authority) BeatPlaces(online string) (places []string, err error) {
	all, err := a.Issued()
	if err != nil {
		return nil, err
	}
	now, key := a.o.Now(), a.People()[online].Key
	var told []string
	for _, is := range all {
		if l, ok := is.Doc.(plan.List); ok {
			for _, g := range l.Grants {
				if g.Key == key && slices.Contains(g.Kinds, plan.KindBeat) && !now.Before(g.NotBefore) && now.Before(g.NotAfter) {
					told = append(told, g.Place)
				}
			}
		}
	}
	for _, g := range a.Grants() {
		below := func(p string) bool { return p != g.Place && a.above(p, g.Place) }
		if g.Person == online && slices.Contains(g.Kinds, plan.KindBeat) && !slices.Contains(places, g.Place) && !slices.ContainsFunc(told, below) {
			places = append(places, g.Place)
		}
	}
	return places, nil
}

// concerns reports of a place whether what is said there may matter to a box at or below
// another: it is the root, one of the two is above the other, or such a box has a group
// there or below it.
func (a *Authority) concerns(place string) func(string) bool {
	book, now := a.known(), a.o.Now()
	mine := append([]string{plan.RootPlace, place}, book.Above(place, now)...)
	for _, b := range a.Boxes() {
		if len(b.Groups) == 0 || b.Place != place && !slices.Contains(book.Above(b.Place, now), place) {
			continue
		}
		for _, g := range b.Groups {
			if !slices.Contains(mine, g) {
				mine = append(append(mine, g), book.Above(g, now)...)
			}
		}
	}
	return func(p string) bool {
		return slices.Contains(mine, p) || slices.Contains(book.Above(p, now), place)
	}
}

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
	return a.Sign(&act, people...)
}

// numbered gives an act an id that no act had before, and an end.
func (a *Authority) numbered(act *plan.Act) error {
	if act.ID == "" {
		seq, err := a.Seq()
		if err != nil {
			return err
		}
		act.ID = fmt.Sprintf("%s-%d", idOf(act.Kind), seq)
	}
	if act.Until.IsZero() {
		act.Until = a.o.Now().Add(5 * time.Minute).UTC().Truncate(time.Second)
	}
	return nil
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
