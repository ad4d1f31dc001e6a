package viet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Words is a text in the form in which words are looked for in it. It is made once,
// because folding takes far longer than looking.
type Words struct {
	joined string // all words without what stands between them
	words  []word // in their order
	marked bool   // some letter has a mark, or is đ
	// unmarked is the same without marks, nil where none has any.
	unmarked *Words
}

// A word is a run of letters and digits.
type word struct {
	start, end int  // in joined
	odd        bool // no Vietnamese syllable is written so
	gap        gap  // what stands before it
}

// A gap is what stands between two words.
type gap int

const (
	joint gap = iota // they may be one expression: a space, or a dash, dot or star without any
	loose            // a comma, or a full stop and a space
	wide             // more than three characters, or none: the text begins
)

// Read folds a text for looking.
func Read(text string) Words {
	folded := Fold(text)
	w := read(folded)
	if bare := unmark(folded); bare != folded {
		u := read(bare)
		w.marked, w.unmarked = true, &u
	}
	return w
}

func read(folded string) Words {
	var w Words
	var b strings.Builder
	between := wide
	start := -1 // of the word that is being read, in folded
	from := 0   // of what stands between
	for i, r := range folded + " " {
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		switch {
		case inside && start < 0:
			if len(w.words) > 0 {
				between = gapOf(folded[from:i])
			}
			start = i
		case !inside && start >= 0:
			s := folded[start:i]
			_, syllable := parse(s)
			w.words = append(w.words, word{b.Len(), b.Len() + len(s), !syllable, between})
			b.WriteString(s)
			start, from = -1, i
		}
	}
	w.joined = b.String()
	return w
}

func gapOf(s string) gap {
	switch {
	case utf8.RuneCountInString(s) > 3:
		return wide
	case s == " ", !strings.ContainsAny(s, " ,;:!?)("):
		return joint
	}
	return loose
}

// unmark writes text as who has no Vietnamese keyboard does.
func unmark(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 'đ':
			return 'd'
		case 0x300 <= r && r <= 0x36f:
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

// Has reports whether the text holds an expression of one or more words, as whole
// words: "ma" is not in "mang". It is found however it is written: in capitals, in
// letters of another alphabet, with its letters set apart (c á c ư ợ c) or its words
// together, with dots or dashes for spaces. Words that make sense as they stand are
// not taken apart or put together: "đánh, đề nghị" does not hold "đánh đề". In a text
// that has not one mark an expression of several words is found without its marks.
func (w Words) Has(expression Words) bool {
	if w.has(&expression) {
		return true
	}
	return !w.marked && len(w.words) > 1 && len(expression.words) > 1 && expression.unmarked != nil && w.has(expression.unmarked)
}

func (w Words) has(x *Words) bool {
	if x.joined == "" {
		return false
	}
	first := 0 // word at or after the place where something was found
	for from := 0; ; {
		at := strings.Index(w.joined[from:], x.joined)
		if at < 0 {
			return false
		}
		at += from
		for first < len(w.words) && w.words[first].start < at {
			first++
		}
		if first < len(w.words) && w.words[first].start == at && w.fits(first, at+len(x.joined), x) {
			return true
		}
		_, n := utf8.DecodeRuneInString(w.joined[at:])
		from = at + n
	}
}

// fits reports whether the words from the first one to the byte end may be x.
func (w Words) fits(first, end int, x *Words) bool {
	base := w.words[first].start
	same, odd, near := true, false, true
	n := 0
	for i := first; ; i, n = i+1, n+1 {
		if i == len(w.words) || w.words[i].end > end {
			return false // it ends within a word
		}
		is := w.words[i]
		same = same && n < len(x.words) && is.end-base == x.words[n].end
		odd = odd || is.odd
		if n > 0 {
			same = same && is.gap == joint
			near = near && is.gap != wide
		}
		if is.end == end {
			return same && n+1 == len(x.words) || odd && near
		}
	}
}
