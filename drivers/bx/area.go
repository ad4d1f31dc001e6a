package bx

import "image"

const (
	shownStill   = 1 // ways to bring a page in
	shownLeft    = 4 // moves left without a gap
	shownUp      = 6 // moves up without a gap
	modeLoop     = 0 // ways of an area to go on
	modeDeadMan  = 2 // dark when nothing new has come within the timeout
	alone        = 1 // programs stop as long as the area is there
	areaDynamic  = 0x10
	areaPicture  = 0
	usualSpeed   = 5
	usualStay    = 300 // × 10 ms
	maxArea      = 300 << 10
	slowestSpeed = 65
)

// A page is a bitmap and how it comes in.
type page struct {
	way   byte
	speed byte
	stay  int // × 10 ms
	valid int // columns that count, where it moves
	bits  []byte
}

// appendArea adds an area from its type to its last page, as dynamic areas and
// programs share it. BX-6 keeps the bitmaps apart: they follow at the end, or in
// a file of their own.
func appendArea(b []byte, d dialect, kind byte, r image.Rectangle, pages []page) []byte {
	b = append(b, kind)
	for _, v := range []int{r.Min.X, r.Min.Y, r.Dx(), r.Dy()} {
		b = le.AppendUint16(b, uint16(v))
	}
	b = append(b, 0) // no frame
	if d == sixth {
		b = append(b, 0, 101, 0, 0, 0, 0, 0, 0, 0) // no background, opaque, equal, no sound, reserved
	}
	b = le.AppendUint16(b, uint16(len(pages)))
	offset := 0
	for _, p := range pages {
		clear, size := byte(0), 13+len(p.bits)
		if d == sixth {
			clear, size = 1, 26
		}
		b = le.AppendUint32(b, uint32(size))
		b = append(b, 0, p.way, clear, p.speed)
		b = le.AppendUint16(b, uint16(p.stay))
		b = append(b, 1)
		b = le.AppendUint16(b, uint16(p.valid))
		if d == sixth {
			b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0)
			b = le.AppendUint32(b, uint32(offset))
			b = le.AppendUint32(b, uint32(len(p.bits)))
			offset += len(p.bits)
			continue
		}
		b = append(b, 0, 0, 0, 0)
		b = append(b, p.bits...)
	}
	return b
}

// dynamicArea is the data of command A7 00: area 0 gets these pages.
func dynamicArea(d dialect, mode byte, timeoutSeconds int, r image.Rectangle, pages []page) []byte {
	a := []byte{0 /* its number */, mode}
	a = le.AppendUint16(a, uint16(timeoutSeconds))
	a = append(a, 1, 0, 0 /* with all programs */, alone, 0, 0, 0, 0)
	a = appendArea(a, d, areaDynamic, r, pages)
	var b []byte
	if d == sixth {
		b = append(b, 1, 0) // one area
	}
	b = le.AppendUint32(b, uint32(len(a)))
	b = append(b, a...)
	if d == sixth {
		for _, p := range pages {
			b = append(b, p.bits...)
		}
	}
	return b
}
