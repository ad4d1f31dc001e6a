// Package livetalk makes the packets of live talk out of sound.
//
// Sound is coded in Opus, which browsers speak too, by github.com/tphakala/go-opus:
// pure Go, byte for byte what libopus makes, and small. It codes in Opus' CELT mode
// alone; at 32 kbit/s a voice on a horn loses nothing by that, and the signature and
// the headers around a packet weigh more than its sound. cgo with libopus would have
// brought a C library to every desk that speaks; ADPCM and plain PCM cost three and
// eight times the bytes.
package livetalk

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/tphakala/go-opus/opus"

	"loa/agent/message"
)

// Sound is one channel of signed 16 bit at 48 kHz.
const Rate = 48000

// Frame is how much is said by one packet. Twenty milliseconds more make a box 20 ms
// later; twenty less would double what goes over the line.
const (
	Frame   = 40 * time.Millisecond
	Samples = Rate * int(Frame/time.Millisecond) / 1000
)

const (
	half     = Samples / 2 // what the encoder takes at a time
	bitrate  = 32000
	mostHalf = 1275 // bytes of a coded half, by RFC 6716
)

// A Packer makes the packets of one session. Make one with [NewPacker].
type Packer struct {
	place, session string
	key            ed25519.PrivateKey
	enc            *opus.Encoder
	seq            uint32
	buf            [2][mostHalf]byte
}

// NewPacker begins the session of an act.live at place. The key is the session's own.
func NewPacker(place, session string, key ed25519.PrivateKey) (*Packer, error) {
	enc, err := opus.NewEncoder(opus.EncoderConfig{SampleRate: Rate, Channels: 1, Bitrate: bitrate, ConstrainedVBR: true})
	if err != nil {
		return nil, fmt.Errorf("livetalk: cannot encode Opus: %w", err)
	}
	return &Packer{place: place, session: session, key: key, enc: enc}, nil
}

// Pack makes the next packet of [Samples] samples.
func (p *Packer) Pack(pcm []int16) ([]byte, error) {
	if len(pcm) != Samples {
		return nil, fmt.Errorf("livetalk: %d samples; a packet has %d", len(pcm), Samples)
	}
	a, err := p.enc.Encode(pcm[:half], p.buf[0][:])
	if err != nil {
		return nil, fmt.Errorf("livetalk: %w", err)
	}
	b, err := p.enc.Encode(pcm[half:], p.buf[1][:])
	if err != nil {
		return nil, fmt.Errorf("livetalk: %w", err)
	}
	packet := message.LivePacket{
		Codec: message.LiveOpus, Seq: p.seq, Offset: p.Offset(), Duration: Frame, Audio: join(p.buf[0][:a], p.buf[1][:b]),
	}
	p.seq++
	return message.SignLive(p.place, p.session, packet, p.key), nil
}

// Offset is how long what was packed lasts.
func (p *Packer) Offset() time.Duration { return time.Duration(p.seq) * Frame }

// End makes the packet that ends the session.
func (p *Packer) End() []byte {
	return message.SignLive(p.place, p.session, message.LivePacket{Codec: message.LiveEnd, Seq: p.seq, Offset: p.Offset()}, p.key)
}

// join makes one Opus packet of two with one frame each and the same configuration
// (RFC 6716, section 3.2.4: two frames, with the length of the first).
func join(a, b []byte) []byte {
	const two = 2
	out := append(make([]byte, 0, len(a)+len(b)+2), a[0]|two)
	if n := len(a) - 1; n < 252 {
		out = append(out, byte(n))
	} else {
		low := 252 + (n-252)%4
		out = append(out, byte(low), byte((n-low)/4))
	}
	return append(append(out, a[1:]...), b[1:]...)
}
