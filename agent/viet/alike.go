package viet

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// twins are letters of other alphabets that nobody can tell from the Latin one.
var twins = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	for _, pairs := range []string{
		"аaеeоoрpсcуyхxѕsіiјjһhԁdԛqԝwАAВBЕEКKМMНHОOРPСCТTУYХXЅSІIЈJԌGԚQԜW", // Cyrillic
		"οoνvιiκkρpυuΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX",                         // Greek
	} {
		r := []rune(pairs)
		for i := 0; i < len(r); i += 2 {
			m[r[i]] = r[i+1]
		}
	}
	return m
})

// eths look like Đ and đ: Eth of Iceland, which Windows-1258 and old keyboards left
// behind, and D of Africa.
var eths = map[rune]rune{'Ð': 'Đ', 'ð': 'đ', 'Ɖ': 'Đ', 'ɖ': 'đ'}

// carons look like a breve at the size of a text.
var carons = map[rune]rune{'ǎ': 'ă', 'Ǎ': 'Ă'}

// words calls f with each run of letters.
func words(cells []cell, f func(word []cell)) {
	start := -1
	for i, c := range cells {
		switch letter := unicode.IsLetter(c.base()); {
		case letter && start < 0:
			start = i
		case !letter && start >= 0:
			f(cells[start:i])
			start = -1
		}
	}
	if start >= 0 {
		f(cells[start:])
	}
}

// foreign replaces twins in words that are Latin otherwise. One Latin letter is enough
// beside Cyrillic; beside Greek it takes two, so that formulas stay.
func (r *report) foreign(cells []cell) {
	words(cells, func(word []cell) {
		latin := 0
		for _, c := range word {
			if unicode.Is(unicode.Latin, c.base()) {
				latin++
			}
		}
		for i := range word {
			c := &word[i]
			d := []rune(norm.NFD.String(c.s)) // ӑ is also а with a breve
			to := twins()[d[0]]
			if to == 0 || latin == 0 || latin == 1 && unicode.Is(unicode.Greek, d[0]) {
				continue
			}
			was := c.base()
			d[0] = to
			c.s = norm.NFC.String(string(d))
			r.add(Finding{Kind: LookAlike, Column: c.col, Rune: was, Mended: true, To: string(to)})
		}
	})
}

// alike replaces Latin letters that are not ours but look like ours, where the word
// can only be Vietnamese.
func (r *report) alike(cells []cell) {
	words(cells, func(word []cell) {
		if w := join(word); !strings.ContainsAny(w, "ÐðƉɖǎǍ") {
			return
		}
		upper, known := len(word) <= 5, true
		mended := make([]string, len(word))
		for i, c := range word {
			mended[i] = c.s
			if to := eths[c.base()]; to != 0 && c.s == string(c.base()) {
				mended[i] = string(to)
			} else if to := carons[c.base()]; to != 0 && c.s == string(c.base()) {
				mended[i] = string(to)
			}
			one := []rune(mended[i])
			known = known && len(one) == 1 && alphabetic(one[0])
			upper = upper && unicode.IsUpper(one[0])
		}
		_, syllable := parse(strings.Join(mended, ""))
		for i := range word {
			c := &word[i]
			eth := eths[c.base()] != 0 && known && (i == 0 || upper) // HÐND, Ðắk
			if mended[i] != c.s && (eth || syllable) {
				r.add(Finding{Kind: LookAlike, Column: c.col, Rune: c.base(), Mended: true, To: mended[i]})
				c.s = mended[i]
			}
		}
	})
}
