package decode

import (
	"bytes"
	"errors"
	"io"
	"time"
)

// A xiphCodec decodes the packets of one logical stream of Ogg.
type xiphCodec interface {
	// header takes a packet and reports whether more headers follow.
	header(packet []byte) (more bool, err error)
	// decode appends the samples of a packet to dst. After an error dst is what it was.
	decode(dst []float32, packet []byte) ([]float32, error)
	// broke says that the next packet does not follow the last one.
	broke()
	format() (rate, channels int)
	preskip() int // frames at the beginning that only settle the decoder
	preroll() int // frames to decode before a wanted one, for the same reason
}

// A xiph decodes Ogg: of streams side by side the first that it knows, and one
// after the other when they are chained, as radio stations do. The positions in
// the pages tell how much damage has swallowed, so that the rest stays in time.
type xiph struct {
	pages   oggPages
	packets oggPackets
	codec   xiphCodec // nil: none found yet
	refusal error     // why the last stream that was found cannot be decoded

	serial  uint32
	heads   bool  // headers are still to come
	opening bool  // the last page began a stream, as those side by side with it do
	fresh   bool  // no sound of this stream has been decoded yet
	moved   bool  // the next page does not follow the last one because we went there
	links   int   // streams so far, one after the other
	sound   int64 // where in the input the pages of sound begin
	begin   int64 // position of the stream's first sample
	at      int64 // position of the next one
	skip    int   // frames still to leave out
	patch   patch
	out     []float32
	whole   []float32
}

// newXiph reads on until it knows what the stream holds.
func newXiph(in *input) (*xiph, error) {
	d := &xiph{pages: oggPages{in: in}}
	for d.codec == nil || d.heads {
		if _, err := d.next(); err != nil {
			if errors.Is(err, io.EOF) && d.refusal != nil {
				err = d.refusal
			}
			if errors.Is(err, io.EOF) {
				err = unplayable("the Ogg stream ends before its headers do, or they are damaged")
			}
			return nil, err
		}
		if d.codec == nil && d.refusal != nil && !d.opening {
			return nil, d.refusal
		}
		if in.pos > maxHeads {
			return nil, unplayable("the Ogg stream has no headers in its first %d bytes", maxHeads)
		}
	}
	return d, nil
}

// maxHeads is where the headers of an Ogg stream must have ended: there may be
// pictures among them.
const maxHeads = 16 << 20

func (d *xiph) close() {}

// next decodes one page.
func (d *xiph) next() (block, error) {
	p, err := d.pages.next()
	if err != nil {
		return block{}, err
	}
	lost := d.pages.lost
	var b block
	switch {
	case p.bos:
		if d.codec == nil || !d.opening {
			d.link(&p)
		}
		d.opening = true
	case d.codec == nil || p.serial != d.serial:
		d.opening = false
	case d.heads:
		d.opening = false
		d.read(&p)
	default:
		d.opening = false
		b = d.play(&p)
	}
	b.damaged = b.damaged || lost && d.links > 0
	return b, d.pages.take(&p)
}

// link begins a stream if it is one we know.
func (d *xiph) link(p *oggPage) {
	var codec xiphCodec
	switch {
	case bytes.HasPrefix(p.body, []byte("OpusHead")):
		codec = new(opusCodec)
	case bytes.HasPrefix(p.body, []byte("\x01vorbis")):
		codec = new(vorbisCodec)
	case bytes.HasPrefix(p.body, []byte("\x7FFLAC")):
		d.refusal = unplayable("it is FLAC in Ogg: only FLAC files of their own can be played")
		return
	default:
		if d.refusal == nil {
			d.refusal = unplayable("the Ogg file holds neither Opus nor Vorbis")
		}
		return
	}
	d.codec, d.serial, d.packets = codec, p.serial, oggPackets{}
	d.heads, d.fresh, d.moved = true, true, false
	d.links++
	d.patch = patch{}
	d.read(p)
}

// read takes a page of headers.
func (d *xiph) read(p *oggPage) {
	packets, _ := d.packets.split(p)
	for _, packet := range packets {
		more, err := d.codec.header(packet)
		if err != nil {
			d.codec, d.refusal = nil, err
			return
		}
		if d.heads = more; !more {
			break // sound begins on a page of its own
		}
	}
	d.sound = p.end
	d.skip = d.codec.preskip()
}

// play decodes a page of sound and puts it where its position says.
func (d *xiph) play(p *oggPage) block {
	rate, channels := d.codec.format()
	b := block{rate: rate, channels: channels}
	packets, hole := d.packets.split(p)
	gap := -1 // where in out something is missing, in samples
	if hole || d.moved {
		d.codec.broke()
		gap = 0
		b.damaged = hole && !d.moved
	}
	d.out = d.out[:0]
	for _, packet := range packets {
		out, err := d.decode(packet)
		if err != nil {
			d.codec.broke()
			b.damaged = true
			if gap < 0 {
				gap = len(d.out)
			}
			continue
		}
		d.out = out
	}
	n := int64(len(d.out) / channels)
	var missing int64
	switch {
	case p.granule < 0: // no packet ends here
		d.at += n
	case d.fresh && p.eos:
		d.at, d.begin, missing = p.granule, 0, p.granule-n
	case d.fresh:
		d.begin = max(0, p.granule-n)
		d.skip += int(min(n, max(0, n-p.granule))) // samples from before the beginning
		d.at = p.granule
	default:
		missing = p.granule - d.at - n
		d.at = p.granule
	}
	d.fresh, d.moved = false, false
	b.pcm = d.out
	switch {
	case missing < 0 && p.eos:
		b.pcm = d.out[:max(0, n+missing)*int64(channels)] // the encoder's padding
		d.patch.heard(b.pcm, channels)
	case missing > 0 && missing <= maxHole && gap >= 0:
		d.patch.heard(d.out[:gap], channels)
		d.whole = append(d.whole[:0], d.out[:gap]...)
		d.whole = append(d.whole, d.patch.hole(missing, channels)...)
		d.patch.heard(d.out[gap:], channels)
		d.whole = append(d.whole, d.out[gap:]...)
		b.pcm, b.made = d.whole, int(missing)
	default:
		d.patch.heard(b.pcm, channels)
	}
	cut := min(d.skip, len(b.pcm)/channels)
	d.skip -= cut
	b.pcm = b.pcm[cut*channels:]
	return b
}

// decode decodes one packet behind d.out; codecs may panic on bad ones.
func (d *xiph) decode(packet []byte) (out []float32, err error) {
	defer guard(&err)
	return d.codec.decode(d.out, packet)
}

// length is the length of a recording, by the position at its end; 0 if that is
// not to be had cheaply, or not to be believed. The input stays where it is.
func (d *xiph) length() time.Duration {
	in := d.pages.in
	if in.seek == nil {
		return 0
	}
	back := in.pos
	defer func() { _ = in.seekTo(back) }()
	rate, _ := d.codec.format()
	first := d.position(false)
	if in.seekTo(max(back, in.size-2*lookahead)) != nil {
		return 0
	}
	last := d.position(true)
	// What was recorded from a station begins anywhere. And one byte cannot be
	// more than a second.
	if first > int64(30*rate) || last < first || last/int64(rate) > in.size {
		return 0
	}
	return duration(max(0, last-int64(d.codec.preskip())), rate)
}

// position is the position of the next page of our stream that has one, or of the
// last page of all; -1: there is none.
func (d *xiph) position(last bool) int64 {
	pages := oggPages{in: d.pages.in}
	at := int64(-1)
	for {
		p, err := pages.next()
		if err != nil {
			return at
		}
		if p.serial != d.serial && last {
			return -1 // chained
		}
		if p.serial == d.serial && p.granule >= 0 {
			if at = p.granule; !last {
				return at
			}
		}
		if pages.take(&p) != nil {
			return at
		}
	}
}

// wind looks for the page from which the wanted sample can be decoded.
func (d *xiph) wind(to time.Duration) (time.Duration, error) {
	in := d.pages.in
	if d.links > 1 {
		// Chained: begin again, and let everything before be left out.
		if err := in.seekTo(0); err != nil {
			return 0, err
		}
		fresh, err := newXiph(in)
		if err != nil {
			return 0, err
		}
		*d = *fresh
		return 0, nil
	}
	rate, _ := d.codec.format()
	skip := int64(d.codec.preskip())
	target := d.begin + skip + frames(to, rate)
	if err := in.seekTo(d.sound); err != nil {
		return 0, err
	}
	from, at := d.sound, d.begin
	for {
		p, err := d.pages.next()
		if err != nil {
			return 0, err
		}
		if p.serial == d.serial && p.granule >= 0 {
			if p.granule > target {
				break
			}
			if p.granule <= target-int64(d.codec.preroll()) {
				from, at = p.end, p.granule
			}
		}
		if err := d.pages.take(&p); err != nil {
			return 0, err
		}
	}
	if err := in.seekTo(from); err != nil {
		return 0, err
	}
	d.packets, d.patch = oggPackets{}, patch{}
	d.at, d.moved, d.fresh, d.skip = at, true, false, 0
	if from == d.sound {
		d.moved, d.fresh = false, true
		d.codec.broke()
	}
	if at -= d.begin + skip; at < 0 {
		d.skip = int(-at)
		at = 0
	}
	return duration(at, rate), nil
}
