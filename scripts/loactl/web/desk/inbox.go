package desk

import (
	"errors"
	"net/http"
	"strings"

	"loa/agent/plan"
	"loa/scripts/authority/requests"
)

// inbox is what the desk asks of whoever keeps residents' reports.
type inbox interface {
	List(requests.Which) ([]requests.Request, error)
	Get(id string) (requests.Request, error)
	Answer(id, by, text string) error
	SetState(id, by string, to requests.State, why string) error
	Said(id, by, bulletin string) error
	Attachment(id, what string) ([]byte, error)
}

// A letter is a resident's report as staff read it.
type letter struct {
	requests.Request
	PlaceName string
	Answer    string // the last that was given
}

// inbox lists what residents have reported of the places that somebody writes for.
func (d *Desk) inbox(w http.ResponseWriter, r *http.Request, v *visitor) error {
	which := requests.Which{Places: v.seen(author), Folded: true}
	done := r.FormValue("done") != ""
	which.States = []requests.State{requests.New, requests.Working}
	if done {
		which.States = []requests.State{requests.Answered, requests.Refused}
	}
	all, err := d.o.Inbox.List(which)
	if err != nil {
		return err
	}
	var letters []letter
	for _, q := range all {
		letters = append(letters, letter{q, v.places[q.Place].Name, ""})
	}
	d.show(w, r, v, http.StatusOK, "inbox", map[string]any{"Letters": letters, "Done": done})
	return nil
}

// letter is the report that a path names, of a place that somebody writes for.
func (d *Desk) letter(r *http.Request, v *visitor) (requests.Request, error) {
	q, err := d.o.Inbox.Get(r.PathValue("id"))
	if errors.Is(err, requests.ErrNone) || err == nil && !v.may(author, q.Place) {
		return requests.Request{}, errNone
	}
	return q, err
}

func (d *Desk) read(w http.ResponseWriter, r *http.Request, v *visitor) error {
	q, err := d.letter(r, v)
	if err != nil {
		return err
	}
	x := letter{q, v.places[q.Place].Name, ""}
	for _, e := range q.Events {
		if e.What == "answer" {
			x.Answer = e.Text
		}
	}
	d.show(w, r, v, http.StatusOK, "letter", x)
	return nil
}

func (d *Desk) attachment(w http.ResponseWriter, r *http.Request, v *visitor) error {
	q, err := d.letter(r, v)
	if err != nil {
		return err
	}
	kind := map[string]string{"photo": "image/jpeg", "voice": "audio/ogg"}[r.PathValue("what")]
	if kind == "" {
		return errNone
	}
	data, err := d.o.Inbox.Attachment(q.ID, r.PathValue("what"))
	if errors.Is(err, requests.ErrNone) {
		return errNone
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(data)
	return nil
}

// replied answers a report, takes it up or puts it aside. An answer can become a bulletin
// in the same step: a draft, which goes the way of all drafts.
func (d *Desk) replied(w http.ResponseWriter, r *http.Request, v *visitor) error {
	q, err := d.letter(r, v)
	if err != nil {
		return err
	}
	text := typed(r.PostFormValue("answer"))
	if len([]rune(text)) > requests.MaxText {
		return errInput
	}
	to := "/desk/inbox"
	switch what := r.PostFormValue("what"); what {
	case "answer", "bulletin":
		if text == "" {
			return errInput
		}
		if err := d.o.Inbox.Answer(q.ID, v.person, text); err != nil {
			return err
		}
		if what == "answer" {
			break
		}
		title := vi["inbox.bulletin-title"] + " " + strings.ToLower(vi["about."+string(q.Kind)])
		id, err := d.drafts.add(Draft{
			ID: d.o.Tools.ID(title), Place: q.Place, By: v.person, Title: title, Text: text, Lang: "vi", Class: plan.Normal, Origin: plan.Answer,
			Days: 30, Request: q.ID, Changed: d.o.Now().UTC(),
		})
		if err != nil {
			return err
		}
		to = "/desk/draft/" + id
	case "working":
		err = d.o.Inbox.SetState(q.ID, v.person, requests.Working, text)
	case "refused":
		err = d.o.Inbox.SetState(q.ID, v.person, requests.Refused, text)
	default:
		err = errInput
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// answered notes that a bulletin which was an answer has been approved.
func (d *Desk) answered(doc any, by string) {
	b, ok := doc.(plan.Bulletin)
	if !ok {
		return
	}
	dr, err := d.drafts.get(b.ID)
	if err != nil || dr.Request == "" || dr.Place != b.Place {
		return
	}
	if err := d.o.Inbox.Said(dr.Request, by, b.Key().String()); err != nil {
		d.o.Log.Error("desk: a report's answer", "report", dr.Request, "err", err)
	}
}
