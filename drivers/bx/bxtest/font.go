package bxtest

import (
	"image"
	"time"
)

// obeyK is the dialect of font cards.
func (c *Card) obeyK(f frame) result {
	d := f.data
	switch uint16(f.group)<<8 | uint16(f.cmd) {
	case 0xA200:
	case 0xA20A:
		b := le.AppendUint16(nil, c.address())
		b = append(b, byte(c.model.Device), 2)
		b = le.AppendUint16(b, uint16(c.model.Size.X))
		b = le.AppendUint16(b, uint16(c.model.Size.Y))
		return tell(0x0A, append(b, c.model.Colour, 0, 0, 1, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0))
	case 0xA203:
		if len(d) != 8 {
			return refuse(14)
		}
		t := time.Date(unbcd(d[1])*100+unbcd(d[0]), time.Month(unbcd(d[2])), unbcd(d[3]), unbcd(d[4]), unbcd(d[5]), unbcd(d[6]), 0, time.Local)
		c.rtc = time.Until(t)
	case 0xA300:
		c.off = d[0] == 2
	case 0xA301:
		c.timer = append([]byte(nil), d...)
	case 0xA308:
		c.timer = nil
	case 0xA302:
		if len(d) != 2 || d[0] != 1 || d[1] > 15 {
			return refuse(2)
		}
		c.dimmed = d[1]
	case 0xA102:
		return tell(2, c.statusK())
	case 0xA401:
		return c.define(d)
	case 0xA403:
		return c.bitmap(d)
	case 0xA404:
		c.area = nil
	default:
		return refuse(2)
	}
	return ack()
}

func (c *Card) statusK() []byte {
	on := byte(2)
	if !c.off {
		on = 1
	}
	t := time.Now().Add(c.rtc)
	b := []byte{on, c.dimmed, bcd(t.Year() / 100), bcd(t.Year() % 100), bcd(int(t.Month())), bcd(t.Day()),
		byte(int(t.Weekday())+6)%7 + 1, bcd(t.Hour()), bcd(t.Minute()), bcd(t.Second()), byte(len(c.programs()))}
	b = append(b, c.current()...)
	b = append(b, flag(c.area != nil && !c.area.over()), 0, 0)
	return append(b, make([]byte, 28)...)
}

// define is A4 01: an area for a bitmap, which is still to come. What the area
// showed before stays until then.
func (c *Card) define(d []byte) result {
	r := &reader{b: d}
	x, y, w, h := r.u16()*8, r.u16(), r.u16()*8, r.u16()
	kind, pages, mode, timeout := r.u8(), r.u8(), r.u8(), r.u16()
	r.bytes(11)
	at := image.Rect(x, y, x+w, y+h)
	if r.bad || len(r.b) > 0 || kind != 1 || pages != 0 || !at.In(image.Rectangle{Max: c.model.Size}) {
		return refuse(18)
	}
	a := &area{at: at, mode: mode, pages: []page{{}}}
	if c.area != nil && c.area.at == at {
		a.pages = c.area.pages
	}
	if mode == 2 {
		a.until = time.Now().Add(time.Duration(timeout) * time.Second)
	}
	c.area, c.file = a, &upload{}
	return ack()
}

// bitmap is A4 03: a block of the bitmap.
func (c *Card) bitmap(d []byte) result {
	r := &reader{b: d}
	last, at := r.u8(), r.u16()
	if c.area == nil || c.file == nil {
		return refuse(2)
	}
	if at+len(r.b) != len(c.file.data) { // else again: its reply was lost
		if at != len(c.file.data) {
			return refuse(16)
		}
		c.file.data = append(c.file.data, r.b...)
	}
	if last == 1 {
		if len(c.file.data) != c.bitmapSize(c.area.at.Size()) {
			return refuse(4)
		}
		c.area.pages = []page{{bits: c.file.data}}
	}
	return ack()
}
