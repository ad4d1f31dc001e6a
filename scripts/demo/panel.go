package main

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"loa/agent/layout"
	"loa/agent/plan"
	blocks "loa/drivers/term"
)

// panelFile is where board desk draws its panel.
const panelFile = "panel.png"

// panel is what the board shows now; nil: it does not yet.
func (b *box) panel() image.Image {
	f, err := os.Open(b.state(panelFile))
	if err != nil {
		return nil
	}
	defer f.Close()
	img, err := png.Decode(f) // the file is renamed into place, so it is whole
	if err != nil {
		return nil
	}
	return img
}

// picture is the panel in lines of the terminal, nil where it does not fit in.
func (w *watcher) picture() []string {
	img := w.box.panel()
	if img == nil {
		return nil
	}
	width, height, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width <= img.Bounds().Dx() || height < img.Bounds().Dy()/2+4 {
		return nil
	}
	return blocks.Lines(img, blocks.DepthOf(os.Getenv))
}

// notice is the text that runs over the board while the bulletin is spoken.
const notice = "Lịch tiêm chủng: sáng thứ Hai, 7 giờ 30, tại Trạm y tế phường. Mời bà con đưa trẻ đến đúng giờ."

// noticePage is how it is signed.
var noticePage = plan.Page{Text: notice, Style: "scroll"}

// A boardWatch looks at the board while the programme runs.
type boardWatch struct {
	seen   time.Time // when a part of the notice was first there
	frames int       // different ones of it
	last   []uint8
}

// look notes whether the board shows a part of the notice, to the pixel.
func (b *boardWatch) look(img image.Image) {
	if img == nil {
		return
	}
	size := img.Bounds().Size()
	look, _ := layout.LookNamed(noticePage.Style)
	pages, _ := layout.Set(noticePage.Text, look, layout.Board{Size: size, Colors: layout.Mono}, layout.Fields{})
	if len(pages) != 1 {
		return
	}
	got := rgba(img)
	if slices.Equal(got.Pix, b.last) || !lit(got) {
		return
	}
	want := image.NewRGBA(image.Rectangle{Max: size})
	p := &pages[0]
	for at := time.Duration(0); at < p.Length(); at = p.Next(at) {
		if p.Frame(want, at); slices.Equal(want.Pix, got.Pix) {
			if b.frames++; b.frames == 1 {
				b.seen = time.Now()
			}
			b.last = got.Pix
			return
		}
	}
}

func rgba(img image.Image) *image.RGBA {
	p := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			p.Set(x, y, img.At(x, y))
		}
	}
	return p
}

func lit(p *image.RGBA) bool {
	for i := 0; i < len(p.Pix); i += 4 {
		if p.Pix[i] > 0 || p.Pix[i+1] > 0 || p.Pix[i+2] > 0 {
			return true
		}
	}
	return false
}

// check compares what was seen with what was signed.
func (b *boardWatch) check(out io.Writer, spoken time.Time) error {
	if b.frames < 5 {
		return fmt.Errorf("the board showed %d frames of the notice; 5 at least, to the pixel", b.frames)
	}
	if spoken.IsZero() {
		return errors.New("the bulletin never began to sound")
	}
	fmt.Fprintf(out, "board     %d frames of the notice seen, the first %s after its sound began\n",
		b.frames, strings.TrimPrefix(b.seen.Sub(spoken).Round(10*time.Millisecond).String(), "+"))
	return nil
}
