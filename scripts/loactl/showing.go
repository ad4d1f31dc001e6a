package main

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/png"
	"os"
	"time"

	"loa/agent/layout"
)

// A showing is what the board shows as long as one page is on.
type showing struct {
	size   image.Point
	page   *layout.Page   // nil: only the ticker
	ticker *layout.Ticker // nil: there is none
	ran    time.Duration  // since when the ticker runs, when the page comes on
}

// frame is what the board shows that long after the page came on.
func (s showing) frame(at time.Duration) *image.RGBA {
	f := image.NewRGBA(image.Rectangle{Max: s.size})
	draw.Draw(f, f.Rect, image.Black, image.Point{}, draw.Src)
	s.draw(f, at)
	return f
}

// draw is frame into a picture that was one before.
func (s showing) draw(f *image.RGBA, at time.Duration) {
	if s.ticker == nil {
		s.page.Frame(f, at)
		return
	}
	s.ticker.Frame(f, s.ran+at)
	if s.page != nil {
		s.ticker.Over(f, s.page, at)
	}
}

func (s showing) moves() bool { return s.ticker != nil || s.page.Next(0) > 0 }

func (s showing) length() time.Duration {
	if s.page == nil {
		return s.ticker.Length()
	}
	return s.page.Length()
}

func (s showing) text() string {
	if s.page == nil {
		return s.ticker.Text()
	}
	return s.page.Text
}

// edge is what is between the lamps.
var edge = color.RGBA{16, 16, 16, 255}

// magnified draws every lamp of a small board as a square with a dark edge, as it
// looks from near.
func magnified(p *image.RGBA) *image.RGBA {
	k := magnification(p)
	if k == 1 {
		return p
	}
	big := image.NewRGBA(image.Rect(0, 0, p.Rect.Dx()*k, p.Rect.Dy()*k))
	draw.Draw(big, big.Rect, image.NewUniform(edge), image.Point{}, draw.Src)
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			lamp := image.Rect(x*k, y*k, x*k+k-1, y*k+k-1)
			draw.Draw(big, lamp, image.NewUniform(p.RGBAAt(x, y)), image.Point{}, draw.Src)
		}
	}
	return big
}

func magnification(p *image.RGBA) int { return max(1, min(8, 1024/p.Rect.Dx())) }

func writePNG(name string, s showing) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, magnified(s.frame(0))), f.Close())
}

// A moving page is drawn for one showing, at a speed that every viewer can keep. What
// takes long is drawn in larger steps.
const (
	gifStep   = 100 * time.Millisecond
	gifFrames = 300
)

// writeGIF draws a page that moves. Most of a board stands still from one frame to the
// next: only what changes is converted and packed.
func writeGIF(name string, s showing) error {
	const unit = 10 * time.Millisecond // of a GIF
	step := max(gifStep, (s.length()/gifFrames).Round(unit)+unit)
	frame, before := s.frame(0), s.frame(s.length()/2)
	ink := ink{colors: paletteOf(before), found: map[color.RGBA]uint8{}}
	if s.page != nil && s.ticker == nil {
		ink.colors = paletteOf(s.page.Picture())
	}
	k := magnification(frame)
	g := gif.GIF{Config: image.Config{ColorModel: ink.colors, Width: frame.Rect.Dx() * k, Height: frame.Rect.Dy() * k}}
	for at := time.Duration(0); at < s.length(); at += step {
		s.draw(frame, at)
		changed := frame.Rect
		if at > 0 {
			changed = differs(frame, before)
		}
		if changed.Empty() {
			g.Delay[len(g.Delay)-1] += int(step / unit)
			continue
		}
		g.Image, g.Delay = append(g.Image, ink.magnified(frame, changed)), append(g.Delay, int(step/unit))
		frame, before = before, frame
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(gif.EncodeAll(f, &g), f.Close())
}

// differs is the part in which two pictures of one size differ.
func differs(a, b *image.RGBA) (part image.Rectangle) {
	for y := range a.Rect.Dy() {
		p, q := a.Pix[y*a.Stride:][:a.Stride], b.Pix[y*b.Stride:][:b.Stride]
		if bytes.Equal(p, q) {
			continue
		}
		left, right := 0, len(p)
		for p[left] == q[left] {
			left++
		}
		for p[right-1] == q[right-1] {
			right--
		}
		part = part.Union(image.Rect(left/4, y, (right+3)/4, y+1))
	}
	return part
}

// An ink is the colours of a GIF, and those of a board that were found among them: a
// search through 256 for every dot of a hundred frames takes half a minute.
type ink struct {
	colors color.Palette
	found  map[color.RGBA]uint8
}

func (k *ink) nearest(c color.RGBA) uint8 {
	n, ok := k.found[c]
	if !ok {
		n = uint8(k.colors.Index(c))
		k.found[c] = n
	}
	return n
}

// magnified is a part of a picture as the function of that name draws it, in the
// colours of the ink.
func (k *ink) magnified(p *image.RGBA, part image.Rectangle) *image.Paletted {
	n, gap := magnification(p), k.nearest(edge)
	to := image.NewPaletted(image.Rect(part.Min.X*n, part.Min.Y*n, part.Max.X*n, part.Max.Y*n), k.colors)
	last := color.RGBA{A: 255}
	lit := k.nearest(last)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := to.Pix[(y-part.Min.Y)*n*to.Stride:][:n*to.Stride]
		line := row[:0:to.Stride]
		for x := part.Min.X; x < part.Max.X; x++ {
			if c := p.RGBAAt(x, y); c != last {
				last, lit = c, k.nearest(c)
			}
			for range max(1, n-1) {
				line = append(line, lit)
			}
			if n > 1 {
				line = append(line, gap)
			}
		}
		for i := 1; i < n; i++ {
			copy(row[i*to.Stride:], line)
		}
		if n > 1 {
			for i := range line {
				row[(n-1)*to.Stride+i] = gap
			}
		}
	}
	return to
}

// paletteOf is the colours of a picture, or the usual ones where it has too many.
func paletteOf(p *image.RGBA) color.Palette {
	seen := map[color.RGBA]bool{{A: 255}: true, edge: true}
	colors := color.Palette{color.RGBA{A: 255}, edge}
	for i := 0; i < len(p.Pix); i += 4 {
		c := color.RGBA{p.Pix[i], p.Pix[i+1], p.Pix[i+2], 255}
		if seen[c] {
			continue
		}
		seen[c] = true
		if colors = append(colors, c); len(colors) > 256 {
			return palette.WebSafe
		}
	}
	return colors
}
