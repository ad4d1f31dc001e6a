package main

import (
	"cmp"
	"errors"
	"io/fs"
	"log/slog"
	"slices"

	"loa/scripts/authority"
	"loa/scripts/authority/open311"
	"loa/scripts/authority/requests"
	"loa/scripts/authority/rollup"
)

// handOver hands residents' reports that are not ours over to the province's centre; nil
// without settings for it.
func (a *app) handOver(au *authority.Authority, reports *requests.Store, log *slog.Logger) (h *open311.Hand, to string, err error) {
	c, err := open311.Load(au.Dir())
	if errors.Is(err, fs.ErrNotExist) && c.Name == "" {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	h, err = open311.New(open311.Opts{Config: c, Dir: au.Dir(), Store: reports, Books: addresses{au}, Now: a.now, Log: log})
	return h, c.Name, err
}

// addresses say where things are, in words that another centre understands.
type addresses struct{ au *authority.Authority }

// Codes are the places that a setting names, with all below; none: all there are.
func (b addresses) Codes(top []string) (all []string) {
	places := b.au.Places()
	for _, code := range sortedKeys(places) {
		if len(top) == 0 || slices.ContainsFunc(top, func(t string) bool { return rollup.Within(places, code, t) }) {
			all = append(all, code)
		}
	}
	return all
}

// Called is a place's name, and those above it.
func (b addresses) Called(place string) string {
	places := b.au.Places()
	name := ""
	for n := 0; place != "" && n < len(places); n++ {
		p := places[place]
		if name != "" {
			name += ", "
		}
		name += cmp.Or(p.Name, place)
		place = p.Parent
	}
	return name
}

// Stands is what people call a box.
func (b addresses) Stands(box string) string { return cmp.Or(b.au.EveryBox()[box].Name, box) }
