package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/index"
)

// number is a whole number from the query, from 0 to most.
func number(r *http.Request, name string, otherwise, most int64) (int64, error) {
	s := r.FormValue(name)
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > most || n == 0 && name == "limit" {
		return 0, parameter(name, "1…"+strconv.FormatInt(most, 10))
	}
	return n, nil
}

// Documents are a page of what is in force or was last, by topic.
type Documents struct {
	Documents []index.Document `json:"documents"`
	Next      string           `json:"next,omitempty"` // after this topic
}

func (a *API) documents(_ http.ResponseWriter, r *http.Request) (any, error) {
	limit, err := number(r, "limit", 100, 1000)
	if err != nil {
		return nil, err
	}
	all, err := a.o.Index.Documents(r.FormValue("kind"), r.FormValue("place"), r.FormValue("after"), int(limit))
	page := Documents{Documents: all}
	if len(all) == int(limit) {
		page.Next = all[len(all)-1].Topic
	}
	return page, err
}

// A Whole is a document with what it says and what became of it.
type Whole struct {
	index.Document
	Envelope json.RawMessage  `json:"envelope"`
	Content  any              `json:"content"`
	Pending  bool             `json:"pending"` // it lacks a signature
	Versions []index.Document `json:"versions"`
	Acks     []index.Ack      `json:"acks"`
}

// maxVersions is how much of a topic's history comes with a document.
const maxVersions = 100

func (a *API) document(_ http.ResponseWriter, r *http.Request) (any, error) {
	sum := r.PathValue("sha256")
	is, pending, err := a.find(sum)
	if err != nil {
		return nil, err
	}
	whole := a.whole(is, pending)
	if whole.Versions, err = a.o.Index.Versions(whole.Topic, maxVersions); err != nil {
		return nil, err
	}
	whole.Acks, err = a.o.Index.Acks(index.Which{SHA256: sum, Limit: recent})
	return whole, err
}

func (a *API) whole(is authority.Issued, pending bool) Whole {
	return Whole{
		Document: index.Describe(is, a.o.Authority.Signers(is.Raw)), Envelope: json.RawMessage(is.Raw), Content: is.Doc, Pending: pending,
		Versions: []index.Document{}, Acks: []index.Ack{},
	}
}

// find is the document with that payload, from the history or among those that wait.
func (a *API) find(sum string) (is authority.Issued, pending bool, err error) {
	d, ok, err := a.o.Index.Document(sum)
	if err != nil {
		return is, false, err
	}
	if ok {
		is, err = a.o.Authority.Recorded(authority.Past{Topic: d.Topic, Version: d.Version})
		return is, false, err
	}
	is, err = a.waiting(sum)
	return is, true, err
}

// waiting is the document with that payload among those that lack a signature.
func (a *API) waiting(sum string) (authority.Issued, error) {
	all, err := a.o.Authority.Pending()
	if err != nil {
		return authority.Issued{}, err
	}
	for _, is := range all {
		if is.SHA256 == sum {
			return is, nil
		}
	}
	return authority.Issued{}, &Error{Code: "not-found"}
}

// Pending are the documents that lack a signature.
type Pending struct {
	Documents []Whole `json:"documents"`
}

func (a *API) pending(http.ResponseWriter, *http.Request) (any, error) {
	all, err := a.o.Authority.Pending()
	p := Pending{Documents: []Whole{}}
	for _, is := range all {
		p.Documents = append(p.Documents, a.whole(is, true))
	}
	return p, err
}

// A Line is what will sound or be seen, or will be refused, and when.
type Line struct {
	At     time.Time `json:"at"`
	Until  time.Time `json:"until"`
	Sounds bool      `json:"sounds"`
	Shows  bool      `json:"shows"`           // on a board
	Times  int       `json:"times,omitempty"` // that it comes on there
	Code   plan.Code `json:"code,omitempty"`
	VI     string    `json:"vi,omitempty"`
	EN     string    `json:"en,omitempty"`
	ID     string    `json:"id"`
	Class  string    `json:"class"`
	Title  string    `json:"title"`
	Volume int       `json:"volume_percent,omitempty"`
}

// Ahead is what comes, in the order of time.
type Ahead struct {
	Lines []Line `json:"lines"`
}

// maxHours is how far ahead can be asked for: a week of everything is a long answer.
const maxHours = 7 * 24

func (a *API) ahead(_ http.ResponseWriter, r *http.Request) (any, error) {
	hours, err := number(r, "hours", 24, maxHours)
	if err != nil {
		return nil, err
	}
	h := plan.Head{Place: r.FormValue("place"), Device: r.FormValue("box")}
	if (h.Place == "") == (h.Device == "") {
		return nil, parameter("place, box", "one / một")
	}
	_, isPlace := a.o.Authority.Places()[h.Place]
	_, isBox := a.o.Authority.Boxes()[h.Device]
	if !isPlace && !isBox {
		return nil, &Error{Code: "not-found"}
	}
	lines, err := a.o.Ahead(h, max(1, int(hours)))
	out := Ahead{Lines: []Line{}}
	for _, l := range lines {
		o := l.Occurrence
		title := o.Title
		if title == "" && len(o.Parts) == 1 {
			title = o.Parts[0].Chime
		}
		out.Lines = append(out.Lines, Line{l.At, l.Until, l.Sounds, l.Shows, l.Times, l.Code, l.VI, l.Why, o.ID, string(o.Class), title, l.Volume})
	}
	return out, err
}
