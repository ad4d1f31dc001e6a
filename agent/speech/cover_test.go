package speech

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// covers holds a reading to its promise: its tokens are the whole text, and each is
// spoken, or a mark without letters or figures, or told as unreadable.
func covers(t testing.TB, r Reading) {
	t.Helper()
	var all strings.Builder
	for _, k := range r.Tokens {
		all.WriteString(k.Text)
		letters := strings.ContainsFunc(k.Text, func(x rune) bool { return unicode.IsLetter(x) || unicode.IsNumber(x) })
		figures := strings.ContainsFunc(k.Text, unicode.IsNumber)
		switch k.Kind {
		case Unreadable:
			if k.Doubt != NotReadable {
				t.Errorf("%q of %q is unreadable, and nobody is told", k.Text, r.Written)
			}
		case Space, Mark:
			scheme := k.Text == "https://" || k.Text == "http://"
			if k.Say != "" || letters && !scheme {
				t.Errorf("%q of %q is passed over as a %s", k.Text, r.Written, k.Kind)
			}
		case Repeated:
			if figures {
				t.Errorf("%q of %q is passed over", k.Text, r.Written)
			}
		default:
			if k.Say == "" {
				t.Errorf("%q of %q is a %s, and silent", k.Text, r.Written, k.Kind)
			}
		}
		if strings.ContainsFunc(k.Say, func(x rune) bool { return !unicode.IsLetter(x) && x != ' ' && x != ',' }) {
			t.Errorf("%q of %q is said as %q, which engines read by their own rules", k.Text, r.Written, k.Say)
		}
		if figures && k.Kind != Unreadable && !hasFigure(k.Say) && !strings.HasSuffix(k.Say, " vuông") && !strings.HasSuffix(k.Say, " khối") {
			t.Errorf("the figure in %q of %q is not in %q", k.Text, r.Written, k.Say)
		}
		if k.Kind == Digits && !hasAll(k.Say, k.Text) {
			t.Errorf("a digit of %q of %q is missing in %q", k.Text, r.Written, k.Say)
		}
		if k.Kind == Number && justDigits.MatchString(k.Text) && !strings.Contains(k.Say, "thứ") && !strings.Contains(k.Say, "tháng") {
			if n, ok := numberOf(k.Say); !ok || strconv.FormatUint(n, 10) != strings.TrimLeft(k.Text[:len(k.Text)-1], "0")+k.Text[len(k.Text)-1:] {
				if k.Say != oneByOne(k.Text) && k.Say != "nhất" {
					t.Errorf("%q of %q is said as %q, which is %d", k.Text, r.Written, k.Say, n)
				}
			}
		}
	}
	if all.String() != r.Written {
		t.Errorf("the tokens are %q, not %q", all.String(), r.Written)
	}
}

// hasFigure reports whether some word of s is one of a number.
func hasFigure(s string) bool {
	for _, w := range strings.FieldsFunc(s, func(x rune) bool { return x == ' ' || x == ',' }) {
		if _, ok := numberWords[w]; ok {
			return true
		}
	}
	return false
}

// hasAll reports whether a word for every digit of text stands in say, or it is a plate,
// whose beginning is a number.
func hasAll(say, text string) bool {
	if _, back, ok := strings.Cut(say, ", "); ok && strings.ContainsFunc(text, unicode.IsLetter) {
		say, text = back, text[strings.LastIndexAny(text, "-–  ")+1:]
	}
	n := 0
	for _, w := range strings.FieldsFunc(say, func(x rune) bool { return x == ' ' || x == ',' }) {
		if v, ok := numberWords[w]; ok && v < 10 {
			n++
		}
	}
	return n == countDigits(text)
}

var numberWords = map[string]uint64{
	"không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "nhất": 1,
	"mười": 10, "mươi": 10, "trăm": 100, "nghìn": 1000, "ngàn": 1000, "triệu": 1e6, "tỷ": 1e9, "linh": 0, "lẻ": 0, "phần": 0,
}

// numberOf understands number words as a listener does, by another way than they were
// made: a word for a unit is taken up by the place that follows it.
func numberOf(s string) (n uint64, ok bool) {
	var total, group, unit uint64 // below a billion: done places, hundreds so far, the last digit
	var billions uint64
	words := strings.Fields(s)
	for i, w := range words {
		v, known := numberWords[w]
		if i > 0 && words[i-1] == "trăm" && v > 0 && v < 10 && (i+1 == len(words) || words[i+1] != "mươi") {
			return 0, false // "một trăm năm" is heard as 150
		}
		switch {
		case !known:
			return 0, false
		case w == "linh", w == "lẻ":
		case w == "mười":
			group += 10
		case w == "mươi":
			group, unit = group+unit*10, 0
		case w == "trăm":
			group, unit = group+unit*100, 0
		case v >= 1e9:
			billions, total, group, unit = (billions+total+group+unit)*v, 0, 0, 0
		case v >= 1000:
			total, group, unit = total+(group+unit)*v, 0, 0
		default:
			unit = v
		}
	}
	return billions + total + group + unit, true
}

// Every number is understood as it was meant, in each region.
func TestNumbersAreUnderstood(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 21))
	try := func(n uint64) {
		for _, name := range Regions {
			c, _ := Region(name)
			say := c.cardinal(n)
			if got, ok := numberOf(say); !ok || got != n {
				t.Fatalf("%d is said as %q in the %s, which is %d", n, say, name, got)
			}
		}
	}
	for n := range uint64(5_000) {
		try(n)
	}
	for range 5_000 {
		n := rng.Uint64N(1_000_000_000_000_000)
		for range rng.IntN(5) { // zeros in places
			d := uint64(1)
			for range rng.IntN(14) {
				d *= 10
			}
			n -= n / d % 10 * d
		}
		try(n)
	}
}

func FuzzRead(f *testing.F) {
	for _, p := range golden(f) {
		f.Add(p[1])
	}
	for _, s := range []string{"", "/", "-5", "1.", "1,2,3", "0/0/0000", "٣", "a/b/c/1/2", "+84", "(0)", "12h60", "99:99", "IIII", "v.v", "https://", "a@b.c", "1/2/", "½", "Ⅳ", "x²³", "ê̆ ð ß", "\u200b1\u200b", "1\u00a0000\u00a0000 đ", "T2", "P.", "Đ/c", "NQ/TW", "5-3-2", "1x2x3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		for _, name := range []string{"north", "south"} {
			c, _ := Region(name)
			covers(t, Read(text, c))
		}
	})
}
