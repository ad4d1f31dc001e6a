package residents

import (
	"fmt"
	"html/template"

	"loa/scripts/loactl/web/look"
)

// words are the texts by language; look.Check holds them to each other.
var words = map[string]map[string]string{"vi": vi, "en": en}

// funcs are what the templates compute.
func funcs() template.FuncMap {
	return template.FuncMap{
		"length": func(seconds int) string { return fmt.Sprintf("%d:%02d", seconds/60, seconds%60) },
		"indent": func(depth int) string { return fmt.Sprintf("d%d", min(depth, 4)) },
		"tongue": look.Language,
		"pick":   func(pairs ...any) map[string]any { return picked(pairs) },
	}
}

// picked makes one value of names and values, for a part that needs several.
func picked(pairs []any) map[string]any {
	m := make(map[string]any)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m
}
