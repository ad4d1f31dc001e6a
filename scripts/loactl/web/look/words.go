package look

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// common are the words of the frame.
var common = map[string]map[string]string{
	"vi": {
		"look.skip":  "Đến nội dung chính",
		"look.nav":   "Các trang",
		"look.langs": "Ngôn ngữ",
		"look.vi":    "Tiếng Việt",
		"look.en":    "English",
		"look.day":   "02/01/2006",
	},
	"en": {
		"look.skip":  "Skip to content",
		"look.nav":   "Pages",
		"look.langs": "Language",
		"look.vi":    "Tiếng Việt",
		"look.en":    "English",
		"look.day":   "2 Jan 2006",
	},
}

// Say is the text of a key with its gaps filled. A key without a text is an error: a
// page with a hole in it is not shown.
func Say(words map[string]string, key string, args ...any) (string, error) {
	text, ok := words[key]
	if !ok {
		return "", fmt.Errorf("look: no text %q", key)
	}
	if len(args) == 0 {
		return text, nil
	}
	return fmt.Sprintf(text, args...), nil
}

// Check says what is wrong between the catalogues of the languages: a text that one of
// them lacks, gaps that differ, letters that are not NFC.
func Check(words map[string]map[string]string) (faults []string) {
	for _, lang := range Langs {
		for key, text := range words[lang] {
			if text == "" || !norm.NFC.IsNormalString(text) {
				faults = append(faults, lang+" "+key+": empty or not NFC")
			}
			for _, other := range Langs {
				there, ok := words[other][key]
				if !ok {
					faults = append(faults, other+" "+key+": missing")
				} else if strings.Count(there, "%") != strings.Count(text, "%") {
					faults = append(faults, other+" "+key+": other gaps than in "+lang)
				}
			}
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}
