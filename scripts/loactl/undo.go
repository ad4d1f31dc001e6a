package main

import (
	"errors"
	"slices"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
)

// alertUndo takes false alarms back in one go: it ends every emergency that sounds at
// the place, takes the alerts out of the office's set, so that a box which was away
// never begins them, and has each box that sounded one say that it was a mistake. One
// signature does, as for an all-clear.
func (a *app) alertUndo(args []string) error {
	fs := a.flags("alert undo")
	office := fs.String("office", "", "")
	id := fs.String("id", "", "")
	length := fs.Duration("for", time.Hour, "")
	by := signedBy(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	place := rest[0]
	stop := func(au *authority.Authority) ([]authority.Issued, error) {
		return a.silenceEmergencies(au, place, *by.as)
	}
	return a.alertChange(place, *office, by, stop, func(_ *authority.Authority, set *plan.AlertSet) error {
		var wrong []string
		for _, al := range set.Alerts {
			if *id == "" || al.ID == *id {
				wrong = append(wrong, al.ID)
			}
		}
		switch {
		case len(wrong) == 0 && *id != "":
			wrong = []string{*id} // it was cleared already, and many have heard it
		case len(wrong) == 0:
			return errors.New(a.text("alert.nothing-to-undo"))
		}
		set.Alerts = slices.DeleteFunc(set.Alerts, func(al plan.Alert) bool { return slices.Contains(wrong, al.ID) })
		until := a.now().Add(*length).UTC().Truncate(time.Second)
		set.Retracted = slices.DeleteFunc(set.Retracted, func(r plan.Retraction) bool { return slices.Contains(wrong, r.ID) })
		for _, w := range wrong {
			set.Retracted = append(set.Retracted, plan.Retraction{ID: w, Until: until})
		}
		return nil
	})
}

// silenceEmergencies is the stop of what a person had played as an emergency; none, and
// a word about it, if the signers may not.
func (a *app) silenceEmergencies(au *authority.Authority, place, as string) ([]authority.Issued, error) {
	act := plan.Act{Classes: []plan.Class{plan.Emergency}}
	act.Kind, act.Place = plan.KindStop, place
	is, err := au.Act(act, names(as)...)
	if err != nil {
		return nil, err
	}
	v, err := au.Judge(is)
	if err != nil {
		return nil, err
	}
	if v.Code != plan.Accepted {
		a.note("alert.no-stop", a.because(v))
		return nil, nil
	}
	return []authority.Issued{is}, au.Keep(is)
}
