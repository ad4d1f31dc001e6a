package speech

import (
	"regexp"
	"strings"
)

var (
	// 49/2024/NĐ-CP, 24/CT-UBND, 31/2024/QH15
	legal = regexp.MustCompile(`^(\d{1,6})(?:\s?/\s?((?:19|20)\d{2}))?\s?/\s?([A-ZĐ][\pL0-9&]*(?:[-–][A-ZĐ][\pL0-9&]*|\.[A-ZĐ]{2,})*)`)
	// of the Party: 18-NQ/TW
	party = regexp.MustCompile(`^(\d{1,5})[-–]([A-ZĐ]{2,4})/([A-ZĐ]{2,}\pL*)`)
	// drafts, whose number is still to come, and what is said without one: TT-BTTTT
	numberless = regexp.MustCompile(`^(/?)([A-ZĐ]{1,4}r?)[-–/]([A-ZĐ][\pL0-9]+(?:[-–][A-ZĐ]{1,6})*)`)
	standard   = regexp.MustCompile(`^(\d+)(?:-(\d+))?:((?:19|20)\d{2})(?:/([A-ZĐ]+))?`)
	assembly   = regexp.MustCompile(`^(QH|UBTVQH)(\d{1,2})$`)
)

// document reads the numbers of legal documents.
func (r *reader) document(rest string) bool {
	if m := find(party, rest); m != nil && documentKinds[m[2]] != nil && issuers[m[3]] != "" {
		say, doubt := r.ending([]string{m[2], m[3]})
		return r.took(len(m[0]), Token{Kind: Document, Say: r.c.plain(m[1]) + say, Doubt: doubt})
	}
	if m := find(standard, rest); m != nil && r.follows([]string{"qcvn", "tcvn", "iso", "tcxdvn"}) {
		say := r.c.plain(m[1])
		if m[2] != "" {
			say += " gạch " + r.c.plain(m[2])
		}
		say += " năm " + r.c.plain(m[3])
		doubt := Sure
		if m[4] != "" {
			end, d := r.ending([]string{m[4]})
			say, doubt = say+end, d
		}
		return r.took(len(m[0]), Token{Kind: Document, Say: say, Doubt: doubt})
	}
	m := find(legal, rest)
	if m == nil {
		return false
	}
	parts := strings.FieldsFunc(m[3], func(x rune) bool { return x == '-' || x == '–' || x == '.' })
	known := documentKinds[parts[0]] != nil || issuers[parts[0]] != "" || assembly.MatchString(parts[0])
	if !known && len(parts) < 2 {
		return false // 12/A and the like
	}
	say := r.c.plain(m[1])
	if m[2] != "" {
		say += " năm " + r.c.plain(m[2])
	}
	end, doubt := r.ending(parts)
	return r.took(len(m[0]), Token{Kind: Document, Say: say + end, Doubt: doubt})
}

// kindOfDocument reads the same without a number.
func (r *reader) kindOfDocument(rest string) bool {
	m := find(numberless, rest)
	if m == nil || documentKinds[m[2]] == nil {
		return false
	}
	parts := append([]string{m[2]}, strings.FieldsFunc(m[3], func(x rune) bool { return x == '-' || x == '–' })...)
	if issuers[parts[1]] == "" && !assembly.MatchString(parts[1]) {
		return false
	}
	say, doubt := r.ending(parts)
	if say == "" { // its kind has been said, and whose it is comes: what stands here is said all the same
		say = documentKinds[parts[0]][0]
	}
	if m[1] != "" {
		doubt = Blank
	}
	return r.took(len(m[0]), Token{Kind: Document, Say: strings.TrimPrefix(strings.TrimPrefix(say, ","), " "), Doubt: doubt})
}

// ending says whose document it is: "of the people's committee", with its kind in front
// unless that has just been said.
func (r *reader) ending(parts []string) (say string, doubt Doubt) {
	if kinds := documentKinds[parts[0]]; kinds != nil {
		if !r.named(kinds) {
			say = ", " + kinds[0]
		}
		parts = parts[1:]
	}
	for i, p := range parts {
		link := ", "
		if i == 0 {
			link = " của "
		}
		word := issuers[p]
		if m := assembly.FindStringSubmatch(p); m != nil {
			word = map[string]string{"QH": "Quốc hội", "UBTVQH": "Ủy ban Thường vụ Quốc hội"}[m[1]] + " khóa " + r.c.plain(m[2])
		}
		if word == "" && departments[p] != "" {
			if word = departments[p]; i > 0 {
				link = " khối "
			}
		}
		if word == "" {
			word, doubt = r.c.spellCode(p), Spelled
		}
		if i == 0 && r.comes(parts[0], word) {
			continue // "… ngày 5/11 của UBND tỉnh": it is about to be said
		}
		say += link + word
	}
	return say, doubt
}

// comes reports whether the sentence goes on to say whose document it is.
func (r *reader) comes(short, word string) bool {
	rest := r.text[r.at:]
	if i := strings.IndexAny(rest, ".;\n"); i >= 0 {
		rest = rest[:i]
	}
	const far = 120 // bytes
	rest = strings.ToLower(rest[:min(far, len(rest))])
	_, rest, ok := strings.Cut(rest, "của ")
	const name = 60 // bytes: "Ban Thường vụ Tỉnh ủy"
	rest = rest[:min(name, len(rest))] + " "
	return ok && (strings.Contains(rest, strings.ToLower(word)) || strings.HasPrefix(rest, strings.ToLower(short)+" "))
}

// named reports whether one of the words for a kind of document stands shortly before.
func (r *reader) named(kinds []string) bool {
	near := ""
	const far = 12 // tokens: "Nghị quyết liên tịch số"
	for _, t := range r.out[max(0, len(r.out)-far):] {
		if near += strings.TrimLeft(strings.ToLower(t.Say)+" ", " "); t.Pause == Long {
			near = ""
		}
	}
	for _, k := range kinds {
		if strings.Contains(near, k) {
			return true
		}
	}
	return false
}
