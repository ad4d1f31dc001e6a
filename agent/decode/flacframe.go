package decode

import (
	"encoding/binary"
	"errors"
)

// A flacHeader begins a frame of FLAC (RFC 9639, section 9.1).
type flacHeader struct {
	variable bool
	block    int    // samples per channel
	rate     int    // 0: the stream's
	channels int    // 1…8
	decorrel int    // 0: none, else 8 left+side, 9 side+right, 10 mid+side
	bits     int    // per sample; 0: the stream's
	number   uint64 // of the frame, or of its first sample when variable
	size     int    // of the header in bytes
}

var flacBits = [8]int{0, 8, 12, -1, 16, 20, 24, 32}
var flacRates = [12]int{0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000}

// flacHeadMax is the length of the longest header.
const flacHeadMax = 16

// parseFLAC reads a frame header and reports whether it is one: the reserved bits
// are zero and its checksum holds.
func parseFLAC(b []byte) (h flacHeader, ok bool) {
	if len(b) < 6 || b[0] != 0xFF || b[1]&0xFE != 0xF8 || b[3]&1 != 0 {
		return h, false
	}
	h.variable = b[1]&1 == 1
	block, rate := int(b[2]>>4), int(b[2]&15)
	channels := int(b[3] >> 4)
	h.bits = flacBits[b[3]>>1&7]
	if block == 0 || rate == 15 || channels > 10 || h.bits < 0 {
		return h, false
	}
	h.channels = channels + 1
	if channels >= 8 {
		h.channels, h.decorrel = 2, channels
	}
	at := 5
	first := b[4]
	more := 0
	switch {
	case first < 0x80:
		h.number = uint64(first)
	case first >= 0xC0 && first != 0xFF:
		more = leadingOnes(first) - 1
		h.number = uint64(first & (0x3F >> more))
	default:
		return h, false
	}
	if len(b) < at+more+1 {
		return h, false
	}
	for range more {
		if b[at]&0xC0 != 0x80 {
			return h, false
		}
		h.number = h.number<<6 | uint64(b[at]&0x3F)
		at++
	}
	need := at + 1
	switch {
	case block == 6:
		need++
	case block == 7:
		need += 2
	}
	switch rate {
	case 12:
		need++
	case 13, 14:
		need += 2
	}
	if len(b) < need {
		return h, false
	}
	switch {
	case block == 1:
		h.block = 192
	case block <= 5:
		h.block = 576 << (block - 2)
	case block == 6:
		h.block = int(b[at]) + 1
		at++
	case block == 7:
		h.block = int(binary.BigEndian.Uint16(b[at:])) + 1
		at += 2
	default:
		h.block = 256 << (block - 8)
	}
	switch rate {
	case 12:
		h.rate = int(b[at]) * 1000
		at++
	case 13:
		h.rate = int(binary.BigEndian.Uint16(b[at:]))
		at += 2
	case 14:
		h.rate = int(binary.BigEndian.Uint16(b[at:])) * 10
		at += 2
	default:
		h.rate = flacRates[rate]
	}
	h.size = at + 1
	return h, crc8(b[:at]) == b[at]
}

func leadingOnes(b byte) (n int) {
	for ; b&0x80 != 0; b <<= 1 {
		n++
	}
	return n
}

// crc8 is the checksum of a header, by x⁸+x²+x+1.
func crc8(b []byte) (crc byte) {
	for _, v := range b {
		crc = crc8Table[crc^v]
	}
	return crc
}

// crc16 is the checksum of a frame, by x¹⁶+x¹⁵+x²+1, two bytes at a step.
func crc16(b []byte) (crc uint16) {
	for len(b) >= 2 {
		crc ^= uint16(b[0])<<8 | uint16(b[1])
		crc = crc16Table[1][crc>>8] ^ crc16Table[0][crc&0xFF]
		b = b[2:]
	}
	if len(b) > 0 {
		crc = crc<<8 ^ crc16Table[0][byte(crc>>8)^b[0]]
	}
	return crc
}

var crc8Table, crc16Table = func() (t8 [256]byte, t16 [2][256]uint16) {
	for i := range 256 {
		c8, c16 := byte(i), uint16(i)<<8
		for range 8 {
			c8 = c8<<1 ^ c8>>7*0x07
			c16 = c16<<1 ^ c16>>15*0x8005
		}
		t8[i], t16[0][i] = c8, c16
	}
	for i, c := range t16[0] {
		t16[1][i] = c<<8 ^ t16[0][c>>8]
	}
	return t8, t16
}()

var (
	errFLACShort = errors.New("the frame is cut short")
	errFLACBad   = errors.New("the frame makes no sense")
)

// decodeFLAC decodes the subframes of the frame that begins b into samples, one
// slice a channel, and says how many bytes the frame has, without its checksum.
// bits is that of a sample.
func decodeFLAC(b []byte, h flacHeader, bits int, samples [][]int32) (size int, err error) {
	r := bitReader{b: b, next: h.size}
	for c := range h.channels {
		wide := bits
		if h.decorrel == 8 && c == 1 || h.decorrel == 9 && c == 0 || h.decorrel == 10 && c == 1 {
			wide++ // a difference takes one bit more
		}
		if wide > 32 {
			return 0, errFLACBad // differences of 32-bit samples: nobody makes them
		}
		if err := subframe(&r, samples[c][:h.block], wide); err != nil {
			return 0, err
		}
	}
	if r.short {
		return 0, errFLACShort
	}
	correlate(h, samples)
	return r.align(), nil
}

// correlate undoes what the encoder did to exploit that two channels are alike.
func correlate(h flacHeader, s [][]int32) {
	if h.decorrel == 0 {
		return
	}
	a, b := s[0][:h.block], s[1][:h.block]
	switch h.decorrel {
	case 8:
		for i, left := range a {
			b[i] = left - b[i]
		}
	case 9:
		for i, right := range b {
			a[i] += right
		}
	case 10:
		for i, side := range b {
			mid := a[i]<<1 | side&1
			a[i], b[i] = (mid+side)>>1, (mid-side)>>1
		}
	}
}

// subframe decodes one channel of a frame.
func subframe(r *bitReader, s []int32, bits int) error {
	head := r.uint(8)
	wasted := 0
	if head&1 == 1 {
		wasted = r.zeros() + 1
		bits -= wasted
	}
	kind := int(head >> 1)
	if head&0x80 != 0 || bits < 1 {
		return errFLACBad
	}
	var err error
	switch {
	case kind == 0: // one value all along
		v := int32(r.int(bits))
		for i := range s {
			s[i] = v
		}
	case kind == 1: // as it is
		for i := range s {
			s[i] = int32(r.int(bits))
		}
	case kind >= 8 && kind <= 12:
		err = fixed(r, s, bits, kind-8)
	case kind >= 32:
		err = linear(r, s, bits, kind-31)
	default:
		err = errFLACBad
	}
	if err != nil {
		return err
	}
	if r.short {
		return errFLACShort
	}
	if wasted > 0 {
		for i := range s {
			s[i] <<= wasted
		}
	}
	return nil
}

// fixed decodes a subframe predicted by one of the fixed polynomials.
func fixed(r *bitReader, s []int32, bits, order int) error {
	if err := residual(r, s, bits, order); err != nil {
		return err
	}
	switch order {
	case 1:
		for i := 1; i < len(s); i++ {
			s[i] += s[i-1]
		}
	case 2:
		for i := 2; i < len(s); i++ {
			s[i] += 2*s[i-1] - s[i-2]
		}
	case 3:
		for i := 3; i < len(s); i++ {
			s[i] += 3*(s[i-1]-s[i-2]) + s[i-3]
		}
	case 4:
		for i := 4; i < len(s); i++ {
			s[i] += 4*(s[i-1]+s[i-3]) - 6*s[i-2] - s[i-4]
		}
	}
	return nil
}

// linear decodes a subframe predicted by coefficients of its own.
func linear(r *bitReader, s []int32, bits, order int) error {
	if order > len(s) {
		return errFLACBad
	}
	for i := range order {
		s[i] = int32(r.int(bits))
	}
	precision := int(r.uint(4)) + 1
	shift := int(r.int(5))
	if precision == 16 || shift < 0 {
		return errFLACBad
	}
	var weights [32]int32
	for i := range order {
		// Oldest first, as the samples lie.
		weights[order-1-i] = int32(r.int(precision))
	}
	if err := rice(r, s[order:], len(s), order); err != nil {
		return err
	}
	if bits+precision+width(order) <= 32 {
		predict32(s, weights[:order], shift)
	} else {
		predict64(s, weights[:order], shift)
	}
	return nil
}

// predict32 adds the prediction where no sum can exceed 32 bits, as in all that
// is recorded with 16.
func predict32(s, weights []int32, shift int) {
	order := len(weights)
	for i := order; i < len(s); i++ {
		past := s[i-order : i : i]
		past = past[:len(weights)]
		var sum int32
		for j, w := range weights {
			sum += w * past[j]
		}
		s[i] += sum >> shift
	}
}

func predict64(s, weights []int32, shift int) {
	order := len(weights)
	for i := order; i < len(s); i++ {
		past := s[i-order : i : i]
		past = past[:len(weights)]
		var sum int64
		for j, w := range weights {
			sum += int64(w) * int64(past[j])
		}
		s[i] += int32(sum >> shift)
	}
}

// residual reads the first samples as they are and the errors of the rest.
func residual(r *bitReader, s []int32, bits, order int) error {
	if order > len(s) {
		return errFLACBad
	}
	for i := range order {
		s[i] = int32(r.int(bits))
	}
	return rice(r, s[order:], len(s), order)
}

// rice reads the errors of the prediction, in Rice codes, into s; block is the
// number of samples in the subframe, of which the first order are not among them.
func rice(r *bitReader, s []int32, block, order int) error {
	method := r.uint(2)
	parts := 1 << r.uint(4)
	if method > 1 || block%parts != 0 || block/parts < order {
		return errFLACBad
	}
	size, escape := 4, uint32(15)
	if method == 1 {
		size, escape = 5, 31
	}
	n := block/parts - order
	for range parts {
		k := r.uint(size)
		if k == escape {
			raw := int(r.uint(5))
			for i := range s[:n] {
				s[i] = int32(r.int(raw))
			}
		} else {
			riceRun(r, s[:n], int(k))
		}
		if r.short {
			return errFLACShort
		}
		s = s[n:]
		n = block / parts
	}
	return nil
}

// riceRun reads Rice codes with parameter k: a count in zeros, then k bits, then
// the sign folded into the lowest.
func riceRun(r *bitReader, s []int32, k int) {
	for i := range s {
		v := uint32(r.zeros())<<k | r.uint(k)
		s[i] = int32(v>>1) ^ -int32(v&1)
		if r.short {
			return
		}
	}
}
