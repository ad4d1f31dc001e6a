package bxtest

import (
	"image"
	"time"
)

const areaRoom = 300 << 10

// obeyArea is the F0 dialect.
func (c *Card) obeyArea(f frame) result {
	switch uint16(f.group)<<8 | uint16(f.cmd) {
	case 0xA200:
		return ack()
	case 0xA701:
		if len(f.data) < 1 || f.data[0] != 0xFF {
			return refuse(2)
		}
		c.area = nil
		return ack()
	case 0xA700:
		return c.update(&reader{b: f.data})
	}
	return refuse(2)
}

func (c *Card) update(r *reader) result {
	sixth := c.model.versions[0] == 7
	if sixth && r.u16() != 1 {
		return refuse(18)
	}
	params := &reader{b: r.bytes(r.u32())}
	if params.u8() > 3 { // its number
		return refuse(18)
	}
	a := &area{mode: params.u8(), since: time.Now()}
	timeout := params.u16()
	params.u8()
	for range params.u16() {
		params.u16()
	}
	if params.u8() != 1 {
		return refuse(18) // would share the screen with programs, which is not drawn here
	}
	params.bytes(4)
	if a.mode == 2 {
		a.until = time.Now().Add(time.Duration(timeout) * time.Second)
	}
	if !c.pages(params, r, 0x10, a) || params.bad || len(params.b) > 0 || r.bad || len(r.b) > 0 {
		return refuse(18)
	}
	total := 0
	for _, p := range a.pages {
		total += len(p.bits)
	}
	if total > areaRoom {
		return refuse(4)
	}
	c.area = a
	return ack()
}

// pages reads an area from its type on; BX-6 has the bitmaps in rest.
func (c *Card) pages(r, rest *reader, kind byte, a *area) bool {
	if r.u8() != kind {
		return false
	}
	x, y, w, h := r.u16(), r.u16(), r.u16(), r.u16()
	a.at = image.Rect(x, y, x+w, y+h)
	if !a.at.In(image.Rectangle{Max: c.model.Size}) || r.u8() != 0 {
		return false
	}
	sixth := c.model.versions[0] == 7
	if sixth {
		r.bytes(9)
	}
	bitmaps := 0
	for range r.u16() {
		n := r.u32()
		p := &reader{b: r.bytes(n)}
		p.u8()
		pg := page{way: p.u8()}
		p.u8()
		pg.speed = p.u8()
		p.u16()
		p.u8()
		pg.valid = p.u16()
		if sixth {
			p.bytes(9)
			offset, size := p.u32(), p.u32()
			if rest == nil || offset != bitmaps {
				return false
			}
			pg.bits = rest.bytes(size)
			bitmaps += size
		} else {
			p.bytes(4)
			pg.bits = p.bytes(len(p.b))
		}
		if p.bad || len(p.b) > 0 {
			return false
		}
		if len(pg.bits) != c.bitmapSize(a.at.Size()) {
			return false
		}
		a.pages = append(a.pages, pg)
	}
	return len(a.pages) > 0
}

// A reader takes numbers from bytes, and remembers if there were too few.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	p := r.b[:n:n]
	r.b = r.b[n:]
	return append([]byte(nil), p...)
}

func (r *reader) number(n int) (v int) {
	for i, b := range r.bytes(n) {
		v |= int(b) << (8 * i)
	}
	return v
}

func (r *reader) u8() byte { return byte(r.number(1)) }
func (r *reader) u16() int { return r.number(2) }
func (r *reader) u32() int {
	n := r.number(4)
	if n < 0 || n > 1<<24 {
		r.bad = true
		return 0
	}
	return n
}
