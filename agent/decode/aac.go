package decode

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/tphakala/go-aac/pcm"
)

// An aac decodes AAC-LC in ADTS by go-aac (LGPL), one of our own frames at a
// time: its framing gives up at the first damage, its codec does not mind. When
// the frames turn out to be HE-AAC it hands over to a child process.
type aac struct {
	ctx    context.Context
	frames *adtsFrames
	feed   oneFrame
	dec    *pcm.Decoder // nil: to be made for the next frame
	key    uint32       // of dec
	patch  patch
	raw    []byte
	out    []float32
	mute   int    // frames still to decode for their state only
	child  *heaac // decodes instead of us
}

func newAAC(ctx context.Context, in *input) *aac {
	return &aac{ctx: ctx, frames: newADTSFrames(in), raw: make([]byte, 4*adtsSamples*2*2)}
}

// next decodes one frame.
func (d *aac) next() (block, error) {
	if d.child != nil {
		return d.child.next()
	}
	h, frame, err := d.frames.next()
	if err != nil {
		return block{}, err
	}
	damaged := d.frames.lost
	if damaged || h.key != d.key {
		d.dec, d.key = nil, h.key
	}
	n, err := d.decode(frame)
	if errors.Is(err, pcm.ErrUnsupported) && d.beyond() {
		d.child = newHEAAC(d.ctx, d.frames)
		return block{damaged: damaged}, nil
	}
	channels := max(1, min(h.channels, 2))
	b := block{rate: h.rate, channels: channels, damaged: damaged}
	if err != nil {
		d.dec = nil // its state is not to be trusted
		b.damaged = true
		b.pcm = d.patch.hole(int64(h.blocks)*adtsSamples, channels)
		b.made = len(b.pcm) / channels
	} else {
		channels = d.dec.Info().Channels
		b.channels = channels
		d.out = d.out[:0]
		for i := 0; i+1 < n; i += 2 {
			d.out = append(d.out, float32(int16(binary.LittleEndian.Uint16(d.raw[i:])))/(1<<15))
		}
		b.pcm = d.out
		d.patch.heard(b.pcm, channels)
	}
	if err := d.frames.take(frame); err != nil {
		return block{}, err
	}
	if d.mute > 0 {
		d.mute--
		b.pcm = nil
	}
	return b, nil
}

// decode makes 16-bit samples of one frame, in d.raw.
func (d *aac) decode(frame []byte) (n int, err error) {
	defer guard(&err)
	d.feed.frame = frame
	if d.dec == nil {
		if d.dec, err = pcm.NewDecoder(&d.feed); err != nil {
			d.dec = nil
			return 0, err
		}
	}
	return d.dec.Read(d.raw)
}

// beyond reports whether this frame and the two behind it are all of a kind that
// only the child can decode. One alone may be damage that looks like it.
func (d *aac) beyond() bool {
	b, _ := d.frames.in.peek(3 * d.frames.longest)
	for range 3 {
		h, ok := parseADTS(b)
		if !ok || h.size > len(b) {
			return true
		}
		other := aac{raw: d.raw}
		if _, err := other.decode(b[:h.size]); !errors.Is(err, pcm.ErrUnsupported) {
			return false
		}
		b = b[h.size:]
	}
	return true
}

// A oneFrame is a reader of one frame. The decoder asks for more only when it has
// used up the last one, so it never runs ahead of our framing.
type oneFrame struct{ frame []byte }

func (o *oneFrame) Read(p []byte) (int, error) {
	if len(o.frame) == 0 {
		return 0, io.EOF
	}
	n := copy(p, o.frame)
	o.frame = o.frame[n:]
	return n, nil
}

func (d *aac) close() {
	if d.child != nil {
		d.child.close()
	}
}

// wind counts frames, all of which last equally long, and decodes from one before.
func (d *aac) wind(to time.Duration) (time.Duration, error) {
	if d.child != nil {
		d.child.close()
		d.child.wait()
		d.child = nil
	}
	if err := d.frames.in.seekTo(0); err != nil {
		return 0, err
	}
	d.frames = newADTSFrames(d.frames.in)
	d.dec, d.patch, d.mute = nil, patch{}, 0
	var at time.Duration
	before := int64(-1)
	for {
		h, frame, err := d.frames.next()
		if err != nil {
			return 0, err
		}
		lasts := duration(int64(h.blocks)*adtsSamples, h.rate)
		if at+lasts > to {
			break
		}
		at += lasts
		before = d.frames.in.pos
		if err := d.frames.take(frame); err != nil {
			return 0, err
		}
	}
	if before < 0 {
		return at, nil
	}
	d.mute = 1
	d.frames = newADTSFrames(d.frames.in)
	return at, d.frames.in.seekTo(before)
}
