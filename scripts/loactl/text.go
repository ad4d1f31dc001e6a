package main

import (
	"fmt"
	"strings"
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
