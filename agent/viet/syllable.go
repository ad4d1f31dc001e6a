package viet

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// onsets with which a written syllable can begin, and that it may have none.
var onsets = append(strings.Fields("ngh ch gh gi kh ng nh ph qu th tr b c d đ g h k l m n p r s t v x"), "")

// rhymes without their tones, all that are written in the language of today.
var rhymes = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, r := range strings.Fields(`
		a ac ach ai ak am an ang anh ao ap at au ay
		ăc ăk ăm ăn ăng ăp ăt  âc âm ân âng âp ât âu ây
		e ec em en eng eo ep et  ê êch êm ên ênh êp êt êu
		i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
		o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt
		oc oe oen oeo oet oi om on ong ooc oong op ot
		ô ôc ôi ôm ôn ông ôp ôt  ơ ơi ơm ơn ơp ơt
		u ua uân uâng uât uây uc uê uêch uênh ui um un ung uôc uôi uôm uôn uông uôt
		uơ up ut uy uya uych uyên uyêt uynh uyt uyu
		ư ưa ưc ưi ưm ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
		y ych yêm yên yêng yêt yêu ynh yt`) {
		m[r] = true
	}
	return m
})

// A syllable is a Vietnamese word as it is written, taken apart.
type syllable struct {
	onset, rhyme string
	tone         rune // a mark of toneMarks, or 0
	at           int  // which letter of the rhyme carries it
}

// parse takes word apart, which is in NFC and in any case. It is not ok when no
// Vietnamese syllable is written so, the place of the tone included.
func parse(word string) (s syllable, ok bool) {
	var letters []rune
	at := -1
	for _, r := range strings.ToLower(word) {
		l, t := tone(r)
		if t != 0 {
			if at >= 0 {
				return s, false
			}
			at, s.tone = len(letters), t
		}
		letters = append(letters, l)
	}
	bare := string(letters)
	for _, o := range onsets {
		rest, found := strings.CutPrefix(bare, o)
		if !found || !rhymes()[rest] {
			continue
		}
		s.onset, s.rhyme, s.at = o, rest, at-len([]rune(o))
		if s.rightTone() {
			return s, true
		}
	}
	// gì, gìn: the i of gi is also the vowel.
	if rest, found := strings.CutPrefix(bare, "g"); found && strings.HasPrefix(rest, "i") && rhymes()[rest] {
		s.onset, s.rhyme, s.at = "g", rest, at-1
		return s, s.rightTone()
	}
	return s, false
}

// rightTone reports whether the tone is one that the rhyme can have, and on a letter
// that may carry it.
func (s syllable) rightTone() bool {
	v, coda := s.nucleus()
	switch coda {
	case "c", "ch", "p", "t", "k":
		if s.tone != '\u0301' && s.tone != '\u0323' {
			return false
		}
	}
	if s.tone == 0 {
		return true
	}
	for i := len(v) - 1; i >= 0; i-- {
		if v[i] > unicode.MaxASCII { // ươ, iê, uyê: on the last letter that is not plain
			return s.at == i
		}
	}
	switch string(v) {
	case "oa", "oe", "uy": // hòa or hoà; toán
		return s.at == 1 || coda == "" && s.at == 0
	}
	if coda != "" {
		return s.at == len(v)-1
	}
	if len(v) == 3 { // oai, uyu
		return s.at == 1
	}
	return s.at == 0
}

// Syllable reports whether a Vietnamese syllable is written like word, in any case.
func Syllable(word string) bool {
	_, ok := parse(norm.NFC.String(word))
	return ok
}

// nucleus splits the rhyme into its vowels and the consonants behind.
func (s syllable) nucleus() (v []rune, coda string) {
	r := []rune(s.rhyme)
	n := 0
	for n < len(r) && strings.ContainsRune(vowels, r[n]) {
		n++
	}
	return r[:n], string(r[n:])
}

// String writes the syllable in small letters.
func (s syllable) String() string {
	r := []rune(s.rhyme)
	if s.tone == 0 {
		return s.onset + s.rhyme
	}
	return norm.NFC.String(s.onset + string(r[:s.at+1]) + string(s.tone) + string(r[s.at+1:]))
}
