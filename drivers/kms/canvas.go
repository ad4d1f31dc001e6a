package kms

import (
	"encoding/binary"
	"image"
	"image/draw"
)

// A canvas is memory that is seen: rows of pixels, each row pitch bytes long.
type canvas struct {
	mem    []byte
	pitch  int
	format *format
}

// A format packs a colour into 16 or 32 bits, in the order of the processor's bytes,
// which on all boards is little-endian.
type format struct {
	bytes   int // of a pixel
	r, g, b [256]uint32
	usual   bool // xrgb8888
}

// A field is where a colour lies within a pixel.
type field struct{ offset, length uint32 }

func newFormat(bits int, r, g, b field) *format {
	f := &format{bytes: bits / 8, usual: bits == 32 && r == field{16, 8} && g == field{8, 8} && b == field{0, 8}}
	for v := range uint32(256) {
		f.r[v], f.g[v], f.b[v] = r.pack(v), g.pack(v), b.pack(v)
	}
	return f
}

// pack rounds: a shift would make every colour of a 16-bit screen darker.
func (f field) pack(v uint32) uint32 {
	most := uint32(1)<<f.length - 1
	return (v*most + 127) / 255 << f.offset
}

// xrgb8888 is the one format that every card has.
var xrgb8888 = newFormat(32, field{16, 8}, field{8, 8}, field{0, 8})

// paint fills the area. It never reads the canvas, and writes each row in order:
// the memory of a card is slow to read, and quick to write only so.
func (c canvas) paint(area image.Rectangle, t *turner, picture image.Image) {
	t.load(picture)
	row := make([]byte, area.Dx()*c.format.bytes)
	for y := range area.Dy() {
		from, to := t.first+y*t.dy, c.mem[(area.Min.Y+y)*c.pitch+area.Min.X*c.format.bytes:]
		if c.format.usual && t.dx == 4 {
			exchange(to[:len(row)], t.pix[from:])
			continue
		}
		if c.format.bytes == 2 {
			for x := range area.Dx() {
				binary.LittleEndian.PutUint16(row[2*x:], uint16(c.format.pack(t.pix, from+x*t.dx)))
			}
		} else {
			for x := range area.Dx() {
				binary.LittleEndian.PutUint32(row[4*x:], c.format.pack(t.pix, from+x*t.dx))
			}
		}
		copy(to, row)
	}
}

// exchange makes xrgb8888 of RGBA, two pixels at a time: the tables of a format take
// five times as long, and a screen of 1920x1080 that scrolls takes fifty pictures a second.
func exchange(to, from []byte) {
	const stay, red = 0xFF00FF00_FF00FF00, 0x000000FF_000000FF // green and what nobody looks at; red, or blue
	le := binary.LittleEndian
	n := len(to)
	from = from[:n]
	i := 0
	for ; i <= n-16; i += 16 {
		in, out := (*[16]byte)(from[i:]), (*[16]byte)(to[i:])
		v, w := le.Uint64(in[:8]), le.Uint64(in[8:])
		le.PutUint64(out[:8], v&stay|v&red<<16|v>>16&red)
		le.PutUint64(out[8:], w&stay|w&red<<16|w>>16&red)
	}
	for ; i <= n-4; i += 4 {
		v := le.Uint32(from[i:])
		le.PutUint32(to[i:], v&0xFF00FF00|v&0xFF<<16|v>>16&0xFF)
	}
}

// pack takes the RGBA at i.
func (f *format) pack(pix []byte, i int) uint32 {
	p := pix[i : i+3 : i+3]
	return f.r[p[0]] | f.g[p[1]] | f.b[p[2]]
}

// A turner looks at a picture from the area of the screen that it turns into.
type turner struct {
	scratch *image.RGBA // of the picture's size
	pix     []byte      // of the picture, RGBA over black
	first   int         // where in pix the top left pixel of the area lies
	dx, dy  int         // how far in pix its neighbours to the right and below are
}

func newTurner(area image.Point, rotate int) *turner {
	size := area
	if rotate%180 != 0 {
		size = image.Pt(area.Y, area.X)
	}
	t := &turner{scratch: image.NewRGBA(image.Rectangle{Max: size})}
	const right = 4
	down := t.scratch.Stride
	switch last := (size.Y-1)*down + (size.X-1)*right; rotate {
	case 0:
		t.first, t.dx, t.dy = 0, right, down
	case 90: // the picture's left side lies on top, its lowest row at the left
		t.first, t.dx, t.dy = (size.Y-1)*down, -down, right
	case 180:
		t.first, t.dx, t.dy = last, -right, -down
	case 270:
		t.first, t.dx, t.dy = (size.X-1)*right, down, -right
	}
	return t
}

func (t *turner) size() image.Point { return t.scratch.Rect.Size() }

// load takes the picture as it is where its memory fits, and copies it elsewhere. The
// colours of image.RGBA are multiplied by their opacity: they are those over black.
func (t *turner) load(picture image.Image) {
	if p, ok := picture.(*image.RGBA); ok && p.Stride == t.scratch.Stride {
		t.pix = p.Pix
		return
	}
	draw.Draw(t.scratch, t.scratch.Rect, picture, image.Point{}, draw.Src)
	t.pix = t.scratch.Pix
}
