package decode

import (
	"context"
	"errors"
	"io"
	"time"

	"loa/agent/sound"
	"loa/agent/sound/loops"
)

// A block is what one step of a decoder gives: interleaved samples, valid until
// the next step. A block without samples says: go on.
type block struct {
	rate, channels int
	pcm            []float32
	damaged        bool // something was lost before it or in it
	made           int  // how many of the frames are nothing real: they fill a hole
}

// A decoder turns one format into blocks. next ends with io.EOF; bytes it cannot
// use it leaves out, and any other error is the end as well.
type decoder interface {
	next() (block, error)
	close()
}

// A winder is a decoder that can go to a place in its recording. It lands at or
// before it and says where; io.EOF means that the recording ends before.
type winder interface {
	wind(to time.Duration) (at time.Duration, err error)
}

// A converter makes stereo at 48 kHz of what a decoder gives.
type converter struct {
	info Info
	raw  raw
	out  sound.Source
}

// convert looks at in and opens the decoder for it. Both end with ctx.
func convert(ctx context.Context, in *input, mime string) (*converter, error) {
	in.ctx = ctx
	dec, info, err := open(ctx, in, mime)
	if err != nil {
		return nil, err
	}
	c := &converter{info: info, raw: raw{dec: dec, block: block{rate: info.Rate, channels: info.Channels}}}
	c.out = sound.ToDevice(&c.raw)
	return c, nil
}

func (c *converter) close() { c.raw.dec.close() }

// read fills p with frames. 0, nil says: go on.
func (c *converter) read(p []float32) (int, error) { return c.out.Read(p) }

// wind goes to a place in the recording; beyond the end lies the end.
func (c *converter) wind(to time.Duration) error {
	w, ok := c.raw.dec.(winder)
	if !ok {
		return errors.ErrUnsupported
	}
	at, err := w.wind(to)
	c.raw.block.pcm, c.raw.err, c.raw.skip = nil, nil, to-at
	c.out = sound.ToDevice(&c.raw)
	if errors.Is(err, io.EOF) {
		c.raw.err = err
		return nil
	}
	return err
}

// A raw hands a decoder's blocks on as a [sound.Raw].
type raw struct {
	dec   decoder
	block block         // what is left of the last one
	err   error         // how the decoder ended
	skip  time.Duration // of sound to leave out: from where winding landed to where it should

	damaged int   // places where something was lost
	made    int64 // samples that only fill holes, counted at their own rate
}

func (r *raw) Rate() int     { return r.block.rate }
func (r *raw) Channels() int { return r.block.channels }
func (r *raw) Close() error  { return nil } // the converter owns the decoder

// Read gives what is left of a block, and when nothing is takes one step.
func (r *raw) Read(p []float32) (int, error) {
	if len(r.block.pcm) == 0 {
		if err := r.step(); err != nil {
			return 0, err
		}
	}
	if len(r.block.pcm) == 0 {
		return 0, nil
	}
	n := min(len(p), len(r.block.pcm))
	n -= n % r.block.channels
	copy(p, r.block.pcm[:n])
	loops.Tame(p[:n], absurd)
	r.block.pcm = r.block.pcm[n:]
	return n, nil
}

// step gets a block from the decoder.
func (r *raw) step() error {
	if r.err != nil {
		return r.err
	}
	b, err := r.dec.next()
	if err != nil {
		r.err = err
		return err
	}
	if b.damaged {
		r.damaged++
	}
	if len(b.pcm) == 0 || b.rate < minRate || b.rate > maxRate || b.channels < 1 || b.channels > maxChannels {
		return nil
	}
	r.made += int64(b.made)
	if r.skip > 0 {
		have := int64(len(b.pcm) / b.channels)
		n := min(have, frames(r.skip+time.Second/time.Duration(2*b.rate), b.rate))
		b.pcm = b.pcm[int(n)*b.channels:]
		if r.skip -= duration(n, b.rate); n < have {
			r.skip = 0
		}
	}
	r.block = b
	return nil
}

// The rates and channels that a head may name; anything else is a broken head.
const (
	minRate     = 4000
	maxRate     = 384000
	maxChannels = 8
)

// absurd is what a broken file of floats may say and no recording does: 12 dB over
// full scale. What is louder is held there.
const absurd = 4
