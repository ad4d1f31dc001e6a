package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"time"
)

// A flac decodes FLAC files. The frames are decoded here and not by a library,
// because a frame of FLAC does not tell its length: only decoding finds its end,
// and after damage one must know where that was, and what it would have given.
type flac struct {
	in       *input
	rate     int
	channels int
	bits     int
	total    int64 // frames of sound; 0: not said
	block    int   // samples in each frame; 0: they vary
	longest  int   // frame in bytes, at most
	begin    int64 // where the first frame lies
	base     int64 // sample with which it begins; 0 unless the head is missing
	at       int64 // sample that is due; -1: whichever comes first
	lost     bool
	patch    patch
	samples  [][]int32
	out      []float32
	whole    []float32
	peak     float32 // of the last good frame
}

const (
	flacInfo   = 34       // bytes of STREAMINFO
	maxFLAC    = 1 << 20  // bytes of a frame: more than 8 s of CD, whatever the head says
	flacMeta   = 64 << 20 // bytes of metadata: pictures
	flacBlocks = 1 << 16  // samples in a frame, at most
)

// newFLAC reads the metadata.
func newFLAC(in *input) (*flac, error) {
	d := &flac{in: in}
	if err := in.skip(4); err != nil { // fLaC
		return nil, unplayable("the FLAC file ends in its head")
	}
	for last := false; !last; {
		b, err := in.peek(4)
		if len(b) < 4 {
			return nil, cutHead(err)
		}
		last = b[0]&0x80 != 0
		kind, size := b[0]&0x7F, int64(b[1])<<16|int64(b[2])<<8|int64(b[3])
		if kind == 127 || b[0] == 0xFF || in.pos > flacMeta {
			break // these are no metadata: the marker of the last block is damaged
		}
		if left := in.left(); left >= 0 && size+4 > left {
			break // a size that cannot be: the frames are looked for from here
		}
		if kind == 0 && d.rate == 0 {
			if b, err = in.peek(4 + flacInfo); len(b) < 4+flacInfo {
				return nil, cutHead(err)
			}
			if err := d.info(b[4:]); err != nil {
				return nil, err
			}
		}
		if err := in.skip(4 + size); err != nil {
			return nil, cutHead(err)
		}
	}
	if d.rate == 0 {
		return nil, unplayable("the FLAC file does not say what is in it")
	}
	d.ready()
	return d, nil
}

// ready prepares for the frames that begin at the input's place.
func (d *flac) ready() {
	d.begin = d.in.pos
	d.in.grow(d.longest + flacHeadMax)
	d.samples = make([][]int32, d.channels)
}

// headless makes a decoder for frames whose file has lost its beginning, b being
// the first of them; nil if b is no whole frame that says all it must.
func headless(in *input, b []byte) *flac {
	h, ok := parseFLAC(b)
	if !ok || h.rate < minRate || h.bits == 0 {
		return nil
	}
	d := &flac{in: in, rate: h.rate, channels: h.channels, bits: h.bits, longest: h.block*h.channels*(h.bits+1)/8 + 64}
	if !h.variable {
		d.block = h.block
	}
	d.samples = make([][]int32, d.channels)
	if _, good := d.decode(b, h); !good {
		return nil
	}
	d.base = d.first(h)
	d.at = d.base
	return d
}

func cutHead(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return unplayable("the FLAC file ends in its head")
	}
	return err
}

// info reads STREAMINFO.
func (d *flac) info(b []byte) error {
	least, most := int(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint16(b[2:]))
	if least == most {
		d.block = most
	}
	v := binary.BigEndian.Uint64(b[10:])
	d.rate = int(v >> 44)
	d.channels = int(v>>41&7) + 1
	d.bits = int(v>>36&31) + 1
	d.total = int64(v & (1<<36 - 1))
	if d.rate < minRate || d.rate > maxRate || d.bits < 4 || most < 16 {
		return unplayable("the FLAC file says %d bits at %d Hz in blocks of %d", d.bits, d.rate, most)
	}
	d.longest = int(b[7])<<16 | int(b[8])<<8 | int(b[9])
	// An incompressible frame is stored as it is; the head may also not know.
	if raw := most*d.channels*(d.bits+1)/8 + 64; d.longest == 0 || d.longest > 2*raw {
		d.longest = raw
	}
	d.longest = min(d.longest, maxFLAC)
	return nil
}

// next decodes one frame.
func (d *flac) next() (block, error) {
	for {
		b, err := d.in.peek(d.longest + flacHeadMax)
		if err != nil && !errors.Is(err, io.EOF) {
			return block{}, err
		}
		if len(b) < 8 {
			return block{}, io.EOF
		}
		h, ok := d.header(b)
		if !ok {
			d.lost = true
			if err := d.scan(b); err != nil {
				return block{}, err
			}
			continue
		}
		size, good := d.decode(b, h)
		if size == 0 {
			d.lost = true
			if err := d.scan(b); err != nil {
				return block{}, err
			}
			continue
		}
		out := d.emit(h, good)
		return out, d.in.skip(int64(size))
	}
}

// header reads the header of a frame of this stream.
func (d *flac) header(b []byte) (flacHeader, bool) {
	h, ok := parseFLAC(b)
	ok = ok && h.channels == d.channels && (h.bits == 0 || h.bits == d.bits) && (h.rate == 0 || h.rate == d.rate)
	return h, ok && (d.block == 0 || h.block <= d.block)
}

// first is the number of the first sample of a frame.
func (d *flac) first(h flacHeader) int64 {
	if h.variable || d.block == 0 {
		return int64(h.number & (1<<62 - 1))
	}
	return int64(h.number&(1<<40-1)) * int64(d.block)
}

// decode decodes the frame that begins b and gives its size in bytes, 0 if it
// cannot be had; good says that its checksum holds. A frame whose checksum fails
// counts all the same if another one follows where it ends and it is no louder
// than the last: then what is wrong in it is small, and better than a hole.
func (d *flac) decode(b []byte, h flacHeader) (size int, good bool) {
	for c := range d.samples {
		if cap(d.samples[c]) < h.block {
			d.samples[c] = make([]int32, h.block, max(h.block, d.block))
		}
		d.samples[c] = d.samples[c][:h.block]
	}
	n, err := decodeFLAC(b, h, d.bits, d.samples)
	if err != nil || n+2 > len(b) {
		return 0, false
	}
	d.interleave(h.block)
	if crc16(b[:n]) == binary.BigEndian.Uint16(b[n:]) {
		d.peak = loudestOf(d.out)
		return n + 2, true
	}
	if next, ok := d.header(b[n+2:]); !ok || d.first(next) != d.first(h)+int64(h.block) || loudestOf(d.out) > 2*d.peak {
		return 0, false
	}
	return n + 2, false
}

// interleave makes floats of the samples.
func (d *flac) interleave(n int) {
	d.out = d.out[:0]
	scale := 1 / float32(int64(1)<<(d.bits-1))
	if d.channels == 2 {
		left, right := d.samples[0][:n], d.samples[1][:n]
		for i, v := range left {
			d.out = append(d.out, float32(v)*scale, float32(right[i])*scale)
		}
		return
	}
	for i := range n {
		for _, ch := range d.samples {
			d.out = append(d.out, float32(ch[i])*scale)
		}
	}
}

func loudestOf(pcm []float32) (peak float32) {
	for _, v := range pcm {
		peak = max(peak, v, -v)
	}
	return peak
}

// emit gives the frame just decoded, with what is missing before it.
func (d *flac) emit(h flacHeader, good bool) block {
	b := block{rate: d.rate, channels: d.channels, pcm: d.out, damaged: d.lost || !good}
	first := d.first(h)
	missing := first - d.at
	if d.at >= 0 && d.lost && missing > 0 && missing <= maxHole {
		d.whole = append(d.whole[:0], d.patch.hole(missing, d.channels)...)
		d.patch.heard(d.out, d.channels)
		d.whole = append(d.whole, d.out...)
		b.pcm, b.made = d.whole, int(missing)
	} else {
		d.patch.heard(d.out, d.channels)
	}
	d.lost = false
	d.at = first + int64(h.block)
	return b
}

// scan leaves out at least one byte of b, to where a frame might begin.
func (d *flac) scan(b []byte) error {
	n := 1
	for n < len(b) {
		i := bytes.IndexByte(b[n:], 0xFF)
		if i < 0 {
			n = len(b)
			break
		}
		if n += i; len(b)-n < flacHeadMax {
			break
		}
		if _, ok := d.header(b[n:]); ok {
			break
		}
		n++
	}
	return d.in.skip(int64(n))
}

func (d *flac) close() {}

// wind halves the file until it has found the frame: their headers tell which
// sample they begin with.
func (d *flac) wind(to time.Duration) (time.Duration, error) {
	target := d.base + frames(to, d.rate)
	if d.total > 0 && target >= d.total {
		return 0, io.EOF
	}
	low, high, first := d.begin, d.in.size, d.base
	for high-low > int64(2*d.longest) {
		mid := low + (high-low)/2
		pos, sample, err := d.frameAt(mid, high)
		if err != nil {
			return 0, err
		}
		if pos < 0 || sample > target || sample < first {
			high = mid
		} else {
			low, first = pos, sample
		}
	}
	d.patch, d.lost, d.at = patch{}, false, first
	if err := d.in.seekTo(low); err != nil {
		return 0, err
	}
	return duration(first-d.base, d.rate), nil
}

// frameAt finds the first whole frame from pos on, before end; -1: there is none.
func (d *flac) frameAt(pos, end int64) (at, sample int64, err error) {
	if err := d.in.seekTo(pos); err != nil {
		return -1, 0, err
	}
	for d.in.pos < end {
		b, err := d.in.peek(d.longest + flacHeadMax)
		if err != nil && !errors.Is(err, io.EOF) {
			return -1, 0, err
		}
		if len(b) < 8 {
			break
		}
		if h, ok := d.header(b); ok {
			if _, good := d.decode(b, h); good {
				return d.in.pos, d.first(h), nil
			}
		}
		if err := d.scan(b); err != nil && !errors.Is(err, io.EOF) {
			return -1, 0, err
		}
	}
	return -1, 0, nil
}
