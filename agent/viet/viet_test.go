package viet

import (
	_ "embed"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
)

//go:embed testdata/right.txt
var rightText string

// right gives the sentences that nothing is wrong with.
func right() []string {
	var all []string
	for line := range strings.Lines(rightText) {
		if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

func TestRightTextIsLeftAlone(t *testing.T) {
	all := right()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 { // and mixtures, as a page of several languages has
		all = append(all, strings.Join([]string{all[rng.IntN(len(all))], all[rng.IntN(len(all))], all[rng.IntN(len(all))]}, "\n"))
	}
	for range 150 {
		all = append(all, sentence(rng))
	}
	for _, s := range all {
		got, found := Mend(s)
		if got != s || len(found) > 0 {
			t.Errorf("Mend(%q) = %q, %+v; want it left alone", s, got, found)
		}
	}
	if _, found := Mend(strings.Join(all, "\n")); len(found) > 0 {
		t.Errorf("all together: %+v", found)
	}
}

func TestMend(t *testing.T) {
	for _, c := range []struct {
		what, in, want string
		kinds          []Kind
	}{
		{"NFD", norm.NFD.String("Tiếng Việt"), "Tiếng Việt", []Kind{Decomposed}},
		{"horn behind the tone", "o\u0309\u031b", "ở", []Kind{Decomposed}},
		{"acute before breve", "na\u0301\u0306m", "nắm", []Kind{Decomposed, MarkOrder}},
		{"acute before breve, half composed", "ná\u0306m", "nắm", []Kind{MarkOrder}},
		{"tone before circumflex", "vi\u00e9\u0302t", "viết", []Kind{MarkOrder}},
		{"dot before circumflex", "vi\u1eb9\u0302t", "việt", []Kind{Decomposed}},
		{"hook before horn", "\u1ecf\u031b", "ở", []Kind{Decomposed}},
		{"capital", "\u00c1\u0306", "Ắ", []Kind{MarkOrder}},
		{"acute twice", "\u1eaf\u0301", "ắ", []Kind{MarkDouble}},
		{"circumflex twice", "vi\u00ea\u0302\u0301t", "viết", []Kind{MarkDouble}},
		{"horn twice", "\u01a1\u031b", "ơ", []Kind{MarkDouble}},
		{"mark behind a zero-width space", "a\u200b\u0301", "á", []Kind{Invisible}},

		{"Eth", "\u00d0\u1ed3ng Nai", "Đồng Nai", []Kind{LookAlike}},
		{"small Eth", "con \u00f0\u01b0\u1eddng", "con đường", []Kind{LookAlike}},
		{"Eth in a short form", "H\u00d0ND, N\u00d0-CP, UBN\u00d0", "HĐND, NĐ-CP, UBNĐ", []Kind{LookAlike}},
		{"D of Africa", "\u0189\u00e0 N\u1eb5ng", "Đà Nẵng", []Kind{LookAlike}},
		{"caron for breve", "n\u01cem m\u1edbi", "năm mới", []Kind{LookAlike}},
		{"Cyrillic", "T\u043e\u00e0n x\u00e3", "Toàn xã", []Kind{LookAlike}},
		{"one Cyrillic of two", "\u0445\u00e3", "xã", []Kind{LookAlike}},
		{"Cyrillic with a mark", "n\u04d1m", "năm", []Kind{LookAlike}},
		{"Greek", "\u0391nh h\u00f9ng", "Anh hùng", []Kind{LookAlike}},
		{"full width", "\uff34\uff10\uff11\uff0c", "T01,", []Kind{Styled, Styled, Styled, Styled}},
		{"mathematical bold", "\U0001d417in ch\u00e0o", "Xin chào", []Kind{Styled}},
		{"ligature", "\ufb01lm", "film", []Kind{Styled}},

		{"no-break space", "5\u00a0kg v\u00e0 3\u00a0m", "5 kg và 3 m", []Kind{Space}},
		{"ideographic space", "a\u3000b", "a b", []Kind{Space}},
		{"thin space", "10\u2009000", "10 000", []Kind{Space}},
		{"line separator", "a\u2028b", "a\nb", []Kind{Space}},
		{"zero-width space", "Vi\u200b\u1ec7t", "Việt", []Kind{Invisible}},
		{"byte order mark", "\ufeffTin", "Tin", []Kind{Invisible}},
		{"soft hyphen", "th\u00f4ng\u00adbao", "thôngbao", []Kind{Invisible}},
		{"right-to-left override", "a\u202eb", "ab", []Kind{Invisible}},
		{"zero-width joiner in Latin", "a\u200db", "ab", []Kind{Invisible}},

		// What only a person can decide stays.
		{"mark alone", "\u0301a", "\u0301a", []Kind{MarkStray}},
		{"mark on a digit", "5\u0301", "5\u0301", []Kind{MarkStray}},
		{"two tones", "á\u0300", "á\u0300", []Kind{MarkStray}},
		{"two shapes", "â\u0306", "â\u0306", []Kind{MarkStray}},
		{"mark that is not ours", "x\u0304", "x\u0304", []Kind{MarkStray}},
		{"replacement character", "T\ufffdi", "T\ufffdi", []Kind{Lost}},
		{"broken UTF-8", "T\xf4i", "T\ufffdi", []Kind{Lost}},

		// What is right in its own language stays.
		{"Eth of Iceland", "Sigur\u00f0ur", "Sigur\u00f0ur", nil},
		{"all Cyrillic", "\u0441\u043e\u0441\u043d\u0430", "\u0441\u043e\u0441\u043d\u0430", nil},
		{"formula", "h\u03bd", "h\u03bd", nil},
		{"Ê Đê", "ê\u0306 Ơ\u0306", "ê\u0306 Ơ\u0306", nil},
		{"Khmer with zero-width spaces", "សូម\u200bស្វាគមន៍", "សូម\u200bស្វាគមន៍", nil},
		{"Khmer before a space", "សូម\u200b Tin", "សូម\u200b Tin", nil},
		{"family emoji", "👨\u200d👩", "👨\u200d👩", nil},
	} {
		got, found := Mend(c.in)
		if got != c.want {
			t.Errorf("%s: Mend(%+q) = %+q, want %+q", c.what, c.in, got, c.want)
		}
		var kinds []Kind
		for _, f := range found {
			kinds = append(kinds, f.Kind)
			if want := f.Kind != MarkStray && f.Kind != Lost; f.Mended != want {
				t.Errorf("%s: %+v: Mended = %v", c.what, f, f.Mended)
			}
		}
		if !slices.Equal(kinds, c.kinds) {
			t.Errorf("%s: Mend(%+q) found %v, want %v", c.what, c.in, kinds, c.kinds)
		}
	}
}

func TestFindingsSayWhere(t *testing.T) {
	found := Check("dòng một\nTiê\u0301ng \u00d0ồng\u00a0Nai\n\u00d0à x\u0304")
	want := []Finding{
		{Kind: Decomposed, Line: 2, Column: 3, Count: 1, Mended: true},
		{Kind: Space, Line: 2, Column: 11, Rune: 0xa0, Count: 1, Mended: true, To: " "},
		{Kind: LookAlike, Line: 2, Column: 7, Rune: 'Ð', Count: 2, Mended: true, To: "Đ"},
		{Kind: MarkStray, Line: 3, Column: 4, Rune: 0x304, Count: 1},
	}
	if len(found) != len(want) {
		t.Fatalf("found %+v", found)
	}
	for i, f := range found {
		if f.EN == "" || f.VI == "" || f.EN == f.VI {
			t.Errorf("%+v: no sentence", f)
		}
		f.EN, f.VI = "", ""
		if f != want[i] {
			t.Errorf("finding %d:\ngot  %+v\nwant %+v", i, f, want[i])
		}
	}
}

func TestLetters(t *testing.T) {
	all := Letters()
	if len(all) != 134 {
		t.Fatalf("%d letters, want 134", len(all))
	}
	want := "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđ" +
		"ÀẢÃÁẠĂẰẲẴẮẶÂẦẨẪẤẬÈẺẼÉẸÊỀỂỄẾỆÌỈĨÍỊÒỎÕÓỌÔỒỔỖỐỘƠỜỞỠỚỢÙỦŨÚỤƯỪỬỮỨỰỲỶỸÝỴĐ"
	if string(all) != norm.NFC.String(want) {
		t.Errorf("got %s", string(all))
	}
}

// What is sent to wear the machine down is over soon: nothing goes by the square of
// its length.
func TestHostileLength(t *testing.T) {
	for _, piece := range []string{"\u0301", "\u0301\u0306", "\u200b", "a\u200b\u0301", "\u0430a", "Ã\u00a0", "\U0001d417", "\u00d0", "\xff", "ắ\n"} {
		start := time.Now()
		Mend("a" + strings.Repeat(piece, 16<<10/len(piece)))
		Fold("a" + strings.Repeat(piece, 16<<10/len(piece)))
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("16 KiB of %+q took %v", piece, d)
		} else {
			t.Logf("%+q %v", piece, d)
		}
	}
}

func TestParse(t *testing.T) {
	for _, w := range strings.Fields(`a à oà hòa hoà hòe hoè thủy thuỷ toán toàn khoẻ Uỷ ỦY gì gìn giếng giữ giờ gỉ
		quý quỳ quả quốc quyển quýt quẩy nghiêng ngoằn ngoèo khuỷu khuya người hươu rượu cứu bưu yêu yếu y
		ý kỹ Đắk cải xoong oái oăm nguệch chuyện tuyết huýt mượt các lịch sách tập`) {
		if s, ok := parse(w); !ok || s.String() != strings.ToLower(w) {
			t.Errorf("parse(%q) = %+v, %v", w, s, ok)
		}
	}
	for _, w := range strings.Fields(`tóan gìang hòan qúy ngươì caù baò cuả giừơ yếú càc lìch sãch ngiêng2
		hellò naïve été strà ưũ ươ gh q g`) {
		if s, ok := parse(w); ok {
			t.Errorf("parse(%q) = %+v", w, s)
		}
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct{ text, same string }{
		{"CỜ BẠC", "cờ bạc"},
		{"Đánh Đề", "đánh đề"},
		{norm.NFD.String("cá độ"), "cá độ"},
		{"c\u200bá đ\u200dộ", "cá độ"},
		{"с\u00e1 \u00f0\u1ed9", "cá độ"},
		{"\u0441\u0430\u043e", "cao"}, // all Cyrillic
		{"cá\u00a0\n  độ", "cá độ"},
		{"\uff43\uff41\uff53\uff49\uff4e\uff4f", "casino"},
		{"hoà, thuỷ, khoẻ, quý", "hòa, thủy, khỏe, quý"},
		{"\u00e1\u0306n", "ắn"},
		{"", ""},
	} {
		if got := Fold(c.text); got != c.same {
			t.Errorf("Fold(%+q) = %+q, want %+q", c.text, got, c.same)
		}
	}
	if Fold("ma") == Fold("má") || Fold("đo") == Fold("do") {
		t.Error("Fold takes two words for one")
	}
}
