package viet

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// hidden mends, character by character, what looks like another or like nothing.
func (r *report) hidden(cells []cell) {
	ideographs := false
	for _, c := range cells {
		b := c.base()
		ideographs = ideographs || unicode.In(b, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
		if b == '\uFFFD' {
			r.add(Finding{Kind: Lost, Column: c.col, Rune: b})
		}
	}
	for i := range cells {
		c := &cells[i]
		b := c.base()
		f := Finding{Column: c.col, Rune: b, Mended: true}
		switch {
		case invisible(b):
			if shapes(beside(cells[:i], -1)) || shapes(beside(cells[i+1:], 1)) {
				continue
			}
			f.Kind = Invisible
		case b == '\u2028', b == '\u2029', b == '\u0085':
			f.Kind, f.To = Space, "\n"
		case b != ' ' && unicode.Is(unicode.Zs, b) && (b != '\u3000' || !ideographs):
			f.Kind, f.To = Space, " "
		default:
			if f.To = styled(b, ideographs); f.To == "" {
				continue
			}
			f.Kind = Styled
		}
		r.add(f)
		c.s = f.To + c.s[len(string(b)):]
	}
}

// invisible reports whether nobody sees r in Latin text: soft hyphen, zero-width and
// bidirectional characters, the byte order mark.
func invisible(r rune) bool {
	switch {
	case r == '\u00ad', r == '\u034f', r == '\u061c', r == '\u180e', r == '\ufeff':
		return true
	case '\u200b' <= r && r <= '\u200f', '\u202a' <= r && r <= '\u202e', '\u2060' <= r && r <= '\u2064', '\u2066' <= r && r <= '\u206f':
		return true
	}
	return false
}

// beside is the nearest character of cells that is seen, going by step. It does not
// look far: nobody needs more than a few that are not.
func beside(cells []cell, step int) rune {
	for k := range min(len(cells), 8) {
		i := k
		if step < 0 {
			i = len(cells) - 1 - k
		}
		if b := cells[i].base(); cells[i].s != "" && !invisible(b) {
			return b
		}
	}
	return ' '
}

// shapes reports whether r belongs to a script or an emoji that invisible characters
// break and join rightly: Khmer has them between words.
func shapes(r rune) bool {
	if unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) || mark(r) {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r)
}

// styled gives the plain letters for a drawn one, or nothing. Full-width forms are at
// home among ideographs.
func styled(r rune, ideographs bool) string {
	switch {
	case 0xFF01 <= r && r <= 0xFF5E && !ideographs:
	case 0x1D400 <= r && r <= 0x1D7FF: // bold and italic of mathematics, as networks offer it
	case 0xFB00 <= r && r <= 0xFB06: // ligatures, from PDF files
	default:
		return ""
	}
	to := norm.NFKC.String(string(r))
	if !plain(to) {
		return ""
	}
	return to
}
