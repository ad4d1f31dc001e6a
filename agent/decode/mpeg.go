package decode

import "encoding/binary"

// An mpegHeader is the four bytes that begin a frame of MPEG audio, layers I to
// III (ISO 11172-3 and 13818-3, and "MPEG 2.5" for 8, 11.025 and 12 kHz).
type mpegHeader struct {
	key      uint32 // what must not change within a stream: version, layer, rate, mono
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
		h.key |= 1
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

// mpegFrames is the framing of MPEG audio.
type mpegFrames struct {
	framing
	free int // size of the stream's free-format frames without padding; 0: none met
}

func newMPEGFrames(in *input) *mpegFrames {
	f := &mpegFrames{framing: framing{in: in, length: 4, longest: maxFree}}
	f.parse = func(b []byte) (header, bool) {
		h, ok := parseMPEG(b)
		return header{key: h.key, size: h.size}, ok
	}
	f.measure = f.measureFree
	return f
}

// next gives the next whole frame and its header.
func (f *mpegFrames) next() (mpegHeader, []byte, error) {
	b, err := f.framing.next()
	h, _ := parseMPEG(b)
	return h, b, err
}

// measureFree is the size of the free-format frame that begins b: the distance to
// the next header that is confirmed by the one behind it.
func (f *mpegFrames) measureFree(b []byte, head header) int {
	h, _ := parseMPEG(b)
	if f.free > 0 && head.key == f.key {
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
