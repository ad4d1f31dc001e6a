package bxtest

import (
	"image"
	"image/color"
	"time"
)

func (a *area) over() bool { return a.mode == 2 && !time.Now().Before(a.until) }

// pixelTime is how long each level of speed lets a pixel take. No document says so.
const pixelTime = 10 * time.Millisecond

// The ways of a page to come in that are known here.
const (
	left = 4
	up   = 6
)

// Screen is what a person in front of the panel sees. What moves in an area begins with
// its beginning at the edge, and its end is followed by its beginning. That of a
// program is seen as it begins.
func (c *Card) Screen() image.Image {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := image.NewRGBA(image.Rectangle{Max: c.model.Size})
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	if c.off || c.loading {
		return m
	}
	a := c.area
	if a != nil && a.over() {
		a = nil
	}
	if a == nil {
		a = c.program(c.current())
	}
	if a == nil {
		if _, ok := c.flash["P777"]; ok {
			for x := range c.model.Size.X {
				m.Set(x, c.model.Size.Y-1, color.RGBA{255, 0, 0, 255})
			}
		}
		return m
	}
	whole := c.strip(a)
	if whole == nil || a.since.IsZero() {
		c.draw(m, a.at.Min, a.at.Size(), a.pages[0].bits)
		return m
	}
	gone := int(time.Since(a.since) / (time.Duration(a.pages[0].speed) * pixelTime))
	for y := range a.at.Dy() {
		for x := range a.at.Dx() {
			from := image.Pt((x+gone)%whole.Rect.Dx(), y)
			if a.pages[0].way == up {
				from = image.Pt(x, (y+gone)%whole.Rect.Dy())
			}
			m.Set(a.at.Min.X+x, a.at.Min.Y+y, whole.At(from.X, from.Y))
		}
	}
	return m
}

// Strip is the whole of what moves over the screen, and the level of its speed;
// nil: nothing moves.
func (c *Card) Strip() (image.Image, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.area
	if a == nil {
		a = c.program(c.current())
	}
	if a == nil {
		return nil, 0
	}
	if m := c.strip(a); m != nil {
		return m, int(a.pages[0].speed)
	}
	return nil, 0
}

// strip puts the pages of what moves side by side, or under each other; nil: it stands.
func (c *Card) strip(a *area) *image.RGBA {
	var at []image.Point
	size := a.at.Size()
	width, height := 0, size.Y
	for i, p := range a.pages {
		switch p.way {
		case left:
			at = append(at, image.Pt(width, 0))
			width += p.valid
		case up:
			at = append(at, image.Pt(0, i*size.Y))
			width, height = size.X, (i+1)*size.Y
		default:
			return nil
		}
	}
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for i, p := range a.pages {
		c.draw(m, at[i], size, p.bits)
	}
	return m
}

// two tells whether a pixel has two diodes.
func (c *Card) two() bool {
	if c.model.versions[0] == 2 {
		return c.model.Colour == 2
	}
	return c.model.Colour == 3
}

func (c *Card) bitmapSize(s image.Point) int {
	n := 0
	switch c.model.bits {
	case "565":
		return s.X * s.Y * 2
	case "888":
		return s.X * s.Y * 3
	case "bytes":
		n = (s.X + 7) / 8 * s.Y
	case "words":
		n = (s.X + 31) / 32 * 4 * s.Y
	}
	if c.two() {
		n *= 2
	}
	return n
}

// draw decodes a bitmap pixel by pixel.
func (c *Card) draw(m *image.RGBA, at, size image.Point, bits []byte) {
	if len(bits) == 0 {
		return
	}
	for y := range size.Y {
		for x := range size.X {
			m.SetRGBA(at.X+x, at.Y+y, c.pixel(bits, size, x, y))
		}
	}
}

func (c *Card) pixel(bits []byte, size image.Point, x, y int) color.RGBA {
	lit := color.RGBA{A: 255}
	switch c.model.bits {
	case "888":
		i := 3 * (y*size.X + x)
		return color.RGBA{bits[i], bits[i+1], bits[i+2], 255}
	case "565":
		v := int(bits[2*(y*size.X+x)]) | int(bits[2*(y*size.X+x)+1])<<8
		return color.RGBA{widen(v>>11, 5), widen(v>>5&63, 6), widen(v&31, 5), 255}
	}
	var red, green bool
	if c.model.bits == "bytes" {
		row := (size.X + 7) / 8
		step := 1
		if c.two() {
			step = 2
		}
		i, bit := (y*row+x/8)*step, 7-uint(x%8)
		red = bits[i]>>bit&1 == 0
		green = c.two() && bits[i+1]>>bit&1 == 0
	} else {
		row := (size.X + 31) / 32
		word, bit := (y*row+x/32)*4, 31-uint(x%32)
		red = le.Uint32(bits[word:])>>bit&1 == 0
		if c.two() {
			green = le.Uint32(bits[row*4*size.Y+word:])>>bit&1 == 0
		}
	}
	if red {
		lit.R = 255
	}
	if green {
		lit.G = 255
	}
	return lit
}

// widen spreads a colour of few bits over eight.
func widen(v int, bits uint) uint8 { return uint8(v * 255 / (1<<bits - 1)) }
