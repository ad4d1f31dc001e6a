package decode

import (
	"time"

	"github.com/pion/opus"
)

// A Talk decodes live talk, one Opus packet at a time. There is no container and
// nothing to resynchronise: a packet is whole or was never there.
type Talk struct {
	dec opus.Decoder
	buf []float32
}

// NewTalk makes a decoder for one talk.
func NewTalk() (*Talk, error) {
	dec, err := opus.NewDecoderWithOutput(opusRate, 2)
	if err != nil {
		return nil, err
	}
	return &Talk{dec: dec, buf: make([]float32, 2*opusLongest)}, nil
}

// Decode gives the sound of a packet: stereo at 48 kHz, as long as d says, whatever
// the packet holds. It is valid until the next call. After an error the decoder goes
// on with the next packet.
func (t *Talk) Decode(packet []byte, d time.Duration) (pcm []float32, err error) {
	defer guard(&err)
	want := 2 * int(frames(d, opusRate))
	if cap(t.buf) < want {
		t.buf = make([]float32, want)
	}
	t.buf = t.buf[:cap(t.buf)]
	if len(packet) == 0 {
		return nil, unplayable("an empty packet of live talk")
	}
	n, err := t.dec.DecodeToFloat32(packet, t.buf[:2*opusLongest])
	if err != nil {
		return nil, unplayable("a packet of live talk: %v", err)
	}
	if 2*n < want {
		clear(t.buf[2*n : want])
	}
	return t.buf[:want], nil
}
