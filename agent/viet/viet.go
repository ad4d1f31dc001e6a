// Package viet finds and mends Vietnamese text that is not what it looks like.
//
// Text for a board is pasted from everywhere: from Word files of the nineties in
// fonts with an encoding of their own, from phones that store each mark apart, from
// pages that write Đ with a letter of Iceland. On the author's screen all of it looks
// right; on the board letters are missing, and a search for a word fails. [Mend] puts
// right what can only have meant one thing, and names what a person must look at,
// before anyone signs.
//
// What is right stays as it is: Vietnamese in NFC, other languages, both ways to place
// a tone (hòa, hoà), and the letters of Ê Đê, Gia Rai and Ba Na that Unicode has only
// as a letter with a mark (ê̆ ô̆ ơ̆ ư̆). A text that is not understood is left alone.
package viet

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Kind is what is wrong with a piece of text.
type Kind string

// The kinds. What Mend does about each is said behind it.
const (
	Decomposed Kind = "decomposed"  // not in NFC, letters and marks are stored apart: composed
	MarkOrder  Kind = "mark-order"  // a tone before the circumflex, breve or horn: put in order
	MarkDouble Kind = "mark-double" // the same mark twice: once
	MarkStray  Kind = "mark-stray"  // marks that make no letter: for a person
	LookAlike  Kind = "look-alike"  // a letter of another alphabet in a Latin word: replaced
	Styled     Kind = "styled"      // full-width or mathematical letters, ligatures: plain letters
	Space      Kind = "space"       // a space or line end that is not the plain one: the plain one
	Invisible  Kind = "invisible"   // a character that nobody sees: removed
	Lost       Kind = "lost"        // U+FFFD or bytes that are no UTF-8, a letter was lost before: for a person
	Legacy     Kind = "legacy"      // an encoding from before Unicode, or UTF-8 misread: an offer, for a person
)

// A Finding is one kind of trouble, at the first place where it turns up.
type Finding struct {
	Kind Kind
	// Line and Column count from 1; a letter with its marks is one column. Line and
	// Column are 0 when the finding is about the whole text.
	Line, Column int
	Rune         rune   // the character in question; 0 when it is about more than one
	Count        int    // how often it turns up, at least 1
	Mended       bool   // Mend puts it right by itself
	To           string // what Mend writes instead of Rune; empty when it leaves it out

	Encoding string // of Legacy: its name
	Offer    string // of Legacy: the line, or the whole text when Line is 0, in Unicode

	EN, VI string // a sentence for people, without the place
}

// Check says what is wrong with text; nothing for text that is right.
func Check(text string) []Finding {
	_, found := Mend(text)
	return found
}

// Mend gives text in NFC with everything put right that can only have meant one thing,
// and what was found: what is mended, and what a person must decide. Lines in a legacy
// encoding stay as they are. Mending what is mended changes nothing.
func Mend(text string) (string, []Finding) {
	var r report
	out := r.compose(text)
	if f, ok := legacy(out); ok {
		return out, append(r.found, f)
	}
	lines := strings.Split(out, "\n")
	for i, line := range lines {
		r.line = i + 1
		if f, ok := legacy(line); ok {
			f.Line, f.Column = r.line, 1
			r.found = append(r.found, f)
			continue
		}
		lines[i] = r.mend(line)
	}
	return strings.Join(lines, "\n"), r.found
}

// A report gathers what is found.
type report struct {
	line  int
	again bool // the line is looked at once more
	found []Finding
}

// add counts f when the same was found before.
func (r *report) add(f Finding) {
	for i := range r.found {
		o := &r.found[i]
		if o.Kind == f.Kind && o.Rune == f.Rune && o.To == f.To && o.Mended == f.Mended {
			if f.Mended || !r.again {
				o.Count++
			}
			return
		}
	}
	f.Line, f.Count = r.line, 1
	f.EN, f.VI = f.sentences()
	r.found = append(r.found, f)
}

// compose gives text in valid UTF-8 and NFC.
func (r *report) compose(text string) string {
	valid := strings.ToValidUTF8(text, "\uFFFD")
	out := norm.NFC.String(valid)
	if out != valid {
		at := 0
		for at < len(out) && at < len(valid) && out[at] == valid[at] {
			at++
		}
		for at < len(out) && !utf8.RuneStart(out[at]) {
			at--
		}
		before := out[:at]
		r.line = 1 + strings.Count(before, "\n")
		column := 1 + len(split(before[strings.LastIndexByte(before, '\n')+1:]))
		if m, _ := utf8.DecodeRuneInString(out[at:]); mark(m) && column > 1 {
			column--
		}
		r.add(Finding{Kind: Decomposed, Column: column, Mended: true})
	}
	return out
}

// rounds is more than ever needed: each mends what the one before laid bare.
const rounds = 4

// mend puts one line right that is in NFC.
func (r *report) mend(line string) string {
	if plain(line) {
		return line
	}
	for i := range rounds {
		r.again = i > 0
		cells := split(line)
		r.hidden(cells)
		cells = regroup(cells)
		r.foreign(cells)
		for i := range cells {
			r.marks(&cells[i])
		}
		r.alike(cells)
		next := norm.NFC.String(join(cells))
		if next == line {
			break
		}
		line = next
	}
	r.again = false
	return line
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
