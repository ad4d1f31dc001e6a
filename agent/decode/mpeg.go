package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// An mpegHeader is the four bytes that begin a frame of MPEG audio, layers I to
// III (ISO 11172-3 and 13818-3, and "MPEG 2.5" for 8, 11.025 and 12 kHz).
type mpegHeader struct {
	key      uint32 // what must not change within a stream: version, layer, rate
	layer    int    // 1…3
	low      bool   // MPEG-2 or 2.5: half as many samples in a layer III frame
	rate     int
	channels int
	crc      bool // 16 bits of checksum follow
	samples  int  // per channel
	size     int  // in bytes; 0: free format, the distance to the next header tells
	padding  int  // bytes; part of size
}

// kbit/s by row and index. Rows: V1 layers I, II, III; V2 layer I; V2 layers II and III.
var mpegRates = [5][15]int{
	{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

const mpegKey = 0xFFFE0C00 // sync, version, layer, sample rate

// parseMPEG reads a frame header and reports whether it is one.
func parseMPEG(b []byte) (h mpegHeader, ok bool) {
	if len(b) < 4 || b[0] != 0xFF || b[1]&0xE0 != 0xE0 {
		return h, false
	}
	version, layer := b[1]>>3&3, 4-int(b[1]>>1&3) // version 0: 2.5, 2: 2, 3: 1
	rate, kbits := int(b[2]>>2&3), int(b[2]>>4)
	if version == 1 || layer == 4 || rate == 3 || kbits == 15 || b[3]&3 == 2 {
		return h, false
	}
	h.key = binary.BigEndian.Uint32(b) & mpegKey
	h.layer = layer
	h.low = version != 3
	h.rate = [3]int{44100, 48000, 32000}[rate]
	h.crc = b[1]&1 == 0
	h.channels = 2
	if b[3]>>6 == 3 {
		h.channels = 1
	}
	row := layer - 1
	switch {
	case version == 0:
		h.rate /= 4
	case h.low:
		h.rate /= 2
	}
	if h.low {
		row = 3 + min(layer-1, 1)
	}
	h.samples = 1152
	switch {
	case layer == 1:
		h.samples = 384
	case layer == 3 && h.low:
		h.samples = 576
	}
	slot := 1
	if layer == 1 {
		slot = 4
	}
	h.padding = int(b[2]>>1&1) * slot
	if bits := mpegRates[row][kbits] * 1000; bits > 0 {
		h.size = h.samples/8/slot*bits/h.rate*slot + h.padding
	}
	return h, true
}

// maxFree bounds a frame in free format: 640 kbit/s, more than any decoder takes.
const maxFree = 5760

// mpegFrames finds the frames in MPEG audio. Tags, station titles, cover
// pictures and damage between them are left out: libmpg123 never sees them.
type mpegFrames struct {
	in   *input
	key  uint32 // of the stream we are in; 0: we have lost it
	free int    // size of the stream's free-format frames without padding; 0: none met
	lost bool   // bytes were left out before the last frame
}

// next gives the next whole frame, valid until the next call.
func (f *mpegFrames) next() (mpegHeader, []byte, error) {
	f.lost = false
	for {
		h, n, err := f.here()
		if err != nil {
			return h, nil, err
		}
		if n > 0 {
			b, err := f.in.peek(n)
			if len(b) < n {
				return h, nil, ended(err)
			}
			f.key = h.key
			return h, b, nil
		}
		if f.key != 0 {
			f.lost = true
		}
		f.key = 0
		if err := f.scan(); err != nil {
			return h, nil, err
		}
	}
}

// take leaves the frame that next has just given behind.
func (f *mpegFrames) take(frame []byte) error { return f.in.skip(int64(len(frame))) }

// here reports the frame that begins at the input's place, 0 bytes if none does.
func (f *mpegFrames) here() (h mpegHeader, n int, err error) {
	b, err := f.in.peek(4)
	if len(b) < 4 {
		return h, 0, ended(err)
	}
	h, ok := parseMPEG(b)
	if !ok || (f.key != 0 && h.key != f.key) {
		return h, 0, nil
	}
	ahead := h.size + 4
	if h.size == 0 {
		ahead = 2*maxFree + 8
	}
	b, err = f.in.peek(ahead)
	if err != nil && !errors.Is(err, io.EOF) {
		return h, 0, err
	}
	n = f.length(h, b)
	if n == 0 || n > len(b) {
		return h, 0, nil
	}
	if f.key != 0 || len(b) == n {
		// Where a frame is due one header is enough: should its body be cut, the
		// search begins behind it. At the very end nothing can follow.
		return h, n, nil
	}
	if next, ok := parseMPEG(b[n:]); ok && next.key == h.key {
		return h, n, nil
	}
	// A lone frame before a closing tag is a whole file as well.
	if tail := b[n:]; bytes.HasPrefix(tail, []byte("TAG")) || bytes.HasPrefix(tail, []byte("APET")) {
		return h, n, nil
	}
	return h, 0, nil
}

// length is the size of the frame that begins b. In free format that is the
// distance to the next header but one that confirms it.
func (f *mpegFrames) length(h mpegHeader, b []byte) int {
	if h.size > 0 {
		return h.size
	}
	if f.key != 0 && f.free > 0 {
		return f.free + h.padding
	}
	for n := 24; n+4 <= len(b) && n <= maxFree; n++ {
		next, ok := parseMPEG(b[n:])
		if !ok || next.key != h.key || next.size != 0 {
			continue
		}
		bare := n - h.padding
		if third := n + bare + next.padding; third+4 <= len(b) {
			if t, ok := parseMPEG(b[third:]); !ok || t.key != h.key || t.size != 0 {
				continue
			}
		}
		f.free = bare
		return n
	}
	return 0
}

// scan leaves out at least one byte, to where a frame or a tag might begin.
func (f *mpegFrames) scan() error {
	if n := f.tag(); n > 0 {
		return f.in.skip(n)
	}
	b, err := f.in.ready(10)
	if len(b) <= 1 {
		return ended(err)
	}
	n := 1
	for n < len(b) && b[n] != 0xFF && (b[n] != 'I' || !bytes.HasPrefix(b[n:], []byte("ID3"))) {
		n++
	}
	return f.in.skip(int64(n))
}

// tag is the size of an ID3v2 tag that begins here, 0 if there is none, or none
// that can be believed: a download that broke off in its cover picture has a tag
// longer than the file, and sound may still follow in what a decoder would skip.
func (f *mpegFrames) tag() int64 {
	b, _ := f.in.peek(10)
	n := id3Size(b)
	if left := f.in.left(); left >= 0 && n >= left {
		return 0
	}
	if f.in.size < 0 && n > maxStreamTag {
		return 0
	}
	return n
}

// maxStreamTag bounds a tag within a stream, where nothing says what is left.
const maxStreamTag = 1 << 20

// id3Size is the size of the ID3v2 tag that b begins, header and footer
// included; 0: b begins none.
func id3Size(b []byte) int64 {
	if len(b) < 10 || string(b[:3]) != "ID3" || b[3] == 0xFF || b[4] == 0xFF {
		return 0
	}
	var n int64
	for _, c := range b[6:10] {
		if c > 0x7F {
			return 0
		}
		n = n<<7 | int64(c)
	}
	n += 10
	if b[5]&0x10 != 0 {
		n += 10
	}
	return n
}

// ended makes io.EOF of having peeked too little.
func ended(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// An infoFrame is what an encoder writes about an MP3 in place of a first frame.
type infoFrame struct {
	frames int64 // that follow; 0: not said
	delay  int   // samples before the first one of the recording, the decoder's own 529 included
	pad    int   // samples after the last one
}

// decoderDelay is the delay of every layer III decoder in samples (LAME tag revision 1).
const decoderDelay = 529

// parseInfo reads an info frame (Xing, Info with LAME's additions, or VBRI) and
// reports whether frame is one: such a frame decodes to silence.
func parseInfo(h mpegHeader, frame []byte) (info infoFrame, ok bool) {
	if h.layer != 3 {
		return info, false
	}
	side := 32
	switch {
	case h.low && h.channels == 1:
		side = 9
	case h.low || h.channels == 1:
		side = 17
	}
	at := 4 + side
	if len(frame) >= 36+18 && string(frame[36:40]) == "VBRI" {
		return infoFrame{frames: int64(binary.BigEndian.Uint32(frame[36+14:]))}, true
	}
	if len(frame) < at+8 || string(frame[at:at+4]) != "Xing" && string(frame[at:at+4]) != "Info" {
		return info, false
	}
	flags := binary.BigEndian.Uint32(frame[at+4:])
	b := frame[at+8:]
	field := func(bit uint32, n int) []byte {
		if flags&bit == 0 || len(b) < n {
			return nil
		}
		v := b[:n]
		b = b[n:]
		return v
	}
	if v := field(1, 4); v != nil {
		info.frames = int64(binary.BigEndian.Uint32(v))
	}
	field(2, 4)   // bytes
	field(4, 100) // table of contents
	field(8, 4)   // quality
	if len(b) >= 24 && (string(b[:4]) == "LAME" || string(b[:4]) == "Lavf" || string(b[:4]) == "Lavc") {
		v := int(b[21])<<16 | int(b[22])<<8 | int(b[23])
		info.delay = v>>12 + decoderDelay
		info.pad = max(0, v&0xFFF-decoderDelay)
	}
	return info, true
}
