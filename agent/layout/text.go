package layout

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"loa/agent/plan"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// A letter is a rune and where it stands in the text.
type letter struct {
	r            rune
	line, column int
}

// A word is what no line break divides. Space says that one comes before it; Khmer
// words follow each other without.
type word struct {
	letters []letter
	space   bool
	bond    bond // to the word before it
}

func (w word) String() string {
	runes := make([]rune, len(w.letters))
	for i, l := range w.letters {
		runes[i] = l.r
	}
	return string(runes)
}

const zeroWidthSpace = '\u200b' // parts words in scripts without spaces

// ignored are runes that say how to write and are nothing to see.
var ignored = map[rune]bool{'\u00ad': true, '\u200c': true, '\u200d': true, '\u2060': true, '\ufeff': true, '\r': true}

// A text is words, line by line; an empty line is a page break.
type text struct {
	cue   []word
	lines [][]word
}

// read makes words of a string.
func (s *setter) read(from string, f Fields) (t text) {
	letters := s.fields(number(norm.NFC.String(from)), f)
	if len(letters) > maxRunes {
		s.refused = true
		s.find(Finding{Code: plan.TooBig,
			EN: sprintf("The text has %d letters; %d is the most.", len(letters), maxRunes),
			VI: sprintf("Văn bản có %d chữ cái, tối đa %d.", len(letters), maxRunes)})
		return t
	}
	t.lines = words(letters)
	cue := norm.NFC.String(s.look.Cue)
	if c := words(number(cue)); len(c) > 0 && !strings.HasPrefix(strings.ToUpper(plain(letters)), strings.ToUpper(cue)) {
		t.cue = c[0]
	}
	return t
}

// afterCue is the text with the cue as its first words.
func (t text) afterCue() text {
	if len(t.cue) == 0 {
		return t
	}
	first := slices.Clone(t.cue)
	last := &first[len(first)-1]
	last.letters = append(slices.Clone(last.letters), letter{r: ':'})
	lines := slices.Clone(t.lines)
	lines[0] = append(first, lines[0]...)
	return text{lines: lines}
}

func plain(letters []letter) string { return strings.TrimSpace(string(runes(letters))) }

// words parts letters into words.
func words(letters []letter) [][]word {
	lines := [][]word{nil}
	parted, space := true, true // the next letter begins a word; after a space
	for _, l := range letters {
		last := len(lines) - 1
		switch {
		case l.r == '\n':
			lines = append(lines, nil)
			parted, space = true, true
		case l.r == zeroWidthSpace:
			parted = true
		case l.r != '\u00a0' && unicode.IsSpace(l.r):
			parted, space = true, true
		case ignored[l.r]:
		case parted:
			lines[last] = append(lines[last], word{letters: []letter{l}, space: space})
			parted, space = false, false
		default:
			w := &lines[last][len(lines[last])-1]
			w.letters = append(w.letters, l)
		}
	}
	for _, l := range lines {
		bind(l)
	}
	return trim(lines)
}

// number says where every rune of a text stands.
func number(text string) []letter {
	var letters []letter
	line, column := 1, 1
	for _, r := range text {
		letters = append(letters, letter{r, line, column})
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return letters
}

// trim takes empty lines off both ends, and all but one between others.
func trim(lines [][]word) [][]word {
	var kept [][]word
	for _, l := range lines {
		if len(l) == 0 && (len(kept) == 0 || len(kept[len(kept)-1]) == 0) {
			continue
		}
		kept = append(kept, l)
	}
	if n := len(kept); n > 0 && len(kept[n-1]) == 0 {
		kept = kept[:n-1]
	}
	return kept
}

func khmer(r rune) bool { return r >= 0x1780 && r <= 0x17ff || r >= 0x19e0 && r <= 0x19ff }
