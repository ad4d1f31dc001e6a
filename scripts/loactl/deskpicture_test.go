package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"loa/agent/layout/picture"
	"loa/agent/plan"
	"loa/scripts/loactl/web/desk"
)

// makingTools are tools over a centre with a board, which make pictures and sounds.
func makingTools(t *testing.T) deskTools {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("without ffmpeg")
	}
	w := newWorld(t).sample()
	a := &app{ctx: context.Background(), lang: "vi", dir: w.env["LOA_AUTHORITY"], env: func(k string) string { return w.env[k] }, now: w.now, out: &w.out, err: &w.err}
	au, err := a.open()
	if err != nil {
		t.Fatal(err)
	}
	return deskTools{a: a, au: au}
}

// photograph is a JPEG as a phone writes it: lying, with a note to turn it, and with
// where it was taken.
func photograph(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), 40, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x02")
	exif = append(exif, "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"...)                 // orientation 6
	exif = append(exif, "\x01\x0e\x00\x02\x00\x00\x00\x0d\x00\x00\x00\x26\x00\x00\x00\x00"...) // a description
	exif = append(exif, "10.98N106.65E\x00"...)
	head := binary.BigEndian.AppendUint16([]byte("\xff\xd8\xff\xe1"), uint16(len(exif)+2))
	return append(append(head, exif...), b.Bytes()[2:]...)
}

// Whatever picture is uploaded, boxes get one that they can show: as large as their board,
// upright, and with nothing in it that says where it was taken.
func TestPictures(t *testing.T) {
	tools := makingTools(t)
	const place = "26734"
	space := tools.space(place)
	if space == pictureSpace {
		t.Fatal("there is no board in this sample")
	}
	convert := func(kind string) []byte {
		cmd := exec.Command("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=800x400:d=1:r=1", "-frames:v", "1", "-f", "image2pipe", "-c:v", kind, "-")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		return out
	}
	noise := image.NewRGBA(image.Rect(0, 0, 300, 300))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(rand.Uint32()) | 1<<7
	}
	var noisy bytes.Buffer
	if err := png.Encode(&noisy, noise); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"a phone's": photograph(t, 1200, 600), "PNG": convert("png"), "JPEG": convert("mjpeg"), "BMP": convert("bmp"), "TIFF": convert("tiff"), "GIF": convert("gif"), "PPM": convert("ppm"), "noise": noisy.Bytes(),
	} {
		page, err := tools.Picture(t.Context(), "vi", place, bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kept, err := os.ReadFile(filepath.Join(tools.au.MediaDir(), page.Image))
		if err != nil {
			t.Fatal(err)
		}
		p, err := picture.Open(kept, picture.Limits{Bytes: plan.MaxImageBytes})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Size.X > space.X || p.Size.Y > space.Y || int64(len(kept)) != page.Bytes || page.Type != "image/"+p.Format {
			t.Errorf("%s: %v of %d bytes for %v: %+v", name, p.Size, len(kept), space, page)
		}
		if name == "a phone's" && p.Size.X >= p.Size.Y {
			t.Errorf("it lies on its side: %v", p.Size)
		}
		if bytes.Contains(kept, []byte("10.98N")) || bytes.Contains(kept, []byte("Exif")) {
			t.Errorf("%s: it tells where it was taken", name)
		}
		b := &plan.Bulletin{Class: plan.Normal, Text: "x", Pages: []plan.Page{page}}
		b.Place = place
		drawn, wrong, err := tools.Draw("vi", tools.Boards(place)[0], b)
		if err != nil || len(drawn) != 1 || len(wrong) > 0 {
			t.Errorf("%s: a board shows %d pages of it, %v, %v", name, len(drawn), wrong, err)
		}
	}
}

// wide is a PNG that claims to be of that size, in few bytes: a row of it is as the next.
func wide(t *testing.T, w, h uint32, data io.Reader) []byte {
	t.Helper()
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
		out = append(append(out, name...), data...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(append([]byte(name), data...)))
	}
	chunk("IHDR", append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h), 8, 6, 0, 0, 0))
	var z bytes.Buffer
	pack := zlib.NewWriter(&z)
	if _, err := io.Copy(pack, data); err != nil {
		t.Fatal(err)
	}
	if err := pack.Close(); err != nil {
		t.Fatal(err)
	}
	chunk("IDAT", z.Bytes())
	chunk("IEND", nil)
	return out
}

// zeros are so many.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// What is no picture, names other files or would fill the centre's memory is refused.
func TestPicturesRefused(t *testing.T) {
	tools := makingTools(t)
	secret := filepath.Join(t.TempDir(), "secret.png")
	if err := os.WriteFile(secret, photograph(t, 40, 40), 0o600); err != nil {
		t.Fatal(err)
	}
	film := filepath.Join(t.TempDir(), "film.mp4")
	if out, err := exec.Command("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:d=1", film).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	moving, err := os.ReadFile(film)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "a text": []byte("không phải ảnh"), "a page": []byte("<html><script>alert(1)</script></html>"), "a film": moving,
		"an SVG":          []byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"><image xlink:href="file://` + secret + `" width="9" height="9"/></svg>`),
		"a list of files": []byte("ffconcat version 1.0\nfile " + secret + "\n"), "a playlist": []byte("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + secret + "\n#EXT-X-ENDLIST\n"),
		"cut":    photograph(t, 400, 400)[:300],
		"a bomb": wide(t, 30_000, 30_000, io.LimitReader(zeros{}, 200<<20)), "a long bomb": wide(t, 1, 2_000_000_000, strings.NewReader("x")),
		"a bomb that is just too large": wide(t, 7_200, 7_200, io.LimitReader(zeros{}, 7_200*(4*7_200+1))),
	} {
		var told *desk.Told
		if page, err := tools.Picture(t.Context(), "vi", "26734", bytes.NewReader(data)); !errors.As(err, &told) {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
	}
}
