package viet

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// Sentences as people know them from old files.
func TestLegacyByHeart(t *testing.T) {
	for _, c := range []struct{ encoding, in, want string }{
		{"TCVN3 (.VnTime)", "Céng hoµ x· héi chñ nghÜa ViÖt Nam", "Cộng hoà xã hội chủ nghĩa Việt Nam"},
		{"TCVN3 (.VnTime)", "§éc lËp - Tù do - H¹nh phóc", "Độc lập - Tự do - Hạnh phúc"},
		{"TCVN3 (.VnTime)", "Tr\u2212êng §¹i häc B¸ch khoa Hµ Néi", "Trường Đại học Bách khoa Hà Nội"},
		{"TCVN3 (.VnTime)", "Uû ban nh©n d©n huyÖn", "Uỷ ban nhân dân huyện"},
		{"VNI (VNI-Times)", "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"},
		{"VNI (VNI-Times)", "Ñoäc laäp - Töï do - Haïnh phuùc", "Độc lập - Tự do - Hạnh phúc"},
		{"VNI (VNI-Times)", "UÛY BAN NHAÂN DAÂN TÆNH BÌNH DÖÔNG", "ỦY BAN NHÂN DÂN TỈNH BÌNH DƯƠNG"},
		{"VNI (VNI-Times)", "Uûy ban nhaân daân quaän Goø Vaáp", "Ủy ban nhân dân quận Gò Vấp"},
		{"Windows-1258", "Côòng hoÌa xaÞ hôòi chuÒ nghiÞa Viêòt Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"},
		{"UTF-8", "TÃ´i", "Tôi"},
		{"UTF-8", "Cá»™ng hÃ²a xÃ£ há»™i chá»§ nghÄ©a Viá»‡t Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"},
		{"UTF-8", "HÃ\u00a0 Ná»™i, Ä‘Æ°á»\u009dng LÃª Lá»£i", "Hà Nội, đường Lê Lợi"},
		{"UTF-8", "TÃƒÂ´i yÃƒÂªu Hu\u00c3\u00a1\u00c2\u00ba\u00c2\u00bf", "Tôi yêu Huế"}, // twice
	} {
		got, found := Mend(c.in)
		if got != c.in {
			t.Errorf("Mend changes %q by itself to %q", c.in, got)
		}
		if len(found) != 1 || found[0].Kind != Legacy || found[0].Encoding != c.encoding || found[0].Offer != c.want {
			t.Errorf("%q:\ngot  %+v\nwant %s: %q", c.in, found, c.encoding, c.want)
		}
	}
}

func TestLegacyLineAmongOthers(t *testing.T) {
	in := "Thông báo của xã Phú Hòa, huyện Đức Trọng\nUû ban nh©n d©n huyÖn\n\u00d0à Nẵng"
	got, found := Mend(in)
	if want := strings.Replace(in, "\u00d0", "Đ", 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(found) != 2 || found[0].Line != 2 || found[0].Offer != "Uỷ ban nhân dân huyện" || found[1].Line != 3 {
		t.Errorf("found %+v", found)
	}
}

var list = slices.Sorted(maps.Keys(rhymes()))

// Too little to judge by, or only in part Vietnamese: nobody is asked.
func TestLegacyDoubtful(t *testing.T) {
	for _, s := range []string{
		"Bö", "på", "Nói không héi", "Swedish has words such as gå, på and så.", "3 ≤ x ≤ 9; → trang sau. Nói không",
		"Så går det till när vi går på stan; då får du stå där.",
		"Gå nu på stan och handla, så får ni maten medan vi går.",
	} {
		if found := Check(s); len(found) > 0 {
			t.Errorf("%q: %+v", s, found)
		}
	}
}

// sentence makes one of syllables that nobody has chosen: every rhyme and onset turns up.
func sentence(rng *rand.Rand) string {
	var words []string
	for n := 6 + rng.IntN(10); len(words) < n; {
		s := syllable{rhyme: list[rng.IntN(len(list))]}
		if rng.IntN(8) > 0 {
			s.onset = onsets[rng.IntN(len(onsets))]
		}
		if tones := []rune(toneMarks); rng.IntN(3) > 0 {
			s.tone, s.at = tones[rng.IntN(len(tones))], rng.IntN(len([]rune(s.rhyme)))
		}
		w := s.String()
		if _, ok := parse(w); !ok {
			continue
		}
		switch rng.IntN(8) {
		case 0:
			r := []rune(w)
			w = strings.ToUpper(string(r[:1])) + string(r[1:])
		case 1:
			w = strings.ToUpper(w)
		}
		words = append(words, w)
	}
	return strings.Join(words, " ") + []string{".", "!", ", 12/6/2026", ""}[rng.IntN(4)]
}

// encode is the other way of a table; it is not ok when the encoding lacks a letter.
func (t table) encode(s string) (string, bool) {
	back := map[rune]string{}
	for token, letter := range t {
		if r := []rune(token); token == "\u2212" || len(r) == 2 && back[letter] != "" && strings.ToUpper(token) != token {
			continue // other ways to read, not the way to write
		}
		back[letter] = token
	}
	var b strings.Builder
	for _, r := range s {
		switch token, ok := back[r]; {
		case ok:
			b.WriteString(token)
		case ours()[r]:
			return "", false
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), true
}

// to1258 writes as a keyboard of Windows does, or with whole letters where there are any.
func to1258(s string, whole bool) string {
	var b strings.Builder
	for _, r := range s {
		letter, mark := tone(r)
		out := string(letter)
		if mark != 0 {
			out += string(mark)
		}
		if _, ok := charmap.Windows1258.EncodeRune(r); ok && whole {
			out = string(r)
		}
		enc, err := charmap.Windows1258.NewEncoder().String(out)
		if err != nil {
			panic(err)
		}
		for _, x := range []byte(enc) {
			b.WriteRune(charmap.Windows1252.DecodeByte(x))
		}
	}
	return b.String()
}

// misread takes the bytes of s for Windows-1252, with Latin-1 in its five holes.
func misread(s string) string {
	var b strings.Builder
	for _, x := range []byte(s) {
		r := charmap.Windows1252.DecodeByte(x)
		if r == '\uFFFD' {
			r = rune(x)
		}
		b.WriteRune(r)
	}
	return b.String()
}

func TestLegacyComesBack(t *testing.T) {
	always := func(f func(string) string) func(string) (string, bool) {
		return func(s string) (string, bool) { return f(s), true }
	}
	writers := []struct {
		name  string
		write func(string) (string, bool)
	}{
		{"TCVN3 (.VnTime)", func(s string) (string, bool) { return tcvn3().encode(strings.ToLower(s)) }},
		{"VNI (VNI-Times)", vni().encode},
		{"VPS", vps().encode},
		{"Windows-1258", always(func(s string) string { return to1258(s, true) })},
		{"Windows-1258", always(func(s string) string { return to1258(s, false) })},
		{"UTF-8", always(misread)},
		{"UTF-8", always(func(s string) string { return misread(misread(s)) })},
	}
	rng := rand.New(rand.NewPCG(3, 4))
	rounds := 150
	if testing.Short() {
		rounds = 50
	}
	for _, w := range writers {
		tried, missed := 0, 0
		for range rounds {
			s := sentence(rng) + " " + sentence(rng)
			want := s
			if w.name == "TCVN3 (.VnTime)" {
				want = strings.ToLower(s)
			}
			in, ok := w.write(s)
			if !ok || take(s, take(in, nil, asItStands).words, inUnicode).fresh < 4 {
				continue // a letter that the encoding lacks, or hardly a change
			}
			tried++
			switch found := Check(in); {
			case len(found) == 0 || found[0].Kind != Legacy:
				missed++
			case len(found) > 1 || found[0].Encoding != w.name || found[0].Offer != want:
				t.Errorf("%s: %q\nwas  %q\ngot  %+v", w.name, in, want, found)
			}
		}
		t.Logf("%s: %d of %d came back, all of them right", w.name, tried-missed, tried)
		if tried < rounds/10 || missed*50 > tried {
			t.Errorf("%s: %d of %d were missed", w.name, missed, tried)
		}
	}
}

// Every letter that a table has is one of its own.
func TestTablesAreOneToOne(t *testing.T) {
	for name, c := range map[string]struct {
		t    table
		size int
	}{"tcvn3": {tcvn3(), 67 + 7}, "vni": {vni(), 134}, "vps": {vps(), 134 - 14}} {
		seen := map[rune]bool{}
		for _, l := range c.t {
			seen[l] = true
		}
		if len(seen) != c.size {
			t.Errorf("%s: %d letters, want %d", name, len(seen), c.size)
		}
	}
}

func FuzzMend(f *testing.F) {
	for _, s := range right() {
		f.Add(s)
		f.Add(norm.NFD.String(s))
		f.Add(misread(s))
	}
	f.Add("\u00ad\u0301a\u200b\u0306\u0302 \u0439\u00d0\uff21\u0301\ufffd\xff")
	f.Fuzz(func(t *testing.T, s string) {
		once, found := Mend(s)
		if !norm.NFC.IsNormalString(once) {
			t.Fatalf("Mend(%+q) = %+q is not in NFC", s, once)
		}
		twice, _ := Mend(once)
		if twice != once {
			t.Fatalf("Mend(%+q) = %+q, and again %+q", s, once, twice)
		}
		for _, f := range found {
			if f.EN == "" || f.VI == "" || f.Count < 1 {
				t.Fatalf("%+v says nothing", f)
			}
		}
		if folded := Fold(s); Fold(folded) != folded {
			t.Fatalf("Fold(%+q) = %+q, and again %+q", s, folded, Fold(folded))
		}
	})
}
