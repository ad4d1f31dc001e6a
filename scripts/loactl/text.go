package main

import (
	"errors"
	"fmt"
	"strings"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
)

// catalogues are the texts by language. A test holds them to the same keys and
// the same gaps to fill.
var catalogues = map[string]map[string]string{"vi": vi, "en": en}

// word is what text says for a word that boxes send, or that word as it came.
func word(text, w string) string {
	if w == "" || strings.HasSuffix(text, "."+w) {
		return w
	}
	return text
}

// explain says an error in the chosen language, as far as it is known by a code.
func (a *app) explain(err error) string {
	s := err.Error()
	if a.lang != "vi" {
		return s
	}
	var (
		own *authority.Error
		bad *plan.Error
	)
	switch {
	case errors.As(err, &own):
		return strings.Replace(s, own.Error(), authority.Vietnamese(own), 1)
	case errors.As(err, &bad):
		return strings.Replace(s, bad.Error(), authority.Vietnamese(bad), 1)
	}
	return strings.Replace(s, archive.ErrFork.Error(), a.text("ledger.fork"), 1)
}

// text is a text in the chosen language, with its gaps filled.
func (a *app) text(key string, args ...any) string {
	s, ok := catalogues[a.lang][key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}
