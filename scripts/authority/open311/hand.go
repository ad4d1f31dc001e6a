package open311

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"loa/scripts/authority/durable"
	"loa/scripts/authority/requests"
)

// store is what is asked of the reports.
type store interface {
	List(requests.Which) ([]requests.Request, error)
	Get(id string) (requests.Request, error)
	Answer(id, by, text string) error
	SetState(id, by string, to requests.State, why string) error
}

// Books say where things are.
type Books interface {
	// Codes are the places that a setting names, with all below; none: all there are.
	Codes(top []string) []string
	// Called is a place's name.
	Called(place string) string
	// Stands is what people call a box.
	Stands(box string) string
}

// Opts are what a Hand works with.
type Opts struct {
	Config Config
	Dir    string // the authority's folder
	Store  store
	Books  Books
	Now    func() time.Time
	Log    *slog.Logger
}

// A Hand hands reports over and brings answers back.
type Hand struct {
	o      Opts
	client *client
	given  map[string]line // by the report's id
}

// A line is what is known of a report that was handed over.
type line struct {
	At     time.Time `json:"at"`
	Token  string    `json:"token,omitempty"`
	ID     string    `json:"service_request_id,omitempty"`
	Closed bool      `json:"closed,omitempty"`
	Failed string    `json:"failed,omitempty"` // why it cannot go, so that staff see to it
	Again  time.Time `json:"again,omitzero"`   // not asked before
	No     int       `json:"no,omitempty"`     // how often in a row it was not known there
}

// mostNo is how often an endpoint may say that it knows nothing of a request before it is
// believed: two hours.
const mostNo = 8

// New makes a hand.
func New(o Opts) (*Hand, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c, err := newClient(o.Config)
	if err != nil {
		return nil, err
	}
	h := &Hand{o: o, client: c, given: make(map[string]line)}
	data, err := os.ReadFile(h.file())
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &h.given)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.file(), err)
	}
	return h, nil
}

func (h *Hand) file() string { return filepath.Join(h.o.Dir, "open311.json") }

// every is how often it looks for new reports; ask how often about each that is open.
const (
	every    = time.Minute
	askEvery = 15 * time.Minute
	// most are handed over in one look, so that a flood of reports does not become one there.
	most = 20
)

// Run hands over until ctx ends.
func (h *Hand) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := h.Turn(ctx); err != nil && ctx.Err() == nil {
			h.o.Log.Warn("open311: tried again later", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Turn looks once. An error ends it: the centre does not answer, or the disk is full.
func (h *Hand) Turn(ctx context.Context) error {
	if err := h.forget(); err != nil {
		return err
	}
	if err := h.out(ctx); err != nil {
		return err
	}
	return h.back(ctx)
}

// out hands over what is new. It is written down before, with what came of it after: what
// was cut off in between is told to staff and not sent again, because nobody there can
// tell two reports of one thing from one.
func (h *Hand) out(ctx context.Context) error {
	n := 0
	for _, kind := range slices.Sorted(maps.Keys(h.o.Config.Services)) {
		all, err := h.o.Store.List(requests.Which{Places: h.o.Books.Codes(h.o.Config.Places), States: []requests.State{requests.New}, Kind: kind, Folded: true, Limit: 500})
		if err != nil {
			return err
		}
		slices.Reverse(all) // the oldest first
		for _, r := range all {
			if _, known := h.given[r.ID]; known || n == most {
				continue
			}
			n++
			if err := h.hand(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

const unknownFate = "cut off while it was handed over: nobody knows whether it is there"

func (h *Hand) hand(ctx context.Context, r requests.Request) error {
	l := line{At: h.o.Now(), Failed: unknownFate}
	if err := h.keep(r.ID, l); err != nil {
		return err
	}
	got, err := h.client.create(ctx, h.form(r))
	var no *refusal
	var passes *later
	switch {
	case errors.As(err, &passes):
		delete(h.given, r.ID)
		return errors.Join(err, h.write())
	case errors.As(err, &no):
		l.Failed = no.text
		h.o.Log.Error("open311: a report is not taken", "id", r.ID, "err", err)
	case err != nil:
		return errors.Join(err, h.tell(r.ID, unknownFate))
	default:
		l = line{At: l.At, ID: got.ID, Token: got.Token}
	}
	if err := h.keep(r.ID, l); err != nil {
		return err
	}
	if l.Failed != "" {
		return h.tell(r.ID, l.Failed)
	}
	return h.o.Store.SetState(r.ID, h.o.Config.Name, requests.Working, "Open311 "+got.ID+got.Token)
}

// form is a report in the words of GeoReport. Where it is is an address: positions of
// people are not asked.
func (h *Hand) form(r requests.Request) url.Values {
	at := h.o.Books.Called(r.Place)
	text := r.Text
	if r.Box != "" {
		at = h.o.Books.Stands(r.Box) + ", " + at
	}
	if text == "" {
		text = string(r.Kind)
	}
	form := url.Values{
		"service_code": {h.o.Config.Services[r.Kind]}, "address_string": {at}, "description": {clip(text, 4000)},
	}
	if h.o.Config.Contact && r.Contact != "" {
		form.Set("description", clip(text, 3800)+"\n\n"+r.Contact)
	}
	return form
}

// back asks about what is open.
func (h *Hand) back(ctx context.Context) error {
	now := h.o.Now()
	for _, id := range slices.Sorted(maps.Keys(h.given)) {
		l := h.given[id]
		if l.Closed || l.Failed != "" || now.Before(l.Again) {
			continue
		}
		l.Again = now.Add(askEvery)
		closed, err := h.ask(ctx, &l)
		var no *refusal
		switch {
		case errors.As(err, &no):
			if l.No++; l.No >= mostNo {
				l.Failed = no.text
			}
		case err != nil:
			return err // there is no endpoint now
		case closed != nil:
			l.No, l.Closed = 0, true
			if err := h.answer(id, *closed); err != nil {
				return err
			}
		default:
			l.No = 0
		}
		if err := h.keep(id, l); err != nil {
			return err
		}
		if l.Failed != "" {
			if err := h.tell(id, l.Failed); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask asks how far a request is; nil: it is open, or has no number yet.
func (h *Hand) ask(ctx context.Context, l *line) (*status, error) {
	if l.ID == "" {
		number, err := h.client.number(ctx, l.Token)
		if err != nil || number == "" {
			return nil, err
		}
		l.ID = number
	}
	s, err := h.client.status(ctx, l.ID)
	if err != nil || s.Status != "closed" {
		return nil, err
	}
	return &s, nil
}

// tell lets staff see in the report itself that it is theirs to see to.
func (h *Hand) tell(id, why string) error {
	err := h.o.Store.SetState(id, h.o.Config.Name, requests.New, "Open311: "+why)
	if errors.Is(err, requests.ErrNone) || errors.Is(err, requests.ErrOver) {
		return nil
	}
	return err
}

// answer gives the resident what the centre said. A report that the resident has deleted
// meanwhile, or that staff have answered, stays as it is.
func (h *Hand) answer(id string, s status) error {
	r, err := h.o.Store.Get(id)
	if errors.Is(err, requests.ErrNone) || err == nil && r.State != requests.Working && r.State != requests.New {
		return nil
	}
	if err != nil {
		return err
	}
	text := clip(s.Notes, requests.MaxText)
	if text == "" {
		text = h.o.Config.Name + ": đã xử lý xong."
	}
	if err := h.o.Store.Answer(id, h.o.Config.Name, text); !errors.Is(err, requests.ErrOver) {
		return err
	}
	return nil
}

func (h *Hand) keep(id string, l line) error {
	h.given[id] = l
	return h.write()
}

// forget drops what the reports themselves have forgotten.
func (h *Hand) forget() error {
	n := len(h.given)
	maps.DeleteFunc(h.given, func(_ string, l line) bool { return h.o.Now().Sub(l.At) > requests.Kept })
	if len(h.given) == n {
		return nil
	}
	return h.write()
}

func (h *Hand) write() error {
	data, err := json.MarshalIndent(h.given, "", " ")
	if err != nil {
		return err
	}
	return durable.Write(h.file(), data)
}
