package api

import (
	"context"

	"loa/scripts/authority"
)

// Take is POST /documents for the pages of this process: the same judgement, the same
// books, the same broker.
func (a *API) Take(ctx context.Context, raw []byte) (Taken, error) {
	is, err := authority.Read(raw)
	if err != nil {
		return Taken{}, err
	}
	v, err := a.take(ctx, is)
	t, _ := v.(Taken)
	return t, err
}

// Boxes is GET /boxes, of all places.
func (a *API) Boxes() ([]Box, error) { return a.all() }

// Explain says an error in both languages, as an answer over HTTP would.
func (a *API) Explain(err error) *Error {
	_, e := a.problem(err)
	return e
}
