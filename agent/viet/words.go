package viet

import (
	"slices"
	"strings"
	"sync"
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
	start, end   int  // in joined
	stem         int  // in joined: where the digits begin that it ends in, else end
	odd, strange bool // of the part before stem: see oddity
	gap          gap  // what stands before it
}

// oddity reports whether no Vietnamese syllable is written like stem, and whether none
// would be with any marks: cuoc is odd, and strange is nhacai. Numbers are neither.
func oddity(stem string) (odd, strange bool) {
	if stem == "" {
		return false, false
	}
	_, syllable := parse(stem)
	return !syllable, !bareSyllable(stem)
}

// whole is the oddity of the word with its digits.
func (w word) whole() (odd, strange bool) {
	mixed := w.start < w.stem && w.stem < w.end
	return w.odd || mixed, w.strange || mixed
}

// A gap is what stands between two words.
type gap int

const (
	joint gap = iota // they may be one expression
	loose            // a comma or the like, or the end of a sentence
	wide             // the same in more than three characters, or the text begins
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
			stem := strings.TrimRightFunc(s, unicode.IsDigit)
			odd, strange := oddity(stem)
			w.words = append(w.words, word{b.Len(), b.Len() + len(s), b.Len() + len(stem), odd, strange, between})
			b.WriteString(s)
			start, from = -1, i
		}
	}
	w.joined = b.String()
	return w
}

func gapOf(s string) gap {
	switch {
	case !strings.ContainsAny(s, ",;:!?") && !endsSentence(s):
		return joint
	case utf8.RuneCountInString(s) > 3:
		return wide
	}
	return loose
}

// endsSentence reports whether there is a full stop with a space behind it in s, which
// stands between two words. Several are an ellipsis.
func endsSentence(s string) bool {
	at := strings.IndexByte(s, '.')
	return at >= 0 && strings.Count(s, ".") == 1 && strings.Contains(s[at:], " ")
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

// bareRhymes are the rhymes as who has no Vietnamese keyboard writes them.
var bareRhymes = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for r := range rhymes() {
		m[unmark(r)] = true
	}
	return m
})

// bareSyllable reports whether word is a Vietnamese syllable without its marks.
func bareSyllable(word string) bool {
	return slices.ContainsFunc(onsets, func(o string) bool {
		rest, found := strings.CutPrefix(word, o)
		return found && bareRhymes()[rest]
	})
}

// Has reports whether the text holds an expression of one or more words, as whole
// words: "ma" is not in "mang". It is found also in disguise: in capitals, in
// letters of another alphabet, with its letters set apart (c á c ư ợ c) or its words
// together, with spaces, dashes, dots, quotes or brackets between them, and with a
// number at the end of a word (cácược68). Words that make sense as they stand are not
// taken apart or put together, nor read over a comma or the end of a sentence:
// "đánh, đề nghị" does not hold "đánh đề". Nor are numbers put together, or a number
// and a single letter, unless the expression has them apart: "khu K 8" does not hold
// "k8", while "bet 88" holds "bet88".
//
// An expression of several words is found without its marks in a text that has not one
// mark, and in others where it cannot be read otherwise because a word of it is no
// Vietnamese one as it stands: "ca cuoc số 1". So "lô đề" is found in "lo de an", which
// may be "lo đề án"; with its marks that is not refused.
//
// What is not found: an expression that is split over two texts, as two pages or a
// title and a text; with other words, letters or {fields} between or before its own
// (88bet); over a comma or a full stop and a space (cá, cược); with letters of it
// replaced by digits or signs (c4 cuoc), misspelt or with other marks (cá cuợc);
// unmarked beside marked words where all of it makes sense (nha cai số 1); a single
// word without its marks; and what a picture shows.
func (w Words) Has(expression Words) bool {
	if w.has(&expression, false) {
		return true
	}
	return len(expression.words) > 1 && expression.unmarked != nil && w.has(expression.unmarked, true)
}

// has reports whether x is found, which has lost its marks if bare.
func (w Words) has(x *Words, bare bool) bool {
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
		if first < len(w.words) && w.words[first].start == at && w.fits(first, at+len(x.joined), x, bare) {
			return true
		}
		_, n := utf8.DecodeRuneInString(w.joined[at:])
		from = at + n
	}
}

// fits reports whether the words from the first one to the byte end may be x.
func (w Words) fits(first, end int, x *Words, bare bool) bool {
	base := w.words[first].start
	same, near := true, true
	anyOdd, anyStrange := false, false
	for i, is := range w.words[first:] {
		odd, strange := is.whole()
		to := is.end
		if to > end {
			if is.stem != end {
				return false // it ends within a word
			}
			to, odd, strange = is.stem, is.odd, is.strange
		}
		same = same && i < len(x.words) && to-base == x.words[i].end
		anyOdd, anyStrange = anyOdd || odd, anyStrange || strange
		if i > 0 {
			same = same && is.gap == joint
			near = near && x.mayPart(is.start-base, is.gap)
		}
		if to < end {
			continue
		}
		same = same && i+1 == len(x.words)
		if bare {
			return same && (anyOdd || !w.marked) || anyStrange && near
		}
		return same || anyOdd && near
	}
	return false
}

// mayPart reports whether x may be written with the gap g before the byte at.
func (x *Words) mayPart(at int, g gap) bool {
	before, after := x.joined[:at], x.joined[at:]
	head := utf8.RuneCountInString(before[len(strings.TrimRightFunc(before, unicode.IsLetter)):])
	tail := utf8.RuneCountInString(after[:len(after)-len(strings.TrimLeftFunc(after, unicode.IsLetter))])
	switch {
	case head > 0 && tail > 0:
		return g != wide
	case g != joint:
		return false // numbers have their own words
	case slices.ContainsFunc(x.words, func(w word) bool { return w.end == at }):
		return true
	}
	return head > 1 || tail > 1
}
