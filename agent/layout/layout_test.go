package layout

import (
	"image"
	"image/color"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/plan"
)

var board64 = Board{Size: image.Pt(64, 32)}

func texts(pages []Page) []string {
	var all []string
	for _, p := range pages {
		all = append(all, p.Text)
	}
	return all
}

func codes(findings []Finding) string {
	var all []string
	for _, f := range findings {
		c := string(f.Code)
		if f.Warning {
			c += "?"
		}
		if f.Line > 0 {
			c += sprintf("@%d:%d", f.Line, f.Column)
		}
		all = append(all, c)
	}
	return strings.Join(all, " ")
}

// What becomes of a text: its pages, line by line, and what is found in it.
func TestPages(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("một hai ba ", 6))
	for _, c := range []struct {
		name, text string
		look       Look
		size       image.Point
		want       []string
		codes      string
	}{
		{"one line", "Xin chào", Look{}, image.Pt(128, 32), []string{"Xin chào"}, ""},
		{"two lines rather than two pages", "Xin chào bà con", Look{}, image.Pt(64, 32), []string{"Xin chào\nbà con"}, ""},
		{"pages", "Họp tổ dân phố lúc 19 giờ", Look{}, image.Pt(64, 32), []string{"Họp tổ\ndân phố", "lúc\n19 giờ"}, "too-big?"},
		{"no page with a word left over", "a b c d e f g h i", Look{}, image.Pt(256, 16), []string{"a b c d e", "f g h i"}, "too-big?"},
		{"eight words a page", long, Look{}, image.Pt(1280, 720), []string{"một hai ba\nmột hai ba", "một hai ba\nmột hai ba", "một hai ba\nmột hai ba"}, "too-big?"},
		{"three lines at most", "a\nb\nc\nd", Look{}, image.Pt(256, 128), []string{"a\nb", "c\nd"}, "too-big?"},
		{"line breaks of the author", "Giờ tiêm\n8 giờ", Look{}, image.Pt(256, 64), []string{"Giờ tiêm\n8 giờ"}, ""},
		{"an empty line ends the page", "\n\nMột\n\n\n \nHai\n\n", Look{}, image.Pt(128, 64), []string{"Một", "Hai"}, "too-big?"},
		{"a word wider than the board", "Nghiêng", Look{}, image.Pt(32, 16), []string{"Nghi", "êng"}, "too-big?@1:1 too-big?"},
		{"a no-break space", "19\u00a0giờ 30\u00a0phút", Look{}, image.Pt(64, 48), []string{"19\u00a0giờ\n30\u00a0phút"}, ""},
		{"cue on a line of its own", "Nước lũ đang lên, di dời ngay", looks["alert"], image.Pt(128, 64), []string{"KHẨN CẤP\nNước lũ đang\nlên, di dời ngay"}, ""},
		{"cue before the words", "Di dời", looks["drill"], image.Pt(160, 16), []string{"DIỄN TẬP: Di dời"}, ""},
		{"cue that is there", "Khẩn cấp: di dời", looks["alert"], image.Pt(160, 16), []string{"Khẩn cấp: di dời"}, ""},
		{"nothing", " \n\u200b\n", looks["alert"], image.Pt(160, 16), nil, ""},
		{"a letter of no font", "Chào\nbạn 😀", Look{}, image.Pt(160, 32), []string{"Chào\nbạn 😀"}, "glyph-missing@2:5"},
		{"decomposed letters", "Vie\u0323\u0302t", Look{}, image.Pt(64, 16), []string{"Việt"}, ""},
		{"a mark without its letter", "a\u0301\u0306", Look{}, image.Pt(64, 16), []string{"á\u0306"}, "glyph-missing@1:2"},
		{"a mark without its letter, large", "a\u0301\u0306", Look{}, image.Pt(64, 40), []string{"á\u0306"}, "glyph-missing@1:2"},
		{"what is nothing to see", "\ufeffVi\u00adệt\u200d\r\nNam", Look{}, image.Pt(64, 32), []string{"Việt\nNam"}, ""},
		{"controls", "a\x00\x1b", Look{}, image.Pt(64, 16), []string{"a\x00\x1b"}, "glyph-missing@1:2 glyph-missing@1:3"},
		{"Khmer", "កម្ពុជា", Look{}, image.Pt(160, 32), []string{"កម្ពុជា"}, ""},
		{"Khmer that would be too small", "កម្ពុជា", Look{}, image.Pt(160, 16), []string{"កម្ពុជា"}, "too-big@1:1"},
		{"Khmer breaks at zero width spaces", "កម្ពុជា\u200bកម្ពុជា", Look{}, image.Pt(64, 64), []string{"កម្ពុជា\nកម្ពុជា"}, ""},
		{"too low a board", "a", Look{}, image.Pt(64, 12), nil, "too-big"},
		{"no board", "a", Look{}, image.Pt(0, 16), nil, "too-big"},
		{"too much text", strings.Repeat("a", 2001), Look{}, image.Pt(64, 16), nil, "too-big"},
		{"too many pages", strings.Repeat("abcd ", 400), Look{}, image.Pt(32, 16), nil, "too-big"},
		{"too short a stay", "một hai ba bốn", Look{Stay: time.Second}, image.Pt(256, 32), []string{"một hai ba bốn"}, "too-big?"},
	} {
		pages, findings := Set(c.text, c.look, Board{Size: c.size}, Fields{})
		if got := texts(pages); !slices.Equal(got, c.want) {
			t.Errorf("%s: pages are %q, not %q", c.name, got, c.want)
		}
		if got := codes(findings); got != c.codes {
			t.Errorf("%s: findings are %q, not %q", c.name, got, c.codes)
		}
		for _, f := range findings {
			if f.EN == "" || f.VI == "" {
				t.Errorf("%s: %+v says nothing", c.name, f)
			}
			if f.Code == plan.GlyphMissing && f.Rune == 0 && c.name != "controls" {
				t.Errorf("%s: %+v does not say which rune", c.name, f)
			}
		}
	}
}

// Whatever the text and the board: no word is lost and no letter cut, and where one
// page is not enough that is said.
func TestNothingIsClipped(t *testing.T) {
	x := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("Ẵm nghiêng khuỷu họp dân phường, lúc 19:30 ở Ỹ La số 5 nước lũ đang lên nhanh Đắk Lắk ợ ụ quyết thắng")
	styles := []string{"notice", "headline", "left", "wipe", "blink", "alert", "drill", "narrow", "scroll", "scroll-up"}
	for range 300 {
		var words []string
		for range 1 + x.IntN(40) {
			words = append(words, syllables[x.IntN(len(syllables))])
		}
		style := styles[x.IntN(len(styles))]
		b := Board{Size: image.Pt(96+x.IntN(400), 16+x.IntN(200)), Colors: Colors(x.IntN(3))}
		look, _ := LookNamed(style)
		pages, findings := Set(strings.Join(words, " "), look, b, Fields{})
		got := ""
		for i := range pages {
			p := &pages[i]
			got += strings.Join(strings.Fields(p.Text), "")
			for _, g := range p.glyphs {
				if ink := g.shape.ink().Add(image.Pt(g.x, g.y)); !ink.In(image.Rectangle{Max: p.size}) {
					t.Errorf("%s on %v: a letter of %q is cut", style, b.Size, p.Text)
				}
			}
			if p.size.X > b.Size.X && p.Effect != ScrollLeft || p.size.Y > b.Size.Y && p.Effect != ScrollUp {
				t.Errorf("%s on %v: a page of %v", style, b.Size, p.size)
			}
		}
		if cue := strings.ReplaceAll(look.Cue, " ", ""); cue != "" {
			got = strings.NewReplacer(cue+":", "", cue, "").Replace(got)
		}
		if want := strings.Join(words, ""); got != want {
			t.Errorf("%s on %v: %q became %q", style, b.Size, want, got)
		}
		moves := look.Effect == ScrollLeft || look.Effect == ScrollUp
		told := slices.ContainsFunc(findings, func(f Finding) bool { return f.Warning && strings.HasPrefix(f.EN, "The text takes") })
		if len(pages) > 1 && !moves && !told {
			t.Errorf("%s on %v: %d pages and no word of it", style, b.Size, len(pages))
		}
	}
}

// What a colour says is said in words: at the beginning, and on every page that has a
// line for it.
func TestAColourIsNeverTheOnlySign(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("di dời ngay ", 8))
	for id, look := range looks {
		if look.Color.A == 0 {
			continue
		}
		for _, colors := range []Colors{Mono, TwoColor, Full} {
			for _, size := range []image.Point{{96, 16}, {128, 32}, {192, 64}, {512, 256}} {
				pages, _ := Set(long, look, Board{Size: size, Colors: colors}, Fields{})
				for i, p := range pages {
					if says := strings.HasPrefix(p.Text, look.Cue); !says && (i == 0 || size.Y >= 64) {
						t.Errorf("%s on %v, page %d: %q", id, size, i+1, p.Text)
					}
				}
			}
		}
	}
}

// A text full of faults gives findings that can be read and sent, and is refused.
func TestFindingsAreFew(t *testing.T) {
	_, findings := Set(strings.Repeat("{x} ", 300)+strings.Repeat("😀 ", 300), Look{Effect: ScrollLeft}, board64, Fields{})
	if n := len(findings); n > 40 {
		t.Errorf("%d findings", n)
	}
	if !slices.ContainsFunc(findings, func(f Finding) bool { return !f.Warning }) {
		t.Error("none is a reason to refuse the text")
	}
}

func TestPicture(t *testing.T) {
	pages, findings := Set("Bà\ncon 😀", Look{Align: Left}, Board{Size: image.Pt(48, 32)}, Fields{})
	if len(pages) != 1 || codes(findings) != "glyph-missing@2:5" {
		t.Fatalf("%d pages, %s", len(pages), codes(findings))
	}
	golden(t, "left-48x32", art(pages[0].Picture()))
	pages, _ = Set("ស្ត្រី", Look{}, Board{Size: image.Pt(40, 32)}, Fields{})
	golden(t, "khmer-40x32", art(pages[0].Picture()))
	pages, _ = Set("Ĕ→½", Look{}, Board{Size: image.Pt(64, 32)}, Fields{})
	golden(t, "borrowed-64x32", art(pages[0].Picture())) // Ĕ and → are not in the outline font
}

// A board without grey gets none, and no colour that it has not.
func TestColors(t *testing.T) {
	for _, c := range []struct {
		colors  Colors
		color   color.RGBA
		allowed []color.RGBA
	}{
		{Mono, color.RGBA{0, 0, 255, 255}, []color.RGBA{{A: 255}, {255, 0, 0, 255}}},
		{TwoColor, color.RGBA{}, []color.RGBA{{A: 255}, {255, 255, 0, 255}}},
		{TwoColor, color.RGBA{0, 255, 0, 255}, []color.RGBA{{A: 255}, {0, 255, 0, 255}}},
		{TwoColor, yellow, []color.RGBA{{A: 255}, {255, 255, 0, 255}}},
		{TwoColor, color.RGBA{0, 0, 255, 255}, []color.RGBA{{A: 255}, {255, 255, 0, 255}}},
		{Full, color.RGBA{0, 0, 255, 255}, nil},
	} {
		pages, _ := Set("Ẵg", Look{Color: c.color}, Board{Size: image.Pt(64, 48), Colors: c.colors}, Fields{})
		seen := map[color.RGBA]bool{}
		p := pages[0].Picture()
		for i := 0; i < len(p.Pix); i += 4 {
			seen[color.RGBA{p.Pix[i], p.Pix[i+1], p.Pix[i+2], p.Pix[i+3]}] = true
		}
		if c.colors == Full {
			if len(seen) < 10 {
				t.Errorf("only %d shades on a board of every colour", len(seen))
			}
			continue
		}
		for s := range seen {
			if !slices.Contains(c.allowed, s) {
				t.Errorf("board %d shows %v", c.colors, s)
			}
		}
		if len(seen) != 2 {
			t.Errorf("board %d shows %v", c.colors, seen)
		}
	}
}

func TestReadingDistance(t *testing.T) {
	text := "Xin chào bà con"
	near := Board{Size: image.Pt(64, 32), PitchMM: 10, ReaderM: 20}
	far := Board{Size: image.Pt(64, 32), PitchMM: 10, ReaderM: 60}
	if pages, findings := Set(text, Look{}, near, Fields{}); len(findings) > 0 || pages[0].Text != "Xin chào\nbà con" {
		t.Errorf("20 m: %v, %q", codes(findings), pages[0].Text)
	}
	_, findings := Set(text, Look{}, far, Fields{})
	if !slices.ContainsFunc(findings, func(f Finding) bool { return f.Warning && strings.Contains(f.EN, "240 mm") }) {
		t.Errorf("60 m need 240 mm: %+v", findings)
	}
	// Two lines of 16 rows would do for one page, but not for 30 m: one line, two pages.
	middle := Board{Size: image.Pt(64, 32), PitchMM: 10, ReaderM: 30}
	if pages, _ := Set(text, Look{}, middle, Fields{}); len(pages) < 2 {
		t.Errorf("30 m: %q", texts(pages))
	}
}

func TestReadingTime(t *testing.T) {
	for words, want := range map[int]time.Duration{1: 4 * time.Second, 5: 4 * time.Second, 8: 5500 * time.Millisecond} {
		if got := readingTime(words, Static); got != want {
			t.Errorf("%d words stay %v, not %v", words, got, want)
		}
	}
	// A blinking page is lit for as long as a standing one.
	if got := readingTime(8, Blink) * 3 / 4; got < readingTime(8, Static) {
		t.Errorf("a blinking page is lit for %v", got)
	}
}

func TestLooks(t *testing.T) {
	for id, want := range map[string]Effect{"": Static, "notice": Static, "headline": Static, "scroll": ScrollLeft, "scroll-up": ScrollUp, "wipe": Wipe, "blink": Blink, "alert": Static, "drill": Static, "clock": Static} {
		if l, ok := LookNamed(id); !ok || l.Effect != want {
			t.Errorf("%q is %+v, %v", id, l, ok)
		}
	}
	if _, ok := LookNamed("disco"); ok {
		t.Error("there is a look disco")
	}
	for id, l := range looks {
		if l.Color.A > 0 && l.Cue == "" {
			t.Errorf("%s says something by colour alone", id)
		}
	}
}

// Set is a function: many may call it at once, and all get the same.
func TestPure(t *testing.T) {
	set := func() string {
		pages, _ := Set("Ẵ កម្ពុជា → ½", Look{}, Board{Size: image.Pt(200, 64)}, Fields{})
		return art(pages[0].Picture())
	}
	want := set()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if set() != want {
				t.Error("the same text gave another picture")
			}
		})
	}
	all.Wait()
}

func FuzzSet(f *testing.F) {
	f.Add("Xin chào bà con", uint16(64), uint16(32), uint8(0), "")
	f.Add("{clock} {countdown 2026-12-31T00:00:00+07:00} {x} {", uint16(128), uint16(48), uint8(1), "sans")
	f.Add("កម្ពុជា\u200bស្ត្រី ្្ a\u0301\u0306 😀\x00", uint16(192), uint16(64), uint8(2), "narrow16")
	f.Add(strings.Repeat("ợ", 300)+"\n\n\n", uint16(1), uint16(13), uint8(9), "efont16")
	f.Fuzz(func(t *testing.T, text string, width, height uint16, how uint8, fontName string) {
		b := Board{Size: image.Pt(1+int(width)%600, 1+int(height)%300), Colors: Colors(how % 3), PitchMM: float64(how % 7), ReaderM: float64(how % 11)}
		look := Look{Font: fontName, Lines: int(how % 5), Align: Align(how % 3), Effect: Effect(how / 3 % 5)}
		if how%2 == 0 {
			look.Cue = "KHẨN CẤP"
		}
		pages, findings := Set(text, look, b, Fields{Now: time.Unix(1795000000, 0)})
		if len(pages) > maxPages {
			t.Fatalf("%d pages", len(pages))
		}
		dst := image.NewRGBA(image.Rectangle{Max: b.Size})
		for i := range pages {
			p := &pages[i]
			if n := p.size.X * p.size.Y; n > max(maxStrip, 2*b.Size.X*b.Size.Y) && len(findings) == 0 {
				t.Fatalf("a picture of %v", p.size)
			}
			if p.Length() <= 0 {
				t.Fatalf("page %d takes %v", i, p.Length())
			}
			if i < 2 {
				p.Frame(dst, p.Length()/2)
				if next := p.Next(p.Length() / 2); next != 0 && next <= p.Length()/2 {
					t.Fatalf("after %v comes %v", p.Length()/2, next)
				}
				p.Forget()
			}
		}
	})
}
