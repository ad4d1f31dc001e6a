package layout

import (
	"image"
	"image/color"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/image/vector"

	"loa/agent/layout/bitfont"
)

// A glyph is a shape where it stands: x of the pen, y of the baseline.
type glyph struct {
	shape shape
	x, y  int
}

// A shape is what a letter looks like.
type shape interface {
	ink() image.Rectangle // around what is lit; the pen at (0,0), y down
	draw(p *pen, x, y int)
}

type inkColor struct {
	color.RGBA
	smooth bool // grey is allowed
}

// A pen draws shapes on black.
type pen struct {
	dst   *image.RGBA
	lit   inkColor
	faces map[*font.Font]*font.Face
}

// bits is a letter of a bitmap font, every pixel scale times as large.
type bits struct {
	*bitfont.Glyph
	scale int
}

func (b bits) ink() image.Rectangle {
	return image.Rect(b.Left*b.scale, -b.Top*b.scale, (b.Left+b.Width)*b.scale, (b.Height-b.Top)*b.scale)
}

func (b bits) draw(p *pen, x, y int) {
	for row := range b.Height {
		for column := range b.Width {
			if b.At(column, row) {
				p.fill(image.Rect(0, 0, b.scale, b.scale).Add(image.Pt(x+(b.Left+column)*b.scale, y+(row-b.Top)*b.scale)))
			}
		}
	}
}

// box stands for a letter that no font has.
type box struct{ width, height int }

func (b box) ink() image.Rectangle { return image.Rect(1, -b.height, b.width-1, 0) }

func (b box) draw(p *pen, x, y int) {
	r := b.ink().Add(image.Pt(x, y))
	thick := max(1, b.height/10)
	p.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+thick))
	p.fill(image.Rect(r.Min.X, r.Max.Y-thick, r.Max.X, r.Max.Y))
	p.fill(image.Rect(r.Min.X, r.Min.Y, r.Min.X+thick, r.Max.Y))
	p.fill(image.Rect(r.Max.X-thick, r.Min.Y, r.Max.X, r.Max.Y))
}

// curve is a letter of an outline font, ppem pixels to the em.
type curve struct {
	font   *font.Font
	id     font.GID
	ppem   float32
	extent font.GlyphExtents // in font units
}

func (c curve) scale() float32 { return c.ppem / float32(c.font.Upem()) }

func (c curve) ink() image.Rectangle {
	s, e := float64(c.scale()), c.extent
	left, top := float64(e.XBearing)*s, float64(e.YBearing)*s
	right, bottom := left+float64(e.Width)*s, top+float64(e.Height)*s
	if e.Width == 0 || e.Height == 0 {
		return image.Rectangle{}
	}
	return image.Rect(floor(left), -ceil(top), ceil(right), -floor(bottom))
}

func floor(f float64) int { return int(math.Floor(f)) }
func ceil(f float64) int  { return int(math.Ceil(f)) }

// threshold is the share of a pixel that must be covered to light it where there
// is no grey: a little under half keeps thin strokes whole.
const threshold = 110

func (c curve) draw(p *pen, x, y int) {
	r := c.ink()
	if r.Empty() || !r.Add(image.Pt(x, y)).Overlaps(p.dst.Rect) {
		return
	}
	outline, ok := p.face(c.font).GlyphDataOutline(c.id)
	if !ok {
		return
	}
	z := vector.NewRasterizer(r.Dx(), r.Dy())
	s := c.scale()
	at := func(q opentype.SegmentPoint) (float32, float32) {
		return q.X*s - float32(r.Min.X), -q.Y*s - float32(r.Min.Y)
	}
	for _, segment := range outline.Segments {
		ax, ay := at(segment.Args[0])
		bx, by := at(segment.Args[1])
		cx, cy := at(segment.Args[2])
		switch segment.Op {
		case opentype.SegmentOpMoveTo:
			z.ClosePath()
			z.MoveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			z.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			z.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			z.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	z.ClosePath()
	mask := image.NewAlpha(image.Rectangle{Max: r.Size()})
	z.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	for row := range r.Dy() {
		for column := range r.Dx() {
			if a := mask.Pix[row*mask.Stride+column]; a > 0 {
				p.touch(x+r.Min.X+column, y+r.Min.Y+row, a)
			}
		}
	}
}

// face is the font with the caches that drawing needs.
func (p *pen) face(f *font.Font) *font.Face {
	if p.faces[f] == nil {
		if p.faces == nil {
			p.faces = map[*font.Font]*font.Face{}
		}
		p.faces[f] = font.NewFace(f)
	}
	return p.faces[f]
}

// touch lights a pixel by a share of 255. Letters do not darken each other.
func (p *pen) touch(x, y int, share uint8) {
	if !image.Pt(x, y).In(p.dst.Rect) {
		return
	}
	if !p.lit.smooth {
		if share < threshold {
			return
		}
		share = 255
	}
	i := p.dst.PixOffset(x, y)
	for k, c := range [3]uint8{p.lit.R, p.lit.G, p.lit.B} {
		p.dst.Pix[i+k] = max(p.dst.Pix[i+k], uint8(uint16(c)*uint16(share)/255))
	}
}

func (p *pen) fill(r image.Rectangle) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			p.touch(x, y, 255)
		}
	}
}
