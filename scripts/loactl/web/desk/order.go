package desk

import (
	"cmp"
	"slices"
	"time"

	"loa/agent/ahead"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// A conflict is of priority bulletins at one time, whose order nobody has chosen: the law
// leaves it to the commune.
type conflict struct {
	At    time.Time
	Books []rival
}

// A rival is a bulletin of which there is to be an order.
type rival struct{ Place, ID, Title string }

// conflicts are those in what sounds: where boxes ask for a decision, and what the bulletin
// that waits has met. Each set of bulletins is asked about once.
func conflicts(lines []ahead.Line) (all []conflict) {
	for _, l := range lines {
		if !asks(l) {
			continue
		}
		m := conflict{At: l.At}
		for _, o := range lines {
			meets := o.Sounds && !o.At.After(l.At) && l.At.Before(o.Until) || asks(o) && o.At.Equal(l.At)
			if !meets || o.Occurrence.Class != plan.PriorityC || o.Occurrence.Item.Kind != plan.KindBulletin {
				continue
			}
			k := o.Occurrence.Item
			if x := (rival{k.Place, k.ID, o.Occurrence.Title}); !slices.Contains(m.Books, x) {
				m.Books = append(m.Books, x)
			}
		}
		slices.SortFunc(m.Books, func(x, y rival) int { return cmp.Or(cmp.Compare(x.Title, y.Title), cmp.Compare(x.ID, y.ID)) })
		if len(m.Books) > 1 && !slices.ContainsFunc(all, func(o conflict) bool { return slices.Equal(o.Books, m.Books) }) {
			all = append(all, m)
		}
	}
	return all
}

// asks reports a line by which a box says that the commune should choose.
func asks(l ahead.Line) bool {
	return l.Code == plan.Priority && !l.Sounds && !l.Shows && l.Occurrence.Class == plan.PriorityC && l.Occurrence.Rank == 0
}

// ordered is the order that a place has chosen last, in whichever of its schedules.
func (d *Desk) ordered(place string, issued []authority.Issued) (all []rival) {
	titles := make(map[plan.Key]string)
	var last plan.Schedule
	for _, is := range issued {
		switch doc := is.Doc.(type) {
		case plan.Bulletin:
			titles[doc.Key()] = doc.Title
		case plan.Schedule:
			if doc.Place == place && len(doc.Order) > 0 && doc.At(d.o.Now()) && doc.Issued.After(last.Issued) {
				last = doc
			}
		}
	}
	for _, ref := range last.Order {
		k := plan.Key{Place: cmp.Or(ref.Place, place), Kind: plan.KindBulletin, ID: ref.ID}
		all = append(all, rival{k.Place, k.ID, cmp.Or(titles[k], k.ID)})
	}
	return all
}

// prefer puts a bulletin first in the order of a place. Orders that were chosen in another
// schedule stay behind it: the newest of a place's orders is the one that counts.
func (d *Desk) prefer(doc *plan.Schedule, at, id string) error {
	if len(doc.Slots) == 0 {
		return errNoSlots
	}
	issued, err := d.o.Authority.Issued()
	if err != nil {
		return err
	}
	first := rival{Place: at, ID: id}
	order := []rival{first}
	for _, o := range d.ordered(doc.Place, issued) {
		if o.Place != first.Place || o.ID != first.ID {
			order = append(order, o)
		}
	}
	doc.Order = nil
	for _, o := range order[:min(len(order), maxOrder)] {
		if o.Place == doc.Place {
			o.Place = ""
		}
		doc.Order = append(doc.Order, plan.Ref{Kind: plan.KindBulletin, Place: o.Place, ID: o.ID})
	}
	return nil
}

// maxOrder is how many bulletins an order has: as many as a schedule may name.
const maxOrder = 100
