package speech

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letterNames are those that announcers use, so written that an engine says them.
var letterNames = map[rune]string{
	'a': "a", 'ă': "á", 'â': "ớ", 'b': "bê", 'c': "xê", 'd': "dê", 'đ': "đê", 'e': "e", 'ê': "ê", 'f': "ép", 'g': "giê", 'h': "hát",
	'i': "i", 'j': "gi", 'k': "ca", 'l': "lờ", 'm': "mờ", 'n': "nờ", 'o': "o", 'ô': "ô", 'ơ': "ơ", 'p': "pê", 'q': "quy", 'r': "rờ",
	's': "ét", 't': "tê", 'u': "u", 'ư': "ư", 'v': "vê", 'w': "vê kép", 'x': "ích", 'y': "i dài", 'z': "dét",
}

// letterName is the name of one letter; empty if it is none of the Latin alphabet.
func letterName(r rune) string {
	r = unicode.ToLower(r)
	if name, ok := letterNames[r]; ok {
		return name
	}
	return letterNames[plainLetter(r)]
}

// plainLetter is the letter without its marks: ü is u.
func plainLetter(r rune) rune {
	for _, p := range norm.NFD.String(string(r)) {
		return p
	}
	return r
}

// spell names the letters and the digits in s, one by one.
func spell(s string) string {
	var words []string
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			words = append(words, ones[r-'0'])
		case letterName(r) != "":
			words = append(words, letterName(r))
		}
	}
	return strings.Join(words, " ")
}

// spellCode is spell where figures keep their value: H5N1, QL1A, B40.
func (c Choices) spellCode(s string) string {
	var words []string
	for len(s) > 0 {
		n := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if n > 0 {
			words = append(words, c.codeFigure(s[:n]))
			s = s[n:]
			continue
		}
		n = strings.IndexAny(s, "0123456789")
		if n < 0 {
			n = len(s)
		}
		if w := spell(s[:n]); w != "" {
			words = append(words, w)
		}
		s = s[n:]
	}
	return strings.Join(words, " ")
}

// codeFigure says a figure in a code: a zero in front is part of it.
func (c Choices) codeFigure(s string) string {
	if s[0] == '0' || len(s) > 3 {
		return oneByOne(s)
	}
	return c.plain(s)
}
