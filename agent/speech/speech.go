// Package speech says how Vietnamese text is read aloud: every figure, date, abbreviation
// and mark in it as the words that an announcer would say.
//
// An alert that says "at o'clock" because an engine swallowed a figure is a defect, so
// nothing is passed over in silence: a reading is a row of tokens that cover the text
// without a gap. Each is spoken, or is a mark that people do not speak, or is told as
// unreadable, and then nothing of the text may be rendered. What could be read in two
// ways is a doubt, for whoever approves it.
package speech

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"loa/agent/viet"
)

// A Kind says what a token is.
type Kind string

// The kinds.
const (
	Word         Kind = "word"
	Number       Kind = "number"
	Date         Kind = "date"
	Clock        Kind = "clock" // a time of day
	Digits       Kind = "digits"
	Unit         Kind = "unit"
	Abbreviation Kind = "abbreviation"
	Letters      Kind = "letters"  // spelled, letter by letter
	Document     Kind = "document" // the number of a legal document
	Address      Kind = "address"  // of the web
	Sign         Kind = "sign"     // a symbol with a name, such as +
	Space        Kind = "space"
	Mark         Kind = "mark"       // punctuation and ornaments, which nobody speaks
	Repeated     Kind = "repeated"   // an abbreviation in brackets behind the words it stands for
	Unreadable   Kind = "unreadable" // what nobody here can read
)

// A Pause is what is heard between two tokens.
type Pause int

// The pauses, each longer than the one before it.
const (
	NoPause Pause = iota
	Short         // a comma
	Long          // the end of a sentence
)

// A Doubt is why somebody should look at a token.
type Doubt string

// The doubts.
const (
	Sure        Doubt = ""
	Spelled     Doubt = "spelled"      // an unknown abbreviation: its letters are named
	Ambiguous   Doubt = "ambiguous"    // an abbreviation that stands for more than one thing
	Foreign     Doubt = "foreign"      // no Vietnamese word: the engine reads it by its own rules
	DayOrShare  Doubt = "day-or-share" // 2/3: a day, or two thirds
	Decimal     Doubt = "decimal"      // 1,250: a decimal, or thousands in the English way
	Series      Doubt = "series"       // 10-5: no range, so the two are read one after another
	SlashWord   Doubt = "slash"        // a/b between words: read as "or"
	Blank       Doubt = "blank"        // dots or a line where something was to be filled in
	Ornament    Doubt = "ornament"     // a picture, which is not spoken
	Code        Doubt = "code"         // letters and figures mixed, read one by one
	Unmarked    Doubt = "unmarked"     // the whole text was written without marks
	NotReadable Doubt = "unreadable"   // letters of another script
)

// A Token is a piece of the text and how it is read.
type Token struct {
	Text  string // as written
	Kind  Kind
	Say   string // the words; empty for what is not spoken
	Pause Pause  // of a mark
	Tone  byte   // of a mark that ends a sentence: '.', '?' or '!'
	Doubt Doubt
}

// A Reading is a text and how it is read. Its tokens, one after another, are Written.
type Reading struct {
	Written string // the text in NFC, letters that were damaged on their way mended
	Tokens  []Token
}

// Read says how text is read.
func Read(text string, c Choices) Reading {
	written, _ := viet.Mend(text)
	r := &reader{text: written, c: c}
	for r.at < len(r.text) {
		r.next()
	}
	r.unmarked()
	return Reading{Written: written, Tokens: r.out}
}

// Doubts are the tokens that somebody should look at, each once.
func (r Reading) Doubts() (all []Token) {
	type twin struct{ text, say string }
	seen := map[twin]bool{}
	for _, t := range r.Tokens {
		if t.Doubt == Sure || seen[twin{t.Text, t.Say}] {
			continue
		}
		seen[twin{t.Text, t.Say}] = true
		all = append(all, t)
	}
	return all
}

// Unreadable is what cannot be spoken, in the order of the text; empty if all can.
func (r Reading) Unreadable() (all []string) {
	for _, t := range r.Tokens {
		if t.Kind == Unreadable {
			all = append(all, t.Text)
		}
	}
	return all
}

// String is the whole reading on one line.
func (r Reading) String() string { return strings.Join(r.Sentences(), " ") }

// Sentences are the reading sentence by sentence, with commas for short pauses and one of
// . ? ! at the end. There is none when nothing is spoken.
func (r Reading) Sentences() (all []string) {
	var b strings.Builder
	comma := false
	end := func(tone byte) {
		if b.Len() > 0 {
			b.WriteByte(tone)
			all = append(all, b.String())
		}
		b.Reset()
		comma = false
	}
	for _, t := range r.Tokens {
		switch {
		case t.Say != "":
			if comma && b.Len() > 0 {
				b.WriteByte(',')
			}
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			comma = false
			if b.Len() == 0 {
				x, n := utf8.DecodeRuneInString(t.Say)
				b.WriteRune(unicode.ToUpper(x))
				b.WriteString(t.Say[n:])
				continue
			}
			b.WriteString(t.Say)
		case t.Pause == Short:
			comma = true
		case t.Pause == Long:
			end(t.Tone)
		}
	}
	end('.')
	return all
}

// unmarked doubts a text that was typed without Vietnamese marks: an engine reads "thong
// bao" as it stands.
func (r *reader) unmarked() {
	words := 0
	for _, t := range r.out {
		if strings.IndexFunc(t.Text, func(x rune) bool { return x > unicode.MaxASCII && unicode.IsLetter(x) }) >= 0 {
			return
		}
		if t.Kind == Word {
			words++
		}
	}
	const few = 4 // words that may all be without marks: "An Phong xin nghe"
	if words <= few {
		return
	}
	for i := range r.out {
		if r.out[i].Kind == Word {
			r.out[i].Doubt = Unmarked
		}
	}
}
