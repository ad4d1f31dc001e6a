package desk

import (
	"net/http"
	"slices"

	"loa/scripts/authority/rollup"
)

// An offered template is one as somebody sees it: a draft that others are begun from.
type offered struct {
	Draft
	PlaceName string
	Edit      bool
}

// templates are those that somebody may begin from: one's own, those of places where one
// writes, and those of the places above, which are made for all below.
func (d *Desk) templates(v *visitor) (all []offered, err error) {
	drafts, err := d.drafts.all()
	for _, dr := range drafts {
		if dr.Template && !dr.Archived && v.begins(dr) {
			all = append(all, offered{dr, v.places[dr.Place].Name, v.may(author, dr.Place)})
		}
	}
	return all, err
}

func (v *visitor) begins(t Draft) bool {
	return t.By == v.person || slices.ContainsFunc(v.seen(author), func(code string) bool {
		return rollup.Within(v.places, code, t.Place)
	})
}

// again is a copy of a draft of which nothing was signed and for which nobody vouches.
func (d Draft) again() Draft {
	d.Archived, d.Template, d.SHA256, d.Vouches, d.Request, d.Origin = false, false, "", nil, "", ""
	d.Languages, d.Pictures = slices.Clone(d.Languages), slices.Clone(d.Pictures)
	for i := range d.Languages {
		d.Languages[i].Vouched = ""
	}
	return d
}

// copied adds a copy under an id of its own.
func (d *Desk) copied(v *visitor, of Draft, f func(*Draft)) (string, error) {
	dr := of.again()
	dr.ID, dr.By, dr.Changed = d.o.Tools.ID(dr.Title), v.person, d.o.Now().UTC()
	f(&dr)
	return d.drafts.add(dr)
}

// asTemplate keeps a draft, as it is now, to begin others from.
func (d *Desk) asTemplate(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	if _, err := d.copied(v, dr, func(dr *Draft) { dr.Template = true }); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/write#templates", http.StatusSeeOther)
	return nil
}

// fromTemplate begins a draft.
func (d *Desk) fromTemplate(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place := r.PostFormValue("place")
	if !v.may(author, place) {
		return errRole
	}
	t, err := d.drafts.get(r.PostFormValue("id"))
	if err != nil {
		return err
	}
	if !t.Template || t.Archived || !v.begins(t) {
		return errNone
	}
	id, err := d.copied(v, t, func(dr *Draft) {
		dr.Place = place
		if !slices.Contains(classes(v, place), dr.Class) {
			dr.Class = classes(v, place)[0]
		}
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/draft/"+id, http.StatusSeeOther)
	return nil
}
