package main

import "fmt"

// catalogues are the texts by language. A test holds them to the same keys and
// the same gaps to fill.
var catalogues = map[string]map[string]string{"vi": vi, "en": en}

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
