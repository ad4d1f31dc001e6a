package display

import (
	"time"

	"loa/agent/plan"
)

// An account adds up the showings of one thing: a notice that goes round all day is
// one line an hour in the ledger, not one every twenty seconds.
type account struct {
	Showing
	last time.Time // when it was on last
}

// accountFor is how long showings of one thing are added up, and so how much of the
// proof a power cut can take.
const accountFor = time.Hour

// series is what showings are added up by: the item of a slot over all its loops,
// or the alert or act itself.
func series(o *plan.Occurrence) string {
	if o.Slot == "" {
		return o.ID
	}
	return o.Slot + " " + o.Item.String()
}

// book adds a showing to its account. An emergency is told of at once.
func (d *Display) book(s Showing) {
	key := series(&s.Occurrence)
	a := d.accounts[key]
	if a == nil {
		a = &account{Showing: s}
		d.accounts[key] = a
	} else {
		a.Until, a.Seen, a.Proof = s.Until, a.Seen+s.Seen, s.Proof
		if a.Err == nil {
			a.Err = s.Err
		}
		a.Times += s.Times
	}
	a.last = s.Until
	if s.Occurrence.Slot == "" {
		d.settle(key)
	}
}

// settle tells of an account and closes it.
func (d *Display) settle(key string) {
	d.o.Proof(d.accounts[key].Showing)
	delete(d.accounts, key)
}

// settleOld closes the accounts of what is long over or has gone on for an hour; at
// the end all of them.
func (d *Display) settleOld(now time.Time, all bool) {
	for key, a := range d.accounts {
		if all || now.Sub(a.From) >= accountFor || now.Sub(a.last) >= accountFor/4 {
			d.settle(key)
		}
	}
}
