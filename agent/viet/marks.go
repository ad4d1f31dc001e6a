package viet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// marks mends the marks of one character that NFC could not compose.
func (r *report) marks(c *cell) {
	base := c.base()
	if utf8.RuneCountInString(c.s) < 2 {
		if mark(base) {
			r.add(Finding{Kind: MarkStray, Column: c.col, Rune: base})
		}
		return
	}
	if !mark([]rune(c.s)[1]) {
		return
	}
	switch {
	case unicode.Is(unicode.Latin, base):
	case unicode.IsLetter(base) || unicode.IsMark(base) && !mark(base) || unicode.IsSymbol(base):
		return // the marks of another language, or of an emoji
	default:
		r.add(Finding{Kind: MarkStray, Column: c.col, Rune: []rune(c.s)[1]})
		return
	}
	d := []rune(norm.NFD.String(c.s))
	letter, doubled := d[0], false
	var shape, tone, other string
	for _, m := range d[1:] {
		slot := &other
		if strings.ContainsRune(shapeMarks, m) {
			slot = &shape
		} else if strings.ContainsRune(toneMarks, m) {
			slot = &tone
		}
		if strings.ContainsRune(*slot, m) {
			doubled = true
			continue
		}
		*slot += string(m)
	}
	to := norm.NFC.String(string(letter) + shape + tone + other)
	one, size := utf8.DecodeRuneInString(to)
	kind := MarkOrder
	if doubled {
		kind = MarkDouble
	}
	switch {
	case to == c.s && upland(to):
	case size == len(to) && ours()[one], doubled && upland(to):
		r.add(Finding{Kind: kind, Column: c.col, Mended: true, To: to})
		c.s = to
	default:
		r.add(Finding{Kind: MarkStray, Column: c.col, Rune: []rune(c.s)[1]})
	}
}

// upland reports whether s is a letter of Ê Đê, Gia Rai or Ba Na that has no rune of
// its own: ê, ô, ơ or ư with a breve, which says that the vowel is short.
func upland(s string) bool {
	letter, found := strings.CutSuffix(s, "\u0306")
	return found && strings.Contains("ê ô ơ ư Ê Ô Ơ Ư", letter) && strings.TrimSpace(letter) != ""
}
