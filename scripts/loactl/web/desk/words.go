package desk

import (
	"strings"

	"loa/scripts/loactl/web/look"
)

// words are the texts of the pages, by language.
var words = map[string]map[string]string{"vi": vi, "en": en}

// fieldWords are what people call the fields of what is signed, for the script.
func fieldWords(lang string) map[string]string {
	out := make(map[string]string)
	for key, text := range words[lang] {
		if field, ok := strings.CutPrefix(key, "field."); ok {
			out[field] = text
		}
		switch field, _, _ := strings.Cut(key, "."); field {
		case "kind", "class", "origin":
			out[key] = text // what values of these fields are called
		}
	}
	for _, code := range append([]string{"vi"}, languages...) {
		out["lang."+code] = look.Language(lang, code)
	}
	return out
}
