package png

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	imagepng "image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Opts are the choices of a Panel. Path and Size are needed, the rest may be zero.
type Opts struct {
	Path string // its directory must be there
	Size image.Point

	// History is how many pictures are kept beside the newest; zero: none. Each is a
	// write of its own.
	History int
}

// A Panel is a file with a picture.
type Panel struct {
	o       Opts
	percent int

	frame   *image.RGBA // what the file shows, if shown is there
	shown   os.FileInfo // the file as this panel left it
	encoder imagepng.Encoder
	last    int // the number of the newest picture in the history
}

// New looks whether the directory is there, and where the history goes on. It
// writes nothing: until the first Show the file is what it was.
func New(o Opts) (*Panel, error) {
	if o.Size.X < 1 || o.Size.Y < 1 {
		return nil, fmt.Errorf("png: a panel of %v pixels", o.Size)
	}
	if s, err := os.Stat(filepath.Dir(o.Path)); err != nil {
		return nil, fmt.Errorf("png: %w", err)
	} else if !s.IsDir() {
		return nil, fmt.Errorf("png: %s is no directory", filepath.Dir(o.Path))
	}
	p := &Panel{
		o: o, percent: 100, frame: image.NewRGBA(image.Rectangle{Max: o.Size}),
		encoder: imagepng.Encoder{CompressionLevel: imagepng.BestSpeed},
	}
	kept, err := p.History()
	if len(kept) > 0 {
		p.last = p.number(kept[len(kept)-1])
	}
	return p, err
}

// Size is that of the pictures.
func (p *Panel) Size() image.Point { return p.o.Size }

// Show returns once the file is the picture.
func (p *Panel) Show(ctx context.Context, picture image.Image) error {
	if picture.Bounds() != p.frame.Rect {
		return fmt.Errorf("png: a picture of %v on a panel of %v", picture.Bounds(), p.o.Size)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("png: cannot show a picture: %w", err)
	}
	next := image.NewRGBA(p.frame.Rect)
	draw.Draw(next, next.Rect, picture, image.Point{}, draw.Src)
	for i := 3; i < len(next.Pix); i += 4 {
		next.Pix[i] = 255 // what is transparent is dark, whatever a viewer puts behind it
	}
	if p.stands() && bytes.Equal(next.Pix, p.frame.Pix) {
		return nil
	}
	p.frame, p.shown = next, nil
	var b bytes.Buffer
	if err := p.encoder.Encode(&b, p.frame); err != nil {
		return fmt.Errorf("png: %w", err)
	}
	if p.o.History > 0 {
		if err := p.keep(b.Bytes()); err != nil {
			return fmt.Errorf("png: %w", err)
		}
	}
	if err := write(p.o.Path, b.Bytes()); err != nil {
		return fmt.Errorf("png: %w", err)
	}
	shown, err := os.Stat(p.o.Path)
	if err != nil {
		return fmt.Errorf("png: %w", err)
	}
	p.shown = shown
	return nil
}

// stands reports whether the file is still the one that Show left.
func (p *Panel) stands() bool {
	if p.shown == nil {
		return false
	}
	now, err := os.Stat(p.o.Path)
	return err == nil && os.SameFile(now, p.shown) && now.Size() == p.shown.Size() && now.ModTime().Equal(p.shown.ModTime())
}

// write puts data in place of the file, whole.
func write(path string, data []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, data, 0o644); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// keep adds a picture to the history, and forgets the oldest.
func (p *Panel) keep(data []byte) error {
	p.last++
	base := strings.TrimSuffix(p.o.Path, ".png")
	if err := write(fmt.Sprintf("%s.%06d.png", base, p.last), data); err != nil {
		return err
	}
	kept, err := p.History()
	for len(kept) > p.o.History && err == nil {
		err = os.Remove(kept[0])
		kept = kept[1:]
	}
	return err
}

// History is the paths of the pictures that are kept, the oldest first.
func (p *Panel) History() ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(p.o.Path)) // in order
	var kept []string
	for _, e := range entries {
		if path := filepath.Join(filepath.Dir(p.o.Path), e.Name()); p.number(path) > 0 {
			kept = append(kept, path)
		}
	}
	return kept, err
}

// number is that of a picture of the history, 0 for other files.
func (p *Panel) number(path string) int {
	digits, ok := strings.CutPrefix(path, filepath.Clean(strings.TrimSuffix(p.o.Path, ".png"))+".")
	digits, png := strings.CutSuffix(digits, ".png")
	n, err := strconv.Atoi(digits)
	if !ok || !png || err != nil || n < 1 {
		return 0
	}
	return n
}

// SetBrightness remembers the percentage for Probe; the picture stays as it is.
func (p *Panel) SetBrightness(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("png: a brightness of %d %%", percent)
	}
	p.percent = percent
	return nil
}

// Probe tells where the file is, and whether somebody took or changed it.
func (p *Panel) Probe(ctx context.Context) (map[string]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("png: %w", err)
	}
	if _, err := os.Stat(filepath.Dir(p.o.Path)); err != nil {
		return nil, fmt.Errorf("png: %w", err)
	}
	facts := map[string]string{
		"model": "PNG file", "file": p.o.Path, "on": "true",
		"width": strconv.Itoa(p.o.Size.X), "height": strconv.Itoa(p.o.Size.Y),
		"brightness_percent": strconv.Itoa(p.percent),
	}
	if p.shown != nil && !p.stands() {
		facts["lost"] = "true"
	}
	return facts, nil
}
