package decode

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/pion/opus"
)

// An opusCodec decodes Opus (RFC 6716, in Ogg by RFC 7845) by pion/opus.
type opusCodec struct {
	dec      opus.Decoder
	channels int
	skip     int
	gain     float32
	buf      []float32
}

const (
	opusRate    = 48000
	opusLongest = 5760 // frames in a packet: 120 ms
)

// header reads OpusHead; what follows it, OpusTags, tells nothing about the sound.
func (c *opusCodec) header(b []byte) (more bool, err error) {
	if c.channels > 0 {
		return false, nil
	}
	if len(b) < 19 || b[8]>>4 != 0 {
		return false, unplayable("the Opus stream has a head of %d bytes that cannot be read", len(b))
	}
	c.channels = int(b[9])
	c.skip = int(binary.LittleEndian.Uint16(b[10:]))
	c.gain = float32(math.Pow(10, float64(int16(binary.LittleEndian.Uint16(b[16:])))/256/20))
	if c.channels < 1 || c.channels > 2 {
		return false, unplayable("the Opus stream has %d channels: only mono and stereo can be played", c.channels)
	}
	c.buf = make([]float32, opusLongest*c.channels)
	c.dec, err = opus.NewDecoderWithOutput(opusRate, c.channels)
	return true, err
}

func (c *opusCodec) decode(dst []float32, packet []byte) ([]float32, error) {
	if len(packet) == 0 {
		return dst, errors.New("empty packet")
	}
	n, err := c.dec.DecodeToFloat32(packet, c.buf)
	if err != nil {
		return dst, err
	}
	for _, v := range c.buf[:n*c.channels] {
		dst = append(dst, v*c.gain)
	}
	return dst, nil
}

// broke leaves the decoder as it is: Opus converges again within 80 ms, and a
// state that is slightly wrong sounds better than none.
func (c *opusCodec) broke() {}

func (c *opusCodec) format() (rate, channels int) { return opusRate, c.channels }
func (c *opusCodec) preskip() int                 { return c.skip }
func (c *opusCodec) preroll() int                 { return 80 * opusRate / 1000 } // RFC 7845, section 4.6
