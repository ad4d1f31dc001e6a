package desk

import (
	"net/http"
	"slices"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

var (
	errChanged    = &fault{http.StatusConflict, "error.changed"}
	errOtherWaits = &fault{http.StatusConflict, "error.other-waits"}
)

// onTop begins a proposal that takes the place of what is issued at a topic. It is asked
// before that is read: what is issued in between is found to have changed. While another
// version waits for a signature there is none: the later would undo the earlier.
func (d *Desk) onTop(t message.Topic) (proposal, error) {
	if _, waits := d.o.Authority.Waiting(t); waits {
		return proposal{}, errOtherWaits
	}
	is, _ := d.o.Authority.Find(t)
	return proposal{onTop: true, base: is.SHA256}, nil
}

// still refuses a signature for what would undo something that its signer did not see.
// What waits needs no base: whatever is issued at its topic ends its waiting.
func (d *Desk) still(p proposal, waits bool) func(issued, waiting authority.Issued) error {
	return func(issued, waiting authority.Issued) error {
		if waits {
			was, _ := issued.Doc.(plan.AlertSet)
			next, _ := p.is.Doc.(plan.AlertSet)
			if waiting.SHA256 != p.is.SHA256 || loses(was, next, d.o.Now()) {
				return errChanged
			}
			return nil
		}
		switch {
		case !p.onTop:
			return nil
		case issued.SHA256 == p.is.SHA256:
			return nil // it was signed twice at once; the books know it
		case issued.SHA256 != p.base:
			return errChanged
		case waiting.SHA256 != "" && waiting.SHA256 != p.is.SHA256:
			return errOtherWaits
		}
		return nil
	}
}

// loses reports whether a set that raises an alarm would end another that sounds, and
// does not say that it was false. One that raises none is an all-clear.
func loses(was, next plan.AlertSet, now time.Time) bool {
	has := func(set plan.AlertSet, id string) bool {
		return slices.ContainsFunc(set.Alerts, func(al plan.Alert) bool { return al.ID == id })
	}
	if !slices.ContainsFunc(next.Alerts, func(al plan.Alert) bool { return !has(was, al.ID) }) {
		return false
	}
	return slices.ContainsFunc(was.Alerts, func(al plan.Alert) bool {
		retracted := slices.ContainsFunc(next.Retracted, func(r plan.Retraction) bool { return r.ID == al.ID })
		return now.Before(al.Until) && !has(next, al.ID) && !retracted
	})
}

// drops reports whether somebody may drop what waits for a signature at a place: who
// could have written it.
func drops(v *visitor, kind plan.Kind, place string) bool {
	switch kind {
	case plan.KindAlert:
		return v.may(emergency, place)
	case plan.KindBulletin, plan.KindSchedule:
		return v.may(author, place)
	}
	return false
}

// drop puts away what waits for a signature, so that something else can be said.
func (d *Desk) drop(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, waits, err := d.found(v, r.PathValue("sha256"))
	if err != nil {
		return err
	}
	h, err := message.HeadOf(p.is.Doc)
	if err != nil {
		return err
	}
	if !waits || !drops(v, h.Kind, d.placeOf(p.is.Doc)) {
		return errRole
	}
	if err := d.o.Centre.Drop(p.is.SHA256); err != nil {
		return err
	}
	d.o.Log.Info("desk: dropped what waited for a signature", "topic", p.is.Topic, "sha256", p.is.SHA256, "by", v.person)
	http.Redirect(w, r, whereNext(p.is.Doc), http.StatusSeeOther)
	return nil
}
