package decode

import (
	"encoding/binary"

	"github.com/jfreymuth/vorbis"
)

// A vorbisCodec decodes Vorbis by jfreymuth/vorbis.
type vorbisCodec struct {
	dec vorbis.Decoder
	buf []float32
}

// header takes the three headers: identification, comments, setup.
func (c *vorbisCodec) header(b []byte) (more bool, err error) {
	defer guard(&err)
	if !vorbis.IsHeader(b) {
		return false, unplayable("the Vorbis stream lacks a header")
	}
	switch b[0] {
	case 1:
		if err := checkVorbisHead(b); err != nil {
			return false, err
		}
	case 3:
		return true, nil // comments, possibly with pictures
	case 5:
		if err := checkVorbisSetup(b[7:]); err != nil {
			return false, err
		}
	}
	if err := c.dec.ReadHeader(b); err != nil {
		return false, unplayable("the Vorbis stream has a bad header: %v", err)
	}
	if c.dec.HeadersRead() {
		c.buf = make([]float32, c.dec.BufferSize())
		return false, nil
	}
	return true, nil
}

func (c *vorbisCodec) decode(dst []float32, packet []byte) ([]float32, error) {
	pcm, err := c.dec.DecodeInto(packet, c.buf)
	if err != nil {
		return dst, err
	}
	return append(dst, pcm...), nil
}

// broke makes the next packet the first one: it gives no sound, only the half
// that the one behind it overlaps with.
func (c *vorbisCodec) broke() { c.dec.Clear() }

func (c *vorbisCodec) format() (rate, channels int) { return c.dec.SampleRate(), c.dec.Channels() }
func (c *vorbisCodec) preskip() int                 { return 0 }
func (c *vorbisCodec) preroll() int                 { return 8192 } // the longest block

// checkVorbisHead bounds what the identification header asks for.
func checkVorbisHead(b []byte) error {
	if len(b) < 30 {
		return unplayable("the Vorbis stream has a head of %d bytes", len(b))
	}
	channels, rate := int(b[11]), int64(binary.LittleEndian.Uint32(b[12:]))
	short, long := b[28]&15, b[28]>>4
	if channels < 1 || channels > maxChannels || rate < minRate || rate > maxRate || short < 6 || long > 13 || short > long {
		return unplayable("the Vorbis stream says %d channels at %d Hz in blocks of 2^%d and 2^%d", channels, rate, short, long)
	}
	return nil
}

// Bounds of the codebooks in a setup header. Real ones (libvorbis at any quality)
// have at most some 7,000 entries and 60,000 values; a hostile one can ask the
// library for gigabytes, or for a loop without end.
const (
	maxEntries    = 1 << 16
	maxBookValues = 1 << 19
	maxSetup      = 1 << 21 // entries and values of all books
)

// checkVorbisSetup walks through the codebooks of a setup header and refuses
// those that the library would choke on.
func checkVorbisSetup(b []byte) error {
	r := lsbReader{b: b}
	total := 0
	for book := range int(r.bits(8)) + 1 {
		if r.bits(24) != 0x564342 {
			return unplayable("codebook %d of the Vorbis stream is damaged", book)
		}
		dimensions, entries := int(r.bits(16)), int(r.bits(24))
		if dimensions < 1 || entries < 1 || entries > maxEntries || dimensions > maxBookValues/entries {
			return unplayable("codebook %d of the Vorbis stream asks for %d × %d values", book, entries, dimensions)
		}
		values := dimensions * entries
		if total += entries + values; total > maxSetup {
			return unplayable("the codebooks of the Vorbis stream ask for more than %d values", maxSetup)
		}
		if r.bits(1) == 1 {
			r.bits(5)
			for at, length := 0, 0; at < entries; length++ {
				at += int(r.bits(width(entries - at)))
				if length > 32 || at > entries {
					return unplayable("codebook %d of the Vorbis stream has no end", book)
				}
			}
		} else {
			sparse := r.bits(1) == 1
			for range entries {
				if !sparse || r.bits(1) == 1 {
					r.bits(5)
				}
			}
		}
		switch kind := r.bits(4); kind {
		case 0:
		case 1, 2:
			r.bits(32)
			r.bits(32)
			bits := int(r.bits(4)) + 1
			r.bits(1)
			n := values
			if kind == 1 {
				n = root(entries, dimensions)
			}
			r.skip(n * bits)
		default:
			return unplayable("codebook %d of the Vorbis stream has lookup type %d", book, kind)
		}
		if r.short {
			return unplayable("the Vorbis stream's setup ends in codebook %d", book)
		}
	}
	return nil
}

// root is the largest number whose power of n is not above v.
func root(v, n int) int {
	r := 1
	for {
		power := 1
		for range n {
			if power *= r + 1; power > v {
				return r
			}
		}
		r++
	}
}

// width is the number of bits that v takes.
func width(v int) (n int) {
	for ; v > 0; v >>= 1 {
		n++
	}
	return n
}

// An lsbReader reads bits as Vorbis packs them, lowest first.
type lsbReader struct {
	b     []byte
	pos   int // in bits
	short bool
}

func (r *lsbReader) bits(n int) (v uint32) {
	for i := range n {
		at := r.pos + i
		if at>>3 >= len(r.b) {
			r.short = true
			break
		}
		v |= uint32(r.b[at>>3]>>(at&7)&1) << i
	}
	r.pos += n
	return v
}

func (r *lsbReader) skip(n int) {
	r.pos += n
	r.short = r.short || r.pos > 8*len(r.b)
}
