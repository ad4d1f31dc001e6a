package main

import (
	"bytes"
	"image"
	"image/draw"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/layout"
)

func TestPreview(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	file := w.file("tin.toml", `id = "tin"
place = "26734"
title = "Lịch tiêm chủng"
valid_until = "`+until+`"
[[pages]]
text = "Tiêm chủng sáng thứ Bảy"
[[pages]]
text = "Mời bà con đưa trẻ đến đúng giờ"
style = "scroll"
`)
	var got struct {
		Pages    []preview   `json:"pages"`
		Findings []complaint `json:"findings"`
	}
	w.json(&got, "preview", file, "--board", "commune-led-128x32", "--out", dir)
	if len(got.Pages) != 2 || len(got.Findings) != 0 || got.Pages[0].Moves || !got.Pages[1].Moves || got.Pages[0].StayS < 4 {
		t.Fatalf("%+v", got)
	}
	still, err := os.Open(got.Pages[0].File)
	if err != nil {
		t.Fatal(err)
	}
	defer still.Close()
	if img, err := png.Decode(still); err != nil || img.Bounds().Dx() != 128*8 || img.Bounds().Dy() != 32*8 {
		t.Errorf("%v, %v", img.Bounds(), err)
	}
	moving, err := os.Open(filepath.Join(dir, "tin-2.gif"))
	if err != nil {
		t.Fatal(err)
	}
	defer moving.Close()
	if g, err := gif.DecodeAll(moving); err != nil || len(g.Image) < 30 {
		t.Errorf("the scroll has %d frames: %v", len(g.Image), err)
	}
}

// A GIF keeps only what changes; played, it is what the board shows, tenth of a second
// by tenth of a second.
func TestPreviewMovesAsTheBoard(t *testing.T) {
	for _, size := range []image.Point{{128, 32}, {512, 256}, {1100, 64}} { // 8 dots a lamp, 2 and 1
		b := layout.Board{Size: size, Colors: layout.Full}
		ticker, _ := layout.SetTicker("Gọi cả ngày đêm", b, layout.Fields{})
		under := b
		if ticker != nil {
			under = ticker.Pages()
		}
		for _, effect := range []layout.Effect{layout.Static, layout.ScrollLeft, layout.ScrollUp, layout.Wipe, layout.Blink} {
			for _, s := range []showing{{size: size}, {size: size, ticker: ticker, ran: time.Second}} {
				on := b
				if s.ticker != nil {
					on = under
				}
				pages, _ := layout.Set("Nước lũ", layout.Look{Effect: effect}, on, layout.Fields{})
				if s.page = &pages[0]; !s.moves() {
					continue
				}
				name := filepath.Join(t.TempDir(), "a.gif")
				if err := writeGIF(name, s); err != nil {
					t.Fatal(err)
				}
				shown, lasts := played(t, name)
				if want := s.length(); lasts < want || lasts > want+time.Second {
					t.Errorf("%v, effect %d: it plays %v, not %v", size, effect, lasts, want)
				}
				for at := time.Duration(0); at < s.length(); at += s.length() / 3 / gifStep * gifStep {
					if got, want := shown(at), magnified(s.frame(at)); !bytes.Equal(got.Pix, want.Pix) {
						t.Errorf("%v, effect %d, ticker %v: after %v it is another picture", size, effect, s.ticker != nil, at)
					}
				}
			}
		}
	}
}

// played is a GIF as a viewer shows it, and how long it lasts.
func played(t *testing.T, name string) (shown func(at time.Duration) *image.RGBA, lasts time.Duration) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g, err := gif.DecodeAll(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range g.Delay {
		lasts += time.Duration(d) * 10 * time.Millisecond
	}
	return func(at time.Duration) *image.RGBA {
		screen := image.NewRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
		for i, frame := range g.Image {
			if at < 0 {
				break
			}
			draw.Draw(screen, frame.Rect, frame, frame.Rect.Min, draw.Src)
			at -= time.Duration(g.Delay[i]) * 10 * time.Millisecond
		}
		return screen
	}, lasts
}

func TestPreviewOfATicker(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	file := w.file("tin.toml", `id = "tin"
place = "26734"
title = "Cắt nước"
ticker = "Điện thoại nhà máy nước: 0274 3 123 456"
valid_until = "`+until+`"
[[pages]]
text = "Cắt nước 7 giờ đến 11 giờ"
`)
	var got struct {
		Pages    []preview   `json:"pages"`
		Findings []complaint `json:"findings"`
	}
	w.json(&got, "preview", file, "--board", "led-wall-512x256", "--out", dir)
	if len(got.Pages) != 2 || len(got.Findings) != 0 || !got.Pages[0].Moves || got.Pages[1].Page != 0 || got.Pages[1].StayS < 8 {
		t.Fatalf("%+v", got)
	}
	lit := func(name string, at time.Duration, rows image.Rectangle) (n int) {
		shown, _ := played(t, name)
		screen := shown(at)
		for y := rows.Min.Y; y < rows.Max.Y; y++ {
			for x := rows.Min.X; x < rows.Max.X; x++ {
				if screen.RGBAAt(x, y).R > 0x80 {
					n++
				}
			}
		}
		return n
	}
	over, under := image.Rect(0, 0, 1024, 2*205), image.Rect(0, 2*205, 1024, 2*256) // two dots a lamp
	name := got.Pages[0].File
	if a, b := lit(name, 0, over), lit(name, 3*time.Second, over); a == 0 || a != b {
		t.Errorf("the page has %d dots lit, then %d", a, b)
	}
	if a, b := lit(name, 0, under), lit(name, 3*time.Second, under); a != 0 || b == 0 {
		t.Errorf("the ticker has %d dots lit, three seconds later %d", a, b)
	}
	// A slow card shows it as a page of its own, and that is said.
	w.json(&got, "preview", file, "--board", "commune-led-128x32", "--out", dir)
	if len(got.Pages) != 2 || got.Pages[1].Page != 2 || len(got.Findings) != 1 || !got.Findings[0].Warning || got.Findings[0].Code != "too-big" {
		t.Errorf("%+v", got)
	}
	if out := w.must("preview", file, "--board", "commune-led-128x32", "--out", dir, "--lang", "vi"); !strings.Contains(out, "chữ chạy bên dưới: lưu ý") {
		t.Error(out)
	}
}

// Words that a policy forbids are told before anybody signs, and again to who signs.
func TestWordsThatAPlaceDoesNotWant(t *testing.T) {
	w := newWorld(t).sample()
	dir := t.TempDir()
	w.must("policy", "sign", w.file("law.toml", `id = "words"
place = "26734"
quiet_hours = []
banned_words = ["cá cược", "ma túy"]
valid_until = "`+until+`"
`), "--as", "26734-1")
	bulletin := func(text string) string {
		return w.file("b.toml", `id = "b"
place = "26734"
title = "Tin"
text = "`+text+`"
valid_until = "`+until+`"
`)
	}
	var got struct{ Findings []complaint }
	w.json(&got, "preview", bulletin("C Á  C Ư Ợ C bóng đá"), "--board", "commune-led-128x32", "--out", dir)
	if len(got.Findings) != 1 || got.Findings[0].Code != "scope" || got.Findings[0].Page != -1 || !got.Findings[0].Warning {
		t.Errorf("preview: %+v", got.Findings)
	}
	w.must("bulletin", "sign", bulletin("Vào đây сá сược"), "--as", "26734-1", "--lang", "vi")
	if said := w.err.String(); !strings.Contains(said, "cá cược") || !strings.Contains(said, "26734") || !strings.Contains(said, "từ chối") {
		t.Errorf("bulletin sign: %q", said)
	}
	if out := w.must("preview", bulletin("Chợ bán cá, cược vỏ thùng"), "--board", "commune-led-128x32", "--out", dir); strings.Contains(out, "26734") {
		t.Errorf("honest words: %s", out)
	}
}

func TestPreviewSaysWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--text", "Cháy 🚒", "--board", "commune-led-128x32"}, exitFailed, "U+1F692"},
		{[]string{"--text", "TiÕng ViÖt cã dÊu", "--board", "commune-led-128x32"}, exitOK, "Tiếng Việt có dấu"},
		{[]string{"--text", "Xin chào", "--board", "orangepi-zero"}, exitFailed, "commune-led-128x32"},
		{[]string{"--text", "Xin chào"}, exitUsage, "--board"},
		{[]string{"--text", "Xin chào", "--board", "commune-led"}, exitUsage, "there is no board \"commune-led\""},
		{[]string{"--text", strings.Repeat("Nước lên nhanh. ", 20), "--board", "commune-led-128x32"}, exitOK, "note"},
		{[]string{"--text", "Xin chào", "--style", "lon", "--board", "commune-led-128x32"}, exitOK, "headline"},
	} {
		code := w.run(append([]string{"preview", "--out", dir}, c.args...)...)
		if said := w.out.String() + w.err.String(); code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%q: exit %d, %s", c.args, code, said)
		}
	}
}

// Whoever signs hears what the boards of the place cannot show, as in a preview.
func TestSigningSaysWhatBoardsCannotShow(t *testing.T) {
	w := newWorld(t).sample().online()
	bulletin := w.file("b.toml", `id = "b"
place = "26734"
title = "Tin"
text = "Chúc mừng 😀"
valid_until = "`+until+`"
`)
	policy := w.file("law.toml", `id = "idle"
place = "26734"
quiet_hours = []
valid_until = "`+until+`"
[[default_pages]]
text = "Xã nhà 😀"
`)
	alert := []string{"alert", "set", "74", "--office", "74", "--event", "flood", "--headline", "Lũ 😀", "--as", "74-1,74-2", "--wait", "0s", "--lang", "vi"}
	bad := "trên bảng desk, led-wall-512x256: trang 1: KHÔNG HIỂN THỊ ĐƯỢC (dòng 1, chữ thứ "
	said := func(args ...string) string {
		w.run(args...)
		return w.err.String()
	}
	w.must("box", "add", "box-2", "--place", "26734", "--board", "led-wall-512x256", "--as", "74-1,74-2")
	for _, args := range [][]string{
		{"bulletin", "sign", bulletin, "--as", "26734-1", "--lang", "vi"},
		{"bulletin", "check", bulletin, "--lang", "vi"},
		{"policy", "sign", policy, "--as", "26734-1", "--lang", "vi"},
		alert,
	} {
		if err := said(args...); strings.Count(err, bad) != 1 {
			t.Errorf("%v: %q", args, err)
		}
	}
	w.must("bulletin", "sign", bulletin, "--as", "26734-1") // it is signed all the same
}
