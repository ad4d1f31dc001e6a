package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
)

// A Use is one turn of one occurrence at the speaker, as the ledger remembers
// it: an occurrence that was interrupted has several.
type Use struct {
	ID       string // of the occurrence
	Slot     string // of the occurrence; empty outside slots
	Bulletin string // key of what sounded; empty for a relay or a chime
	Class    plan.Class
	Signer   string // place of the signing grant, see payer
	Rounds   int    // how often the bulletin sounds in the occurrence, ≥ 1
	From     time.Time
	For      time.Duration

	day     plan.Date // start date of Slot
	slotted bool      // Slot has one
}

// payer is whose emergencies o counts among: what is started at the box itself takes
// nothing from the office that lets it.
func payer(o *plan.Occurrence) string {
	if o.By.Triggered() {
		return o.Signer + "/trigger"
	}
	return o.Signer
}

// UseOf is the turn of o that began at from and lasted d.
func UseOf(o plan.Occurrence, from time.Time, d time.Duration) Use {
	u := Use{ID: o.ID, Slot: o.Slot, Class: o.Class, Signer: payer(&o), Rounds: max(1, o.Repeat), From: from, For: d}
	if o.Item.Kind == plan.KindBulletin {
		u.Bulletin = o.Item.String()
	}
	u.day, u.slotted = slotDay(o.Slot)
	return u
}

const (
	// The longest a limit looks back: a slot of a day that began at the end of a
	// day, and an hour for the clocks to change.
	usageAge = 49 * time.Hour
	// A turn every 9 s for all that time. Beyond that only emergencies sound:
	// forgetting a turn would lift a cap.
	usageMost = 20000
)

// A Usage is what the box has sounded lately and how it stands. The zero value
// has sounded nothing and stands commissioned and unmuted. It is folded from the
// ledger with Add at boot, so that a reboot resets no cap, and kept up with Begin
// and End. A copy shares memory with the original: use Clone to go two ways.
type Usage struct {
	Box
	turns []Use // in the order of adding
	now   Use   // what sounds, when ID is set
}

// Clone is a copy that can be changed alone.
func (u *Usage) Clone() Usage {
	c := *u
	c.turns = slices.Clone(u.turns)
	return c
}

// Add counts a turn. Turns may come in any order.
func (u *Usage) Add(x Use) {
	if len(u.turns) == cap(u.turns) || len(u.turns) == usageMost {
		u.forget(x.From)
	}
	if len(u.turns) < usageMost {
		x.day, x.slotted = slotDay(x.Slot)
		u.turns = append(u.turns, x)
	}
}

// forget drops what no limit at now looks back to.
func (u *Usage) forget(now time.Time) {
	before := now.Add(-usageAge)
	u.turns = slices.DeleteFunc(u.turns, func(x Use) bool { return x.From.Add(x.For).Before(before) })
}

// Begin says that o has the speaker from now on. What had it before must have
// ended.
func (u *Usage) Begin(o plan.Occurrence, now time.Time) { u.now = UseOf(o, now, 0) }

// End says that what had the speaker lost it at now.
func (u *Usage) End(now time.Time) {
	if u.now.ID == "" {
		return
	}
	u.now.For = max(0, now.Sub(u.now.From))
	u.Add(u.now)
	u.now = Use{}
}

// all calls f for each turn; what sounds now has lasted until now.
func (u *Usage) all(now time.Time, f func(*Use)) {
	for i := range u.turns {
		f(&u.turns[i])
	}
	if u.now.ID != "" {
		x := u.now
		x.For = max(0, now.Sub(x.From))
		f(&x)
	}
}

// full reports that turns can no longer be counted, and until when.
func (u *Usage) full(now time.Time) (until time.Time, full bool) {
	if len(u.turns) < usageMost {
		return time.Time{}, false
	}
	for i := range u.turns {
		old := u.turns[i].From.Add(u.turns[i].For + usageAge)
		if old.Before(now) {
			return time.Time{}, false // Add will find room
		}
		if until.IsZero() || old.Before(until) {
			until = old
		}
	}
	return until.Add(1), true
}

// slotDay is the start date of a slot, which stands in its name.
func slotDay(slot string) (plan.Date, bool) {
	_, after, ok := strings.Cut(slot, "@")
	if !ok || len(after) < len(time.DateOnly) {
		return 0, false
	}
	d, err := plan.ParseDate(after[:len(time.DateOnly)])
	return d, err == nil
}

// on is the day on which a turn counts: a slot's start date, else the date in
// zone on which it began.
func (x *Use) on(zone *time.Location) plan.Date {
	if x.slotted {
		return x.day
	}
	return plan.DateOf(x.From, zone)
}

// session is what the cap per session counts together.
func (x *Use) session() string { return cmp.Or(x.Slot, x.ID) }
