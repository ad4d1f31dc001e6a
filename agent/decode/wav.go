package decode

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"time"
)

// WAV encodings, by their tag in the fmt chunk.
const (
	wavPCM        = 1
	wavFloat      = 3
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xFFFE
)

// A wav reads WAV files (RIFF, and RF64 of 4 GB and more): PCM of 8, 16, 24 and
// 32 bits, float of 32 and 64, µ-law and A-law. Lengths in the file are believed
// only as far as the file goes.
type wav struct {
	in       *input
	tag      int
	width    int // bytes per sample
	frame    int // bytes per frame
	rate     int
	channels int
	begin    int64 // of the sound, in bytes from the beginning of the file
	bytes    int64 // of sound; -1: until the end of the stream
	read     int64 // of these
	raw      []byte
	pcm      []float32
}

func newWAV(in *input) (*wav, error) {
	d := &wav{in: in}
	if err := in.skip(12); err != nil { // RIFF, its length, WAVE
		return nil, unplayable("the WAV file ends in its head")
	}
	for {
		head, err := in.peek(8)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if len(head) < 8 {
			return nil, unplayable("the WAV file holds no sound: it has no data chunk")
		}
		id, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		if err := in.skip(8); err != nil {
			return nil, err
		}
		switch id {
		case "fmt ":
			if err := d.format(size); err != nil {
				return nil, err
			}
		case "data":
			if d.frame == 0 {
				return nil, unplayable("the WAV file has its sound before its format")
			}
			d.begin, d.bytes = in.pos, size
			d.bound()
			d.raw = make([]byte, 1024*d.frame)
			return d, nil
		default:
			if err := in.skip(size); err != nil {
				return nil, unplayable("the WAV file ends in its %q chunk", id)
			}
		}
		if size%2 == 1 {
			// Chunks are padded to even length, but not all writers know.
			if b, _ := in.peek(1); len(b) == 1 && b[0] == 0 {
				if err := in.skip(1); err != nil {
					return nil, err
				}
			}
		}
	}
}

// bound corrects the length of the data chunk: 0 and the largest number are what
// writers leave that could not go back to fill it in, and RF64 keeps it elsewhere.
func (d *wav) bound() {
	left := d.in.left()
	unknown := d.bytes == 0 || d.bytes >= math.MaxUint32-8
	if left < 0 {
		if unknown {
			d.bytes = -1
		}
		return
	}
	if unknown || d.bytes > left {
		d.bytes = left
	}
}

// format reads the fmt chunk.
func (d *wav) format(size int64) error {
	if size < 16 || size > 4096 {
		return unplayable("the WAV file has a format chunk of %d bytes", size)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(d.in, b); err != nil {
		return unplayable("the WAV file ends in its format chunk")
	}
	d.tag = int(binary.LittleEndian.Uint16(b))
	d.channels = int(binary.LittleEndian.Uint16(b[2:]))
	d.rate = int(binary.LittleEndian.Uint32(b[4:]))
	bits := int(binary.LittleEndian.Uint16(b[14:]))
	if d.tag == wavExtensible && len(b) >= 26 {
		d.tag = int(binary.LittleEndian.Uint16(b[24:])) // the first bytes of the sub-format's GUID
	}
	if d.channels < 1 || d.channels > 8 || d.rate < minRate || d.rate > maxRate {
		return unplayable("the WAV file says %d channels at %d Hz", d.channels, d.rate)
	}
	d.width = (bits + 7) / 8
	switch {
	case d.tag == wavPCM && d.width >= 1 && d.width <= 4:
	case d.tag == wavFloat && (bits == 32 || bits == 64):
	case (d.tag == wavALaw || d.tag == wavMuLaw) && bits == 8:
	default:
		return unplayable("the WAV file has encoding %#x with %d bits: neither PCM, float, A-law nor µ-law", d.tag, bits)
	}
	d.frame = d.width * d.channels
	return nil
}

func (d *wav) length() time.Duration {
	if d.bytes < 0 {
		return 0
	}
	return duration(d.bytes/int64(d.frame), d.rate)
}

func (d *wav) next() (block, error) {
	want := int64(len(d.raw))
	if d.bytes >= 0 {
		want = min(want, d.bytes-d.read)
	}
	n, err := io.ReadFull(d.in, d.raw[:want])
	d.read += int64(n)
	n -= n % d.frame
	if n == 0 {
		if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		return block{}, err
	}
	d.pcm = d.samples(d.pcm[:0], d.raw[:n])
	return block{rate: d.rate, channels: d.channels, pcm: d.pcm}, nil
}

// samples appends raw to dst as numbers within ±1.
func (d *wav) samples(dst []float32, raw []byte) []float32 {
	le := binary.LittleEndian
	switch d.tag {
	case wavALaw:
		for _, v := range raw {
			dst = append(dst, aLaw[v])
		}
		return dst
	case wavMuLaw:
		for _, v := range raw {
			dst = append(dst, muLaw[v])
		}
		return dst
	case wavFloat:
		for ; len(raw) >= d.width; raw = raw[d.width:] {
			if d.width == 4 {
				dst = append(dst, math.Float32frombits(le.Uint32(raw)))
			} else {
				dst = append(dst, float32(math.Float64frombits(le.Uint64(raw))))
			}
		}
		return dst
	}
	switch d.width {
	case 1:
		for _, v := range raw {
			dst = append(dst, float32(int(v)-128)/(1<<7))
		}
	case 2:
		for ; len(raw) >= 2; raw = raw[2:] {
			dst = append(dst, float32(int16(le.Uint16(raw)))/(1<<15))
		}
	case 3:
		for ; len(raw) >= 3; raw = raw[3:] {
			v := int32(uint32(raw[0])<<8 | uint32(raw[1])<<16 | uint32(raw[2])<<24)
			dst = append(dst, float32(v)/(1<<31))
		}
	case 4:
		for ; len(raw) >= 4; raw = raw[4:] {
			dst = append(dst, float32(int32(le.Uint32(raw)))/(1<<31))
		}
	}
	return dst
}

func (d *wav) wind(to time.Duration) (time.Duration, error) {
	n := frames(to, d.rate)
	if at := n * int64(d.frame); d.bytes >= 0 && at < d.bytes {
		d.read = at
		return duration(n, d.rate), d.in.seekTo(d.begin + at)
	}
	return 0, io.EOF
}

func (d *wav) close() {}

// The companding laws of ITU-T G.711.
var aLaw, muLaw = func() (a, mu [256]float32) {
	for i := range 256 {
		c := byte(i) ^ 0x55
		v := int(c&0x0F)<<4 + 8
		if e := c >> 4 & 7; e > 0 {
			v = (v + 0x100) << (e - 1)
		}
		if c&0x80 == 0 {
			v = -v
		}
		a[i] = float32(v) / (1 << 15)

		c = ^byte(i)
		v = (int(c&0x0F)<<3+0x84)<<(c>>4&7) - 0x84
		if c&0x80 != 0 {
			v = -v
		}
		mu[i] = float32(v) / (1 << 15)
	}
	return a, mu
}()
