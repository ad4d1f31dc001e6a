package picture

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

var (
	red   = color.RGBA{R: 0xff, A: 0xff}
	green = color.RGBA{G: 0xff, A: 0xff}
	white = color.RGBA{0xff, 0xff, 0xff, 0xff}
)

func plane(w, h int, c color.Color) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.Set(i%w, i/w, c)
	}
	return img
}

func asPNG(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asJPEG(img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asGIF(g *gif.GIF) []byte {
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// An 8×4 red picture as libwebp writes it, without and with loss, and the head of an
// animation of the same size.
var (
	webpLossless = unhex("524946461c000000 57454250 5650384c0f000000 2f07c000000710f58ffe0722a2ff0100")
	webpLossy    = unhex(`524946463c000000 57454250 5650382030000000 d001009d012a0800040002003425a002
		74ba01f80003b000fef0e8f7ff20b96175c8d7ff203fe407fc80fff8f2000000`)
	webpAnimated = unhex(`524946461e010000 57454250 565038580a000000 02000000 070000 030000
		414e494d06000000ffffffff0100 414e4d467e000000 000000000000070000030000f4010002`)
)

func frame(w, h int, at image.Point, palette ...color.Color) *image.Paletted {
	f := image.NewPaletted(image.Rect(0, 0, w, h).Add(at), palette)
	return f
}

func animated(frames, w, h, delay int) *gif.GIF {
	g := &gif.GIF{}
	for i := range frames {
		f := frame(w, h, image.Point{}, color.Black, color.White)
		for k := range f.Pix {
			f.Pix[k] = byte(i & 1)
		}
		g.Image, g.Delay = append(g.Image, f), append(g.Delay, delay)
	}
	return g
}

func TestOpenReadsEveryFormat(t *testing.T) {
	for _, c := range []struct {
		format string
		data   []byte
		near   int
	}{
		{"png", asPNG(plane(8, 4, red)), 0},
		{"jpeg", asJPEG(plane(8, 4, red)), 8},
		{"gif", asGIF(&gif.GIF{Image: []*image.Paletted{frame(8, 4, image.Point{}, red)}, Delay: []int{5}}), 0},
		{"webp", webpLossless, 4},
		{"webp", webpLossy, 8},
	} {
		p, err := Open(c.data, Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		if p.Format != c.format || p.Size != image.Pt(8, 4) || p.Frames != 1 {
			t.Errorf("%s: %s, %v, %d frames", c.format, p.Format, p.Size, p.Frames)
		}
		for img, d := range p.All() {
			r, g, b, _ := img.At(3, 2).RGBA()
			if int(r>>8) < 0xff-c.near || int(g>>8) > c.near || int(b>>8) > c.near || d != 0 {
				t.Errorf("%s: a pixel is %v, for %v", c.format, img.At(3, 2), d)
			}
		}
	}
}

// bigPNG says in its header that it is w×h, and is right in every other way.
func bigPNG(w, h uint32) []byte {
	b := asPNG(plane(1, 1, red))
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc(b[12:29]))
	return b
}

func bigGIF(frames, w, h int) []byte {
	b := append([]byte("GIF89a"), byte(w), byte(w>>8), byte(h), byte(h>>8), 0x80, 0, 0, 0, 0, 0, 255, 255, 255)
	for range frames { // an empty frame takes 13 bytes
		b = append(b, 0x2c, 0, 0, 0, 0, byte(w), byte(w>>8), byte(h), byte(h>>8), 0, 2, 0)
	}
	return append(b, 0x3b)
}

func TestOpenRefuses(t *testing.T) {
	scans := asJPEG(plane(8, 4, red))
	scans = append(scans[:len(scans)-2], bytes.Repeat([]byte("\xff\xda\x00\x02"), 100)...)
	webpBomb := bytes.Clone(webpLossless)
	copy(webpBomb[21:], "\xff\xff\xff\x0f") // 16384×16384
	for _, c := range []struct {
		what   string
		data   []byte
		limits Limits
		code   plan.Code
	}{
		{"nothing", nil, Limits{}, plan.MediaFormat},
		{"a text", []byte("Xin chào"), Limits{}, plan.MediaFormat},
		{"an SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), Limits{}, plan.MediaFormat},
		{"half a PNG", asPNG(plane(9, 9, red))[:50], Limits{}, plan.MediaFormat},
		{"half a JPEG", asJPEG(plane(9, 9, red))[:300], Limits{}, plan.MediaFormat},
		{"half a WebP", webpLossless[:25], Limits{}, plan.MediaFormat},
		{"a GIF without frames", bigGIF(0, 1, 1), Limits{}, plan.MediaFormat},
		{"a GIF of 0×0", bigGIF(1, 0, 0), Limits{}, plan.MediaFormat},
		{"an animated WebP", webpAnimated, Limits{}, plan.Unsupported},

		{"a file too long", asPNG(plane(9, 9, red)), Limits{Bytes: 20}, plan.TooBig},
		{"a PNG bomb", bigPNG(50000, 50000), Limits{}, plan.TooBig},
		{"a PNG bomb that wraps around", bigPNG(1<<31-1, 1<<31-1), Limits{}, plan.TooBig},
		{"a PNG just over", asPNG(plane(11, 10, red)), Limits{Pixels: 109}, plan.TooBig},
		{"a WebP bomb", webpBomb, Limits{}, plan.TooBig},
		{"a JPEG of many scans", scans, Limits{}, plan.TooBig},
		{"a GIF of many frames", bigGIF(100000, 1, 1), Limits{}, plan.TooBig},
		{"a GIF of large frames", bigGIF(40, 400, 400), Limits{}, plan.TooBig},
		{"a GIF canvas", bigGIF(1, 65535, 65535), Limits{}, plan.TooBig},
	} {
		p, err := Open(c.data, c.limits)
		var e *plan.Error
		if !errors.As(err, &e) || e.Code != c.code || p != nil {
			t.Errorf("%s: %v, %v; want %s", c.what, p, err, c.code)
		}
	}
	if _, err := Open(asPNG(plane(10, 10, red)), Limits{Pixels: 100}); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
}

// A decoder that breaks down takes nothing else along.
func TestBrokenDecoder(t *testing.T) {
	sound := formats
	defer func() { formats = sound }()
	formats = []format{{"broken", starts("BROKEN"),
		func(io.Reader) (image.Config, error) { return image.Config{Width: 1, Height: 1}, nil },
		func(io.Reader) (image.Image, error) { panic("index out of range") },
	}}
	p, err := Open([]byte("BROKEN"), Limits{})
	var e *plan.Error
	if !errors.As(err, &e) || e.Code != plan.MediaFormat || p != nil {
		t.Errorf("%v, %v", p, err)
	}
}

// Refusing costs what reading the headers costs.
func TestRefusingIsCheap(t *testing.T) {
	bombs := [][]byte{bigPNG(50000, 50000), bigGIF(100000, 1000, 1000), bigGIF(1, 65535, 65535)}
	allocated := testing.AllocsPerRun(10, func() {
		for _, b := range bombs {
			if _, err := Open(b, Limits{}); err == nil {
				t.Error("a bomb was opened")
			}
		}
	})
	if allocated > 200 {
		t.Errorf("%v allocations", allocated)
	}
}

func TestAnimation(t *testing.T) {
	g := &gif.GIF{
		Config: image.Config{Width: 4, Height: 2},
		Image: []*image.Paletted{
			frame(4, 2, image.Point{}, red),
			frame(2, 1, image.Pt(1, 0), green), // stays
			frame(1, 2, image.Pt(3, 0), white), // makes way for what was before
			frame(1, 1, image.Pt(0, 1), white), // leaves a hole
			frame(1, 1, image.Pt(0, 0), color.Black),
		},
		Delay:    []int{0, 3, 35, 36, 500},
		Disposal: []byte{0, gif.DisposalNone, gif.DisposalPrevious, gif.DisposalBackground, 0},
	}
	p, err := Open(asGIF(g), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"rrrr\nrrrr", "rggr\nrrrr", "rggw\nrrrw", "rggr\nwrrr", ".ggr\n rrr",
	}
	delays := []time.Duration{FrameLeast, FrameLeast, FrameLeast, 360 * time.Millisecond, 5 * time.Second}
	for range 2 { // it can be shown again
		n := 0
		for img, d := range p.All() {
			if got := letters(img); got != want[n] || d != delays[n] {
				t.Errorf("frame %d, for %v:\n%s\nwant, for %v:\n%s", n, d, got, delays[n], want[n])
			}
			n++
		}
		if n != 5 || p.Frames != 5 {
			t.Errorf("%d of %d frames", n, p.Frames)
		}
	}
	for range p.All() {
		break // leaving early is no harm
	}
}

// No animation changes more often than one in FrameLeast.
func TestNothingFlashes(t *testing.T) {
	for delay := range 60 {
		p, err := Open(asGIF(animated(10, 4, 4, delay)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range p.All() {
			if d < FrameLeast {
				t.Fatalf("delay %d: a frame is shown for %v", delay, d)
			}
		}
	}
}

// A picture of three pixels, stored in each of the eight ways, is seen in one.
func TestOrientation(t *testing.T) {
	stored := map[int]string{ // Exif 2.3, figure of tag Orientation
		1: "rg\n..", 2: "gr\n..", 3: "..\ngr", 4: "..\nrg",
		5: "r.\ng.", 6: "g.\nr.", 7: ".g\n.r", 8: ".r\n.g",
	}
	for o, s := range stored {
		if got := letters(turn(sketch(s), o)); got != stored[1] {
			t.Errorf("orientation %d:\n%s\nis seen as\n%s", o, s, got)
		}
	}
	for name, tiff := range map[string]string{
		"little": "II*\x00\x08\x00\x00\x00\x02\x00" + "\x0f\x01\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00" + "\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00",
		"big":    "MM\x00*\x00\x00\x00\x08\x00\x01" + "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00",
	} {
		body := "Exif\x00\x00" + tiff
		app1 := append([]byte{0xff, 0xe1, 0, byte(2 + len(body))}, body...)
		b := asJPEG(plane(16, 8, red))
		b = append(append(bytes.Clone(b[:2]), app1...), b[2:]...)
		p, err := Open(b, Limits{})
		if err != nil || p.Size != image.Pt(8, 16) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, b := range [][]byte{
		asPNG(plane(3, 3, red)), asJPEG(plane(3, 3, red)), asGIF(animated(3, 3, 3, 1)), webpLossless, webpLossy, webpAnimated,
		bigGIF(3, 2, 2), bigPNG(3, 3),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Open(b, Limits{Pixels: 1 << 14, Frames: 20})
		if err != nil {
			var e *plan.Error
			if !errors.As(err, &e) || p != nil {
				t.Fatalf("%v, %v", p, err)
			}
			return
		}
		n := 0
		for img, d := range p.All() {
			n++
			if img.Bounds().Size() != p.Size || d < 0 {
				t.Fatalf("a frame of %v in %v, for %v", img.Bounds(), p.Size, d)
			}
			for _, c := range []Colours{Full, RGB565, RedGreenYellow, Mono} {
				Fit(img, image.Pt(16, 8), c)
			}
		}
		if n != p.Frames || n < 1 {
			t.Fatalf("%d of %d frames", n, p.Frames)
		}
	})
}
