package console

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"image"
	"image/draw"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	qr "github.com/piglig/go-qr"
)

func unpack(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = string(b)
	}
}

func TestBundle(t *testing.T) {
	f := fit()
	text, code := f.ask(t, "bundle /media/ổ")
	name := "loa-tp-0421-20261123-050000.tar.gz"
	if code != OK || !strings.Contains(text, "/media/ổ/"+name) {
		t.Fatalf("%d, %s", code, text)
	}
	files := unpack(t, f.kept[name])
	for file, want := range map[string]string{
		"status.json": `"command":"status","code":0`, "faults.json": "sink-lost", "crash-last.json": "the horn fell down", "log.txt": "broker connected",
		"ledger.jsonl": "Quảng cáo", "settings.json": "agent.toml:7", "cert.json": "Loa CA", "next-7d.json": "Bản tin chiều", "gpio-list.json": "door",
	} {
		if !strings.Contains(files[file], want) {
			t.Errorf("%s has no %q: %.200s", file, want, files[file])
		}
	}
	if _, there := files["board-show.json"]; there {
		t.Error("a box without a board has one in its bundle")
	}
	if n := len(f.played) + len(f.pulses); n > 0 {
		t.Error("making a bundle touched the box")
	}
	f.keeps = ErrNoStick
	if text, code := f.ask(t, "bundle"); code != Failed || !strings.Contains(text, "không thấy ổ USB") {
		t.Errorf("%d, %s", code, text)
	}
}

// However much noise there is, a bundle has at most a megabyte, and keeps the newest.
func TestABundleIsBounded(t *testing.T) {
	f := fit()
	b := f.box()
	b.Log = func(n int) []string {
		lines := make([]string, n)
		r := rand.NewChaCha8([32]byte{1})
		for i := range lines {
			noise := make([]byte, 2600)
			r.Read(noise)
			lines[i] = hex.EncodeToString(noise)
		}
		lines[n-1] = "the newest"
		return lines
	}
	if text, code := New(b, Opts{}).Do(t.Context(), "bundle", Asker{}); code != OK {
		t.Fatal(text)
	}
	for _, data := range f.kept {
		if len(data) > maxBundle || len(data) < maxBundle/8 || !strings.Contains(unpack(t, data)["log.txt"], "the newest") {
			t.Errorf("%d bytes", len(data))
		}
	}
}

// shows waits, in the bubble's time, for what a command says at its end.
func (d *desk) shows(after time.Duration, want string) {
	d.t.Helper()
	time.Sleep(after)
	d.mu.Lock()
	defer d.mu.Unlock()
	if got := d.seen.String(); !strings.Contains(got, want) {
		d.t.Errorf("after %v the screen shows %q, want %q in it", after, got, want)
	}
}

// What the label shows is what a telephone reads: here another library, from the screen.
func TestTheLabelCanBeRead(t *testing.T) {
	const payload = "loa:tp-0421?code=K7QX-3MPA"
	lines, err := squares(payload)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) > 20 {
		t.Errorf("%d lines", len(lines))
	}
	dark := func(x, y int) bool {
		row := []rune(lines[y/2])
		if x >= len(row) {
			return true
		}
		switch row[x] {
		case '█':
			return false
		case '▀':
			return y%2 == 1
		case '▄':
			return y%2 == 0
		}
		return true
	}
	const scale = 4
	side := len([]rune(lines[0]))
	screen := image.NewGray(image.Rect(0, 0, (side+8)*scale, (side+8)*scale))
	draw.Draw(screen, screen.Rect, image.White, image.Point{}, draw.Src)
	for y := range side {
		for x := range side {
			if dark(x, y) {
				at := image.Pt((x+4)*scale, (y+4)*scale)
				draw.Draw(screen, image.Rectangle{at, at.Add(image.Pt(scale, scale))}, image.Black, image.Point{}, draw.Src)
			}
		}
	}
	if got, err := qr.Decode(screen); err != nil || got != payload {
		t.Errorf("it reads %q, %v:\n%s", got, err, strings.Join(lines, "\n"))
	}
	text, _ := fit().ask(t, "label")
	for _, want := range []string{"tp-0421", "Ấp 3", "26734", "K7QX-3MPA", lines[5]} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the label:\n%s", want, text)
		}
	}
}

// A speaker test tells the links apart: what the box gives, what the amplifier's line
// does, what the ear hears.
func TestSpeakerTest(t *testing.T) {
	f := fit()
	f.held = true
	sitOn(t, f.box(), func(d *desk) {
		d.types("speaker test 30\r")
		d.shows(10*time.Second, "ĐẠT   âm thử ra đến -18 dBFS")
		d.sees("không\r", "kiểm tra nguồn tăng âm")
		f.lit = false
		d.types("speaker test\r")
		d.shows(10*time.Second, "HỎNG  tăng âm được bật")
		d.sees("có\r", "ĐẠT   kỹ thuật viên nghe ở loa")
	})
	if strings.Join(f.played, ",") != "test 30,test 0" {
		t.Errorf("%v", f.played)
	}
}

func TestPins(t *testing.T) {
	f := fit()
	sitOn(t, f.box(), func(d *desk) {
		d.sees("lamp\r", "đã bật 2 giây rồi tắt. Có thấy")
		d.sees("có\r", "ĐẠT")
		d.sees("gpio test lamp 9s\r", "9 giây")
		d.sees("không\r", "1c20800.pinctrl\r\nline 10")
		d.types("gpio test door 1\r")
		d.shows(3*time.Second, "Cửa tủ: MỞ, 1 lần đổi trong 1 giây")
	})
	if strings.Join(f.pulses, ",") != "lamp 2s,lamp 9s" {
		t.Errorf("%v", f.pulses)
	}
	f.inputs = nil
	if text, code := f.ask(t, "door"); code != Failed || !strings.Contains(text, "no such chip") {
		t.Errorf("%d, %s", code, text)
	}
}

// An address that cannot be said is told, and nothing sounds.
func TestSayingNoAddress(t *testing.T) {
	f := fit()
	f.net.Via = ""
	if text, code := f.ask(t, "say ip"); code != Failed || !strings.Contains(text, "chưa có địa chỉ") || len(f.played) > 0 {
		t.Errorf("%d, %s, %v", code, text, f.played)
	}
	f = fit()
	f.night = true
	if text, code := f.ask(t, "say ip"); code != Refused || len(f.played) > 0 {
		t.Errorf("at night: %d, %s", code, text)
	}
}

func TestAModemThatIsNotThere(t *testing.T) {
	f := fit()
	f.modem = ErrNoModem
	if text, code := f.ask(t, "survey net"); code != OK || !strings.Contains(text, "Modem 4G       không\n") {
		t.Errorf("%d, %s", code, text)
	}
	f.modem = errors.New("no answer to AT")
	if text, code := f.ask(t, "survey net"); code != OK || !strings.Contains(text, "modem không trả lời: no answer to AT") {
		t.Errorf("%d, %s", code, text)
	}
	if text, code := f.ask(t, "sim"); code != Failed || !strings.Contains(text, "không trả lời") {
		t.Errorf("%d, %s", code, text)
	}
	f.modem = nil
	f.heard.RSRP.Mean = -115
	if text, _ := f.ask(t, "survey net 5"); !strings.Contains(text, "SÓNG YẾU") {
		t.Error(text)
	}
}
