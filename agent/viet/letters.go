package viet

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	vowels = "aăâeêioôơuưy"
	// The five tones that are written: huyền, hỏi, ngã, sắc, nặng.
	toneMarks = "\u0300\u0309\u0303\u0301\u0323"
	// What makes another letter of a vowel: breve, circumflex, horn.
	shapeMarks = "\u0306\u0302\u031b"
)

// Letters gives the 134 letters of Vietnamese that ASCII lacks, each as one rune in
// NFC: twelve vowels in six tones and đ, small before capital, in the order of the
// dictionary.
func Letters() []rune {
	var small []rune
	for _, v := range vowels {
		if v > unicode.MaxASCII {
			small = append(small, v)
		}
		for _, t := range toneMarks {
			small = append(small, []rune(norm.NFC.String(string(v)+string(t)))...)
		}
	}
	small = append(small, 'đ')
	all := small
	for _, r := range small {
		all = append(all, unicode.ToUpper(r))
	}
	return all
}

// ours holds Letters.
var ours = sync.OnceValue(func() map[rune]bool {
	m := map[rune]bool{}
	for _, r := range Letters() {
		m[r] = true
	}
	return m
})

// alphabetic reports whether r can stand in a Vietnamese word or abbreviation.
func alphabetic(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || ours()[r]
}

// toneless holds the letters that carry a tone.
var toneless = sync.OnceValue(func() map[rune][2]rune {
	m := map[rune][2]rune{}
	for _, v := range vowels + strings.ToUpper(vowels) {
		for _, t := range toneMarks {
			for _, r := range norm.NFC.String(string(v) + string(t)) {
				m[r] = [2]rune{v, t}
			}
		}
	}
	return m
})

// tone takes the tone off a letter: ắ is ă and U+0301. The mark is 0 when there is none.
func tone(r rune) (letter, mark rune) {
	if p, ok := toneless()[r]; ok {
		return p[0], p[1]
	}
	return r, 0
}
