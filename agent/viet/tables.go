package viet

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
)

// The letters of each encoding in the order of Letters, as they look when their bytes
// are taken for Windows-1252. A dash stands where the encoding has no letter.
const (
	// TCVN 5712:1993, VN3, of the ABC fonts (.VnTime). It has no capitals with tones:
	// fonts for capitals (.VnTimeH) show the small letters large.
	tcvn3Small = `
		µ ¶ · ¸ ¹  ¨ » ¼ ½ ¾ Æ  © Ç È É Ê Ë
		Ì Î Ï Ð Ñ  ª Ò Ó Ô Õ Ö  × Ø Ü Ý Þ
		ß á â ã ä  « å æ ç è é  ¬ ê ë ì í î
		ï ñ ò ó ô  \u00ad õ ö ÷ ø ù  ú û ü ý þ  ®`
	tcvn3Capital = `
		- - - - -  ¡ - - - - -  ¢ - - - - -
		- - - - -  £ - - - - -  - - - - -
		- - - - -  ¤ - - - - -  ¥ - - - - -
		- - - - -  ¦ - - - - -  - - - - -  §`

	// VNI for Windows (VNI-Times): the vowel, then a letter that is drawn as its marks.
	vniSmall = `
		aø aû aõ aù aï  aê aè aú aü aé aë  aâ aà aå aã aá aä
		eø eû eõ eù eï  eâ eà eå eã eá eä  ì æ ó í ò
		oø oû oõ où oï  oâ oà oå oã oá oä  ô ôø ôû ôõ ôù ôï
		uø uû uõ uù uï  ö öø öû öõ öù öï   yø yû yõ yù î  ñ`

	// VPS. Its capitals that are control characters cannot be pasted, and are left out.
	vpsSmall = `
		à ä ã á å  æ ¢ £ ¤ ¡ ¥  â À Ä Å Ã Æ
		è È ë é Ë  ê Š ‹ Í ‰ Œ  ì Ì ï í Î
		ò Õ õ ó †  ô Ò ° ‡ Ó ¶  Ö © ª « § ®
		ù û Û ú ø  Ü Ø º » Ù ¿  ÿ › Ï š œ  Ç`
	vpsCapital = `
		€ \u0081 ‚ Á -  ˆ Ž \u008f ð \u008d -  Â „ … - ƒ -
		× Þ þ É -  Ê “ ” • \u0090 -  µ · ¸ ´ -
		¼ ½ ¾ ¹ -  Ô — ˜ ™ – -  ÷ ž Ÿ ¦ \u009d -
		¨ Ñ ¬ Ú -  Ð ¯ ± - \u00ad -  ² ý ³ Ý -  ñ`
)

// in1258 is where Windows-1258 differs from Windows-1252 in letters; five of them are
// marks of their own.
var in1258 = strings.NewReplacer(
	"Ã", "Ă", "ã", "ă", "Ð", "Đ", "ð", "đ", "Õ", "Ơ", "õ", "ơ", "Ý", "Ư", "ý", "ư", "þ", "₫",
	"Ì", "\u0300", "Ò", "\u0309", "Þ", "\u0303", "ì", "\u0301", "ò", "\u0323",
)

// A table gives the letter for one or two characters.
type table map[string]rune

var (
	// PDF readers give a minus for the soft hyphen.
	tcvn3 = sync.OnceValue(func() table { return tabulate(tcvn3Small, tcvn3Capital).also("\u2212", 'ư') })
	vni   = sync.OnceValue(func() table { return tabulate(vniSmall, strings.ToUpper(vniSmall)).mixed() })
	vps   = sync.OnceValue(func() table { return tabulate(vpsSmall, vpsCapital) })
)

func tabulate(small, capital string) table {
	t, all := table{}, Letters()
	for i, token := range tokens(small + " " + capital) {
		if token != "-" {
			t[token] = all[i]
		}
	}
	return t
}

// tokens splits at spaces, once what the source cannot show is there.
func tokens(s string) []string {
	var control []string
	for _, r := range "\u00ad\u0081\u008d\u008f\u0090\u009d" {
		control = append(control, fmt.Sprintf(`\u%04x`, r), string(r))
	}
	return strings.Fields(strings.NewReplacer(control...).Replace(s))
}

func (t table) also(token string, letter rune) table {
	t[token] = letter
	return t
}

// mixed takes the mark of a small letter behind a capital one too: "Uûy ban".
func (t table) mixed() table {
	for token, letter := range t {
		if r := []rune(token); len(r) == 2 && unicode.IsUpper(r[0]) {
			t[string(r[0])+string(unicode.ToLower(r[1]))] = letter
		}
	}
	return t
}

// decode is not ok when text has a letter that the encoding cannot have given.
func (t table) decode(text string) (string, bool) {
	var b strings.Builder
	r := []rune(text)
	for i := 0; i < len(r); i++ {
		if i+1 < len(r) {
			if l := t[string(r[i:i+2])]; l != 0 {
				b.WriteRune(l)
				i++
				continue
			}
		}
		l := t[string(r[i])]
		if l == 0 {
			l = r[i]
			if l > unicode.MaxASCII && unicode.IsLetter(l) {
				return "", false
			}
		}
		b.WriteRune(l)
	}
	return b.String(), true
}
