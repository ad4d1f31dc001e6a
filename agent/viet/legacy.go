package viet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// encodings that text may have come through, read as if it were Windows-1252.
var encodings = []struct {
	name   string
	decode func(string) (string, bool)
	least  int // different words that make no sense now and do then
}{
	{"UTF-8", fromUTF8, 1}, // its sequences do not come by chance
	{"TCVN3 (.VnTime)", func(s string) (string, bool) { return tcvn3().decode(s) }, 2},
	{"VNI (VNI-Times)", func(s string) (string, bool) { return vni().decode(s) }, 2},
	{"Windows-1258", from1258, 2},
	{"VPS", func(s string) (string, bool) { return vps().decode(s) }, 2},
}

// legacy finds the encoding in which text makes sense as Vietnamese, when it makes
// little as it stands. Nobody is asked about a text that might be right: two words
// must become Vietnamese syllables that were none, and nearly all others with them.
func legacy(text string) (Finding, bool) {
	if plain(text) {
		return Finding{}, false
	}
	now := take(text, nil, asItStands)
	best, offer := Finding{}, sense{}
	for _, e := range encodings {
		out, ok := e.decode(text)
		if !ok || out == text {
			continue
		}
		then := take(out, now.words, inUnicode)
		if min(then.fresh, now.marked-now.markedOK) < e.least || then.share() < 0.9 || now.share() > 0.75 || then.bareShare() < 0.5 {
			continue
		}
		if best.Kind == "" || then.share() > offer.share() || then.share() == offer.share() && then.signs < offer.signs {
			offer = then
			best = Finding{Kind: Legacy, Count: 1, Encoding: e.name, Offer: out}
		}
	}
	if best.Kind == "" {
		return best, false
	}
	best.EN, best.VI = best.sentences()
	return best, true
}

// A sense is how far a text makes sense as Vietnamese.
type sense struct {
	marked, markedOK int // words with letters beyond ASCII; those that are syllables
	bare, bareOK     int // the other words
	fresh            int // different marked syllables of two letters and more that were not there before
	signs            int // characters beyond ASCII that are no letters
	words            map[string]bool
}

func (s sense) share() float64     { return float64(s.markedOK) / float64(max(1, s.marked)) }
func (s sense) bareShare() float64 { return float64(s.bareOK+1) / float64(s.bare+1) }

// asItStands says where words end while signs may still be letters.
func asItStands(r rune) bool { return r <= unicode.MaxASCII && !unicode.IsLetter(r) }

func inUnicode(r rune) bool { return !unicode.IsLetter(r) && !mark(r) }

// take counts the words of text. Words that are in before are not fresh.
func take(text string, before map[string]bool, ends func(rune) bool) sense {
	s := sense{words: map[string]bool{}}
	for _, r := range text {
		if r > unicode.MaxASCII && !unicode.IsLetter(r) {
			s.signs++
		}
	}
	for _, w := range strings.FieldsFunc(text, ends) {
		if w = strings.TrimFunc(w, unicode.IsPunct); !strings.ContainsFunc(w, unicode.IsLetter) {
			continue
		}
		_, ok := parse(w)
		switch {
		case plain(w) && ok:
			s.bare++
			s.bareOK++
		case plain(w):
			s.bare++
		default:
			s.marked++
			if ok {
				s.markedOK++
				if !s.words[w] && !before[w] && utf8.RuneCountInString(w) > 1 {
					s.fresh++
				}
			}
			s.words[w] = true
		}
	}
	return s
}

func from1258(text string) (string, bool) {
	out := norm.NFC.String(in1258.Replace(text))
	for _, r := range out {
		if r > unicode.MaxASCII && unicode.IsLetter(r) && !ours()[r] || mark(r) {
			return "", false
		}
	}
	return out, true
}

// fromUTF8 puts together the sequences of UTF-8 whose bytes were taken for letters of
// Windows-1252. It may have happened twice.
func fromUTF8(text string) (string, bool) {
	for range 2 {
		var b []byte
		found := false
		for rest := text; rest != ""; {
			if r, n := sequence(rest); n > 0 {
				b, rest, found = utf8.AppendRune(b, r), rest[n:], true
				continue
			}
			_, n := utf8.DecodeRuneInString(rest)
			b, rest = append(b, rest[:n]...), rest[n:]
		}
		if !found {
			break
		}
		text = string(b)
	}
	return norm.NFC.String(text), true
}

// sequence reads one rune that was taken apart; n is 0 when there is none.
func sequence(s string) (r rune, n int) {
	var b []byte
	for i, c := range s {
		x, ok := charmap.Windows1252.EncodeRune(c)
		if !ok && c <= 0xFF {
			x, ok = byte(c), true // five bytes that Windows-1252 does not have, and Latin-1
		}
		if !ok || x < 0x80 || len(b) == 0 && x < 0xC2 || len(b) == utf8.UTFMax {
			break
		}
		b = append(b, x)
		if r, size := utf8.DecodeRune(b); size == len(b) && r != utf8.RuneError {
			return r, i + utf8.RuneLen(c)
		}
	}
	return 0, 0
}
