package speech

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"loa/agent/viet"
)

// word reads what is left of letters: words, single letters, unknown abbreviations.
func (r *reader) word(rest string) bool {
	w := letterRun.FindString(rest)
	if w == "" {
		return false
	}
	if loan := loanAt(rest); loan != "" {
		return r.took(len(loan), Token{Kind: Word, Say: loans[strings.ToLower(loan)]})
	}
	t := Token{Kind: Word, Say: w}
	small := strings.ToLower(w)
	switch {
	case utf8.RuneCountInString(w) == 1:
		t = r.single(w)
	case viet.Syllable(w):
		switch {
		case !capitals(w):
		case len(w) == 2 && !r.shouting(rest[len(w):]):
			t = Token{Kind: Letters, Say: spell(w), Doubt: Spelled}
		default:
			t.Say = small // engines spell what is in capitals
		}
	case capitals(w) || camel(w) || !strings.ContainsAny(bare(small), "aeiouy"):
		t = Token{Kind: Letters, Say: spell(w), Doubt: Spelled}
	default:
		t.Say, t.Doubt = latin(w), Foreign
	}
	if t.Say == "" || strings.ContainsFunc(w, func(x rune) bool { return unicode.IsLetter(x) && letterName(x) == "" }) {
		t = Token{Kind: Unreadable, Doubt: NotReadable}
	}
	return r.took(len(w), t)
}

// camel reports whether capitals stand inside a word: bOPV.
func camel(w string) bool {
	n := 0
	for i, x := range w {
		if i > 0 && unicode.IsUpper(x) {
			n++
		}
	}
	return n >= 2
}

// single reads one letter: those that are words of their own as they stand, others by
// their name.
func (r *reader) single(w string) Token {
	x, _ := utf8.DecodeRuneInString(w)
	if unicode.IsLower(x) && viet.Syllable(w) && x != 'y' || w == "y" && nextWord(r.text[r.at+1:]) != "" {
		return Token{Kind: Word, Say: w}
	}
	if viet.Syllable(w) && unicode.IsUpper(x) && x > unicode.MaxASCII { // Ô, Ở, À at the beginning of a sentence
		return Token{Kind: Word, Say: w}
	}
	if w == "Y" && (nextWord(r.text[r.at+1:]) == "tế" || nextWord(r.text[r.at+1:]) == "sĩ") {
		return Token{Kind: Word, Say: w}
	}
	if base := bare(w); base != strings.ToLower(w) && letterNames[unicode.ToLower(x)] == "" {
		return Token{Kind: Word, Say: w} // ở, ý
	}
	return Token{Kind: Letters, Say: letterName(x)}
}

// loanAt is a word of the table of loans that stands at the beginning of s, which may be
// written with dashes: Wi-Fi.
func loanAt(s string) string {
	run := longName.FindString(s)
	for run != "" {
		if loans[strings.ToLower(run)] != "" && apart(s[len(run):]) {
			return run
		}
		cut := strings.LastIndexAny(run, ".&/-")
		if cut < 0 {
			return ""
		}
		run = run[:cut]
	}
	return ""
}

// bare is a word without its marks.
func bare(w string) string {
	return strings.Map(func(x rune) rune {
		switch {
		case x == 'đ' || x == 'Đ':
			return 'd'
		case unicode.IsMark(x):
			return -1
		}
		return unicode.ToLower(x)
	}, norm.NFD.String(w))
}

// latin is a foreign word in letters that a Vietnamese engine knows: ü is u.
func latin(w string) string {
	return strings.Map(func(x rune) rune {
		switch {
		case unicode.IsMark(x):
			return -1
		case x <= unicode.MaxASCII, slices.Contains(viet.Letters(), x):
			return x
		}
		return plainLetter(x)
	}, w)
}
