package api

import (
	"context"

	"loa/agent/plan"
	"loa/scripts/authority"
)

// Terms are under what a document is taken; the zero Terms are those of POST /documents.
type Terms struct {
	// Still is asked first, while nothing else is taken, with what is issued at the
	// document's topic and what waits there for a signature; either may be the zero
	// Issued. What it refuses leaves no trace.
	Still func(issued, waiting authority.Issued) error
	Two   bool // one signature is not enough, even where the list is content with it
}

// Take is POST /documents for the pages of this process: the same judgement, the same
// books, the same broker.
func (a *API) Take(ctx context.Context, raw []byte, t Terms) (Taken, error) {
	is, err := authority.Read(raw)
	if err != nil {
		return Taken{}, err
	}
	v, err := a.take(ctx, is, t)
	out, _ := v.(Taken)
	return out, err
}

// Drop forgets a document that waits for a signature, by the SHA-256 of its payload.
func (a *API) Drop(sum string) error {
	a.taking.Lock()
	defer a.taking.Unlock()
	is, err := a.waiting(sum)
	if err != nil {
		return err
	}
	return a.o.Authority.Drop(is.Topic)
}

// Room is an error once the disk has none for recordings.
func (a *API) Room() error {
	free, err := a.left(a.o.Authority.Dir())
	if err != nil {
		return err
	}
	if free < spare+uploads*maxMedia {
		return &plan.Error{Code: plan.Storage, Msg: "the centre's disk is almost full"}
	}
	return nil
}

// Boxes is GET /boxes, of all places.
func (a *API) Boxes() ([]Box, error) { return a.all() }

// Explain says an error in both languages, as an answer over HTTP would.
func (a *API) Explain(err error) *Error {
	_, e := a.problem(err)
	return e
}
