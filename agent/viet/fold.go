package viet

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold gives text in the form in which words are compared: small letters in NFC, each
// written in one way. What cannot be seen is gone, twins of Latin letters are Latin,
// every run of white space is one space, and hoà is hòa. The marks of Vietnamese stay:
// "ma" and "má" are two words. It is for searching, never for showing; fold both the
// text and the word.
func Fold(text string) string {
	text = norm.NFC.String(strings.ToValidUTF8(text, "\uFFFD"))
	if !plain(text) {
		lines := strings.Split(text, "\n")
		for i := range lines {
			lines[i] = (&report{}).mend(strings.Map(latin, lines[i]))
		}
		text = norm.NFC.String(strings.Join(lines, "\n"))
	}
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
	if plain(text) {
		return text
	}
	var b strings.Builder
	start := 0
	for i, r := range text + " " {
		if unicode.IsLetter(r) {
			continue
		}
		if start < i {
			b.WriteString(foldTone(text[start:i]))
		}
		if i < len(text) {
			b.WriteRune(r)
		}
		start = i + len(string(r))
	}
	return b.String()
}

// latin replaces look-alikes wherever they stand, and drops what nobody sees.
func latin(r rune) rune {
	if to := twins()[r]; to != 0 {
		return to
	}
	if to := eths[r]; to != 0 {
		return to
	}
	if invisible(r) {
		return -1
	}
	return r
}

// foldTone writes hoà, hoè and thuý as hòa, hòe and thúy.
func foldTone(word string) string {
	s, ok := parse(word)
	if ok && s.tone != 0 { // in quý the u is part of the onset
		switch s.rhyme {
		case "oa", "oe", "uy":
			s.at = 0
			return s.String()
		}
	}
	return word
}
