package desk

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

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

// inboxPage is how many reports one page has.
const inboxPage = 100

// inbox lists what residents have reported of the places that somebody writes for. The
// next page begins in the millisecond in which this one ends, after its last report: what
// came at the same time is on one of the two.
func (d *Desk) inbox(w http.ResponseWriter, r *http.Request, v *visitor) error {
	which := requests.Which{Places: v.seen(author), Folded: true}
	done := r.FormValue("done") != ""
	which.States = []requests.State{requests.New, requests.Working}
	if done {
		which.States = []requests.State{requests.Answered, requests.Refused}
	}
	which.Limit = 2*inboxPage + 1
	if s := r.FormValue("before"); s != "" {
		ms, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return errInput
		}
		which.Before = time.UnixMilli(ms)
	}
	all, err := d.o.Inbox.List(which)
	if err != nil {
		return err
	}
	// The one after which it goes on may have been answered meanwhile; then none is left out.
	last := slices.IndexFunc(all, func(q requests.Request) bool { return q.ID == r.FormValue("after") })
	all = all[last+1:]
	next := ""
	if len(all) > inboxPage {
		all = all[:inboxPage]
		end := all[inboxPage-1]
		to := url.Values{"before": {strconv.FormatInt(end.Came.UnixMilli()+1, 10)}, "after": {end.ID}}
		if done {
			to.Set("done", "1")
		}
		next = "/desk/inbox?" + to.Encode()
	}
	var letters []letter
	for _, q := range all {
		letters = append(letters, letter{q, v.places[q.Place].Name, ""})
	}
	d.show(w, r, v, http.StatusOK, "inbox", map[string]any{"Letters": letters, "Done": done, "Next": next})
	return nil
}

// refused puts aside the reports that were marked in the list, all or none of them.
func (d *Desk) refused(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	ids := r.PostForm["id"]
	if len(ids) == 0 || len(ids) > inboxPage {
		return errInput
	}
	for _, id := range ids {
		if _, err := d.letter(id, v); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := d.o.Inbox.SetState(id, v.person, requests.Refused, ""); err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/desk/inbox", http.StatusSeeOther)
	return nil
}

// letter is a report of a place that somebody writes for.
func (d *Desk) letter(id string, v *visitor) (requests.Request, error) {
	q, err := d.o.Inbox.Get(id)
	if errors.Is(err, requests.ErrNone) || err == nil && !v.may(author, q.Place) {
		return requests.Request{}, errNone
	}
	return q, err
}

func (d *Desk) read(w http.ResponseWriter, r *http.Request, v *visitor) error {
	q, err := d.letter(r.PathValue("id"), v)
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
	q, err := d.letter(r.PathValue("id"), v)
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
	q, err := d.letter(r.PathValue("id"), v)
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
