package bx

import (
	"fmt"
	"hash/crc32"
)

// The line layer, the same for all dialects: eight A5, the payload with its A5,
// A6, 5A and 5B replaced, one 5A.
const (
	headByte = 0xA5
	tailByte = 0x5A
	heads    = 8

	// maxReply bounds a frame from the card; the longest known reply, that to a
	// ping of a BX-6, has about 400 bytes.
	maxReply = 4 << 10
)

// wrap makes a payload a frame.
func wrap(payload []byte) []byte {
	f := make([]byte, 0, len(payload)+len(payload)/32+heads+1)
	for range heads {
		f = append(f, headByte)
	}
	for _, b := range payload {
		switch b {
		case 0xA5:
			f = append(f, 0xA6, 2)
		case 0xA6:
			f = append(f, 0xA6, 1)
		case 0x5A:
			f = append(f, 0x5B, 2)
		case 0x5B:
			f = append(f, 0x5B, 1)
		default:
			f = append(f, b)
		}
	}
	return append(f, tailByte)
}

// A scanner finds frames in what a line brings, however it is cut. An A5 never
// stands inside a payload, so it always begins a frame: what was lost before it
// does no harm.
type scanner struct {
	inside bool
	escape byte // A6 or 5B waits for its second byte
	buf    []byte

	noise  int    // bytes that belong to no whole frame
	sample []byte // the first of them
}

// push takes the next byte and returns the payload that it ends, or nil.
func (s *scanner) push(b byte) []byte {
	switch {
	case b == headByte:
		s.drop()
		s.inside = true
	case !s.inside:
		s.note(b)
	case b == tailByte && s.escape == 0 && len(s.buf) > 0:
		p := s.buf
		s.inside, s.buf = false, nil
		return p
	case s.escape != 0 && (b == 1 || b == 2):
		s.buf = append(s.buf, s.escape+1-b) // A6 01 is A6, A6 02 is A5; 5B likewise
		s.escape = 0
	case s.escape != 0 || b == tailByte || len(s.buf) == maxReply:
		s.drop()
		s.note(b)
	case b == 0xA6 || b == 0x5B:
		s.escape = b
	default:
		s.buf = append(s.buf, b)
	}
	return nil
}

// drop gives up the frame that has begun; its bytes were noise.
func (s *scanner) drop() {
	for _, b := range s.buf {
		s.note(b)
	}
	s.inside, s.escape, s.buf = false, 0, s.buf[:0]
}

func (s *scanner) note(b byte) {
	s.noise++
	if len(s.sample) < 12 {
		s.sample = append(s.sample, b)
	}
}

// forget begins a new count of noise.
func (s *scanner) forget() { s.noise, s.sample = 0, nil }

// heard says in words what came that was no frame; empty: nothing.
func (s *scanner) heard() string {
	n := s.noise + len(s.buf)
	if n == 0 {
		return ""
	}
	sample := append(append([]byte(nil), s.sample...), s.buf...)
	return fmt.Sprintf("%d bytes of noise (% X …): another speed, another protocol, or two cards at once", n, sample[:min(n, 8, len(sample))])
}

var crc16Table = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0xA001
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return t
}()

// crc16 is CRC-16/ARC: polynomial 8005 reflected, begins with 0, low byte first.
func crc16(p []byte) uint16 {
	var c uint16
	for _, b := range p {
		c = c>>8 ^ crc16Table[byte(c)^b]
	}
	return c
}

// crc32zero is the checksum of files: the usual polynomial, but begun with 0 and
// not inverted at the end.
func crc32zero(p []byte) uint32 {
	return ^crc32.Update(^uint32(0), crc32.IEEETable, p)
}
