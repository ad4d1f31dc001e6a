package speech

import (
	"regexp"
	"strings"
)

var (
	email = regexp.MustCompile(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)
	site  = regexp.MustCompile(`^(?:https?://)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:vn|com|net|org|gov|edu|info|asia|me)(?::\d+)?(?:[/?#][^\s,;()<>"\x{80}-\x{10FFFF}]*)?`)
	other = regexp.MustCompile(`^https?://[^\s,;()<>"\x{80}-\x{10FFFF}]+`)
)

// web reads addresses of mail and of pages, so that they can be typed: known names as
// words, the rest letter by letter. Nobody says "https://".
func (r *reader) web(rest string) bool {
	if len(r.text[:r.at]) > 0 && !apart(r.text[r.at-1:]) {
		return false
	}
	m := email.FindString(rest)
	if m == "" {
		m = site.FindString(rest)
	}
	if o := other.FindString(rest); len(o) > len(m) {
		m = o
	}
	m = strings.TrimRight(m, ".:!?'")
	if m == "" || !apart(rest[len(m):]) {
		return false
	}
	for _, scheme := range []string{"https://", "http://"} {
		if strings.HasPrefix(m, scheme) && len(m) > len(scheme) {
			r.emit(len(scheme), Token{Kind: Mark})
			m = m[len(scheme):]
		}
	}
	say, sure := r.address(m)
	t := Token{Kind: Address, Say: say, Doubt: Foreign}
	if sure {
		t.Doubt = Sure
	}
	return r.took(len(m), t)
}

// address says an address; it is sure if all names in it are known.
func (r *reader) address(s string) (say string, sure bool) {
	var words []string
	sure = true
	for s != "" {
		n := strings.IndexFunc(s, func(x rune) bool {
			return x > 0x7f || !('a' <= x && x <= 'z' || 'A' <= x && x <= 'Z' || '0' <= x && x <= '9')
		})
		if n < 0 {
			n = len(s)
		}
		if n > 0 {
			w, ok := hosts[strings.ToLower(s[:n])]
			if !ok {
				w, sure = spell(s[:n]), false
			}
			words, s = append(words, w), s[n:]
			continue
		}
		for i, x := range s {
			if i == 0 {
				w, ok := addressSigns[x]
				if !ok {
					w, sure = letterName(x), false
				}
				if w == "" {
					w = "dấu khác"
				}
				words, n = append(words, w), len(string(x))
			}
		}
		s = s[n:]
	}
	return strings.Join(words, " "), sure
}
