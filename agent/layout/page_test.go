package layout

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"
	"time"
)

func one(t *testing.T, text string, look Look, b Board) *Page {
	t.Helper()
	pages, _ := Set(text, look, b, Fields{})
	if len(pages) != 1 {
		t.Fatalf("%d pages", len(pages))
	}
	return &pages[0]
}

func frame(p *Page, at time.Duration) *image.RGBA {
	dst := image.NewRGBA(image.Rectangle{Max: p.board})
	for i := range dst.Pix {
		dst.Pix[i] = 0x55 // what was there before
	}
	p.Frame(dst, at)
	return dst
}

// Frame k of a text that scrolls is the strip, k pixels further: it comes in at the
// edge, leaves at the other, and begins again without a jump.
func TestScroll(t *testing.T) {
	for _, effect := range []Effect{ScrollLeft, ScrollUp} {
		p := one(t, "Xin chào Ẵ bà con cô bác", Look{Effect: effect, PxPerSecond: 50}, board64)
		strip := p.Picture()
		steps := p.board.X + strip.Rect.Dx()
		if effect == ScrollUp {
			steps = p.board.Y + strip.Rect.Dy()
		}
		if want := time.Duration(steps) * 20 * time.Millisecond; p.Length() != want {
			t.Errorf("effect %d takes %v, not %v", effect, p.Length(), want)
		}
		at := time.Duration(0)
		for k := range 2 * steps {
			want := image.NewRGBA(image.Rectangle{Max: p.board})
			draw.Draw(want, want.Rect, image.Black, image.Point{}, draw.Src)
			shift := image.Pt(k%steps-p.board.X, 0)
			if effect == ScrollUp {
				shift = image.Pt(0, k%steps-p.board.Y)
			}
			draw.Draw(want, strip.Rect.Sub(shift), strip, image.Point{}, draw.Src)
			if got := frame(p, at); !bytes.Equal(got.Pix, want.Pix) {
				t.Fatalf("effect %d, frame %d at %v:\n%s", effect, k, at, art(got))
			}
			if next := p.Next(at); next != at+20*time.Millisecond {
				t.Fatalf("effect %d: after %v comes %v", effect, at, next)
			}
			at = p.Next(at)
		}
	}
}

// A long text that scrolls is cut into strips that fit into the memory of a small
// computer, and loses nothing.
func TestLongScroll(t *testing.T) {
	screen := Board{Size: image.Pt(1920, 1080), Colors: Full}
	for _, text := range []string{strings.TrimSpace(strings.Repeat("Nguyễn ", 280)), strings.Repeat("W", 2000)} {
		for _, effect := range []Effect{ScrollLeft, ScrollUp} {
			pages, _ := Set(text, Look{Effect: effect}, screen, Fields{})
			if len(pages) < 2 || len(pages) > maxPages {
				t.Fatalf("effect %d: %d pages", effect, len(pages))
			}
			for i := range pages {
				if n := pages[i].size.X * pages[i].size.Y; n > maxStrip {
					t.Errorf("effect %d: page %d is %v, %d bytes", effect, i, pages[i].size, 4*n)
				}
			}
			shown := strings.Join(strings.Fields(strings.Join(texts(pages), " ")), "")
			if shown != strings.ReplaceAll(text, " ", "") {
				t.Errorf("effect %d: %d letters became %d", effect, len(text), len(shown))
			}
		}
	}
}

// A line that is lower than the board scrolls in its middle.
func TestScrollInTheMiddle(t *testing.T) {
	p := one(t, "l", Look{Effect: ScrollLeft, PxPerSecond: 100}, Board{Size: image.Pt(64, 64)})
	whole := p.Picture()
	if whole.Rect.Dy() != 64 {
		t.Errorf("the strip is %v", whole.Rect)
	}
	want := around(whole)
	if got := around(frame(p, 640*time.Millisecond)); got != want || want.Min.Y < 16 || want.Max.Y > 48 {
		t.Errorf("%v is lit, %v in the strip", got, want)
	}
}

// Nothing that scrolls fast asks for more than 50 frames a second.
func TestFastScroll(t *testing.T) {
	p := one(t, "Xin chào", Look{Effect: ScrollLeft, PxPerSecond: 700}, board64)
	for at := time.Duration(0); at < 3*p.Length(); at = p.Next(at) {
		next := p.Next(at)
		if next <= at || next-at < leastStep && next%p.Length() != 0 {
			t.Fatalf("after %v comes %v", at, next)
		}
	}
}

func TestWipe(t *testing.T) {
	p := one(t, "Xin chào", Look{Effect: Wipe}, board64)
	whole := art(p.Picture())
	if got := around(frame(p, 0)); !got.Empty() {
		t.Errorf("at first %v is lit", got)
	}
	if got := around(frame(p, 250*time.Millisecond)); got.Max.X > 32 || got.Empty() {
		t.Errorf("half-way %v is lit", got)
	}
	for _, at := range []time.Duration{wipeTime, p.Length(), time.Hour} {
		if art(frame(p, at)) != whole {
			t.Errorf("at %v it is not whole", at)
		}
		if p.Next(at) != 0 {
			t.Errorf("after %v something comes at %v", at, p.Next(at))
		}
	}
	if p.Length() != wipeTime+p.Stay {
		t.Errorf("it takes %v", p.Length())
	}
}

// No effect but scrolling changes a pixel more often than once a second: 3 to 30
// changes can cause seizures.
func TestNoFlashes(t *testing.T) {
	for _, effect := range []Effect{Static, Wipe, Blink} {
		p := one(t, "Xin chào", Look{Effect: effect}, board64)
		var changes []time.Duration
		before := around(frame(p, 0))
		for at := time.Duration(0); at <= 10*time.Second; at += 20 * time.Millisecond {
			if effect == Wipe && at < wipeTime {
				before = around(frame(p, at))
				continue
			}
			if now := around(frame(p, at)); now != before {
				changes, before = append(changes, at), now
			}
		}
		if effect == Blink && len(changes) != 10 {
			t.Errorf("%d changes in 10 s: %v", len(changes), changes)
		}
		if effect != Blink && len(changes) > 1 {
			t.Errorf("effect %d changes at %v", effect, changes)
		}
		for i := 2; i < len(changes); i++ {
			if changes[i]-changes[i-2] < time.Second {
				t.Errorf("it flashes faster than once a second: %v", changes)
			}
		}
	}
}

// Next names every moment at which a blinking page changes, and no other.
func TestBlinkNext(t *testing.T) {
	p := one(t, "Xin chào", Look{Effect: Blink}, board64)
	at := time.Duration(0)
	for i, want := range []time.Duration{1500, 2000, 3500, 4000} {
		at = p.Next(at)
		if at != want*time.Millisecond {
			t.Errorf("change %d at %v", i, at)
		}
	}
}

// A line runs under the pages and leaves them alone; they leave it alone.
func TestTicker(t *testing.T) {
	b := Board{Size: image.Pt(128, 48)}
	ticker, findings := SetTicker("19:05 Họp dân", b, Fields{})
	if len(findings) > 0 || ticker.Pages().Size != image.Pt(128, 32) {
		t.Fatalf("%v, %v for the pages", findings, ticker.Pages().Size)
	}
	notice := one(t, "Xin chào", Look{}, ticker.Pages())
	dst := image.NewRGBA(image.Rectangle{Max: b.Size})
	draw := func(at time.Duration) *image.RGBA {
		ticker.Over(dst, notice, at)
		ticker.Frame(dst, at)
		ticker.Over(dst, notice, at)
		return dst
	}
	golden(t, "ticker-128x48", art(draw(ticker.Length()/2)))
	at := time.Duration(0)
	if n := testing.AllocsPerRun(100, func() { at += leastStep; draw(at) }); n > 0 {
		t.Errorf("a frame allocates %v times", n)
	}
	begin := art(draw(0))
	if again := art(draw(ticker.Length())); again != begin || strings.Contains(begin[32*129:], "#") {
		t.Errorf("it begins with\n%s\nand goes round with\n%s", begin, again)
	}
	for at, step := time.Duration(0), 0; step < 1000; step++ {
		next := ticker.Next(at)
		if next < at+leastStep || next > at+50*time.Millisecond {
			t.Fatalf("after %v comes %v", at, next)
		}
		at = next
	}
	if _, findings := SetTicker("Cháy 🚒", b, Fields{}); codes(findings) != "glyph-missing@1:6" {
		t.Errorf("a letter that no font has: %v", findings)
	}
}

// A text too long for one strip runs in several, one after the other.
func TestALongTicker(t *testing.T) {
	ticker, _ := SetTicker(strings.TrimSpace(strings.Repeat("Nước lên ", 190)), Board{Size: image.Pt(1920, 1080), Colors: Full}, Fields{})
	if n := len(ticker.strips); n < 2 {
		t.Fatalf("%d strips", n)
	}
	first := ticker.strips[0].Length()
	if s, began := ticker.strip(first - 1); s != &ticker.strips[0] || began != 0 {
		t.Errorf("before its end the first strip is not on: %v", began)
	}
	if s, began := ticker.strip(first); s != &ticker.strips[1] || began != first {
		t.Errorf("the second strip begins at %v, not %v", began, first)
	}
	if s, began := ticker.strip(ticker.Length()); s != &ticker.strips[0] || began != ticker.Length() {
		t.Error("it does not begin again")
	}
	if next := ticker.Next(first - time.Millisecond); next != first {
		t.Errorf("the second strip begins at %v, not %v", next, first)
	}
}

// Where nothing can run under the pages that is told.
func TestNoTicker(t *testing.T) {
	for _, b := range []Board{{Size: image.Pt(64, 13)}, {Size: image.Pt(64, 16)}, {Size: image.Pt(64, 31)}, {Size: image.Pt(192, 64), Slow: true}} {
		if ticker, findings := SetTicker("Họp dân", b, Fields{}); ticker != nil || codes(findings) != "too-big?" {
			t.Errorf("%+v: %v, %v", b, ticker, findings)
		}
	}
	if pages, _, ok := (Board{Size: image.Pt(64, 32)}).Zones(); !ok || pages != image.Rect(0, 0, 64, 16) {
		t.Errorf("32 rows: %v, %v", pages, ok)
	}
}

func TestFromPicture(t *testing.T) {
	img := image.NewRGBA(image.Rect(5, 5, 9, 9))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{200, 100, 0, 255}), image.Point{}, draw.Src)
	for colors, want := range map[Colors]color.RGBA{Mono: {255, 0, 0, 255}, TwoColor: {255, 0, 0, 255}, Full: {200, 100, 0, 255}} {
		p, findings := FromPicture(img, Board{Size: image.Pt(8, 6), Colors: colors})
		got := frame(&p, time.Hour)
		if got.RGBAAt(2, 1) != want || got.RGBAAt(5, 4) != want || got.RGBAAt(1, 1) != (color.RGBA{A: 255}) || len(findings) > 0 {
			t.Errorf("colours %d: %v %v %v", colors, got.RGBAAt(2, 1), got.RGBAAt(1, 1), findings)
		}
		p.Forget()
		if p.Picture() == nil || p.Next(0) != 0 || p.Length() <= 0 {
			t.Error("it is not a page that stands")
		}
	}
	if _, findings := FromPicture(img, Board{Size: image.Pt(3, 8)}); codes(findings) != "too-big" {
		t.Errorf("a picture too large: %v", findings)
	}
}

// A forgotten picture comes back the same.
func TestForget(t *testing.T) {
	p := one(t, "Xin chào", Look{}, board64)
	before := art(p.Picture())
	p.Forget()
	if p.picture != nil || art(p.Picture()) != before {
		t.Error("the picture was kept, or has changed")
	}
}

func BenchmarkSetPage(b *testing.B) {
	wall := Board{Size: image.Pt(1920, 128), Colors: Full}
	for b.Loop() {
		pages, _ := Set("Mời bà con tiêm phòng tại trạm y tế", Look{}, wall, Fields{})
		pages[0].Picture()
	}
}

func BenchmarkSetBoard(b *testing.B) {
	for b.Loop() {
		pages, _ := Set("Họp tổ dân phố lúc 19 giờ", Look{}, board64, Fields{})
		pages[0].Picture()
	}
}

func BenchmarkScrollFrame(b *testing.B) {
	pages, _ := Set("Mời bà con tiêm phòng tại trạm y tế xã vào sáng thứ bảy", Look{Effect: ScrollLeft}, Board{Size: image.Pt(1920, 128), Colors: Full}, Fields{})
	dst := image.NewRGBA(image.Rect(0, 0, 1920, 128))
	pages[0].Frame(dst, 0)
	at := pages[0].Length() / 2
	b.ReportAllocs()
	for b.Loop() {
		pages[0].Frame(dst, at)
	}
}
