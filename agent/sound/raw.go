package sound

import (
	"fmt"
)

// A Raw is sound as a decoder gives it, at its own rate and number of channels.
//
//  1. Before the first Read, Rate and Channels say what it will give; after a
//     Read, what that Read gave. They may change from one Read to the next (MP3
//     files glued together do that), never within one.
//  2. Read gives interleaved float32, whole frames of Channels values, and
//     follows the cases of [Source].
//
// A Raw that is also a [Seeker] makes the Source one.
type Raw interface {
	Rate() int     // frames per second, 1000…384000
	Channels() int // 1…8
	Read(p []float32) (n int, err error)
	Close() error
}

// The bounds of what a [Raw] may say of itself: a file that claims more is
// damaged or hostile, and its resampling filter would eat the memory.
const (
	minRate     = 1000
	maxRate     = 384000
	maxChannels = 8
)

// ToDevice gives raw as a [Source]: resampled to 48 kHz; mono on both sides;
// more than two channels averaged to both, because the horns of a pole are one
// channel anyway.
func ToDevice(raw Raw) Source {
	return &device{raw: raw, buf: make([]float32, 4096)}
}

type device struct {
	raw  Raw
	conv *converter // at the rate of what was read last; nil before the first Read
	next []float32  // stereo that came at another rate and waits until conv is empty
	rate int        // of next
	buf  []float32  // what raw gives
	wide []float32  // the same in stereo
	err  error      // once raw is over
}

func (d *device) Read(p []float32) (int, error) {
	for {
		if d.conv != nil {
			if n := d.conv.pull(p); n > 0 {
				return n, nil
			}
		}
		switch {
		case d.next != nil:
			d.conv = newConverter(d.rate)
			d.conv.push(d.next)
			d.next = nil
			continue
		case d.err != nil:
			return 0, d.err
		}
		n, err := d.raw.Read(d.buf)
		if n == 0 && err == nil {
			return 0, nil
		}
		if n > 0 {
			if err2 := d.give(d.buf[:n]); err2 != nil {
				err = err2
			}
		}
		if err != nil {
			d.err = err
			if d.conv != nil {
				d.conv.finish()
			}
		}
	}
}

// give hands what raw gave to the converter of its rate.
func (d *device) give(p []float32) error {
	rate, ch := d.raw.Rate(), d.raw.Channels()
	if rate < minRate || rate > maxRate || ch < 1 || ch > maxChannels || len(p)%ch != 0 {
		return fmt.Errorf("sound: %d values of %d channels at %d Hz cannot be played", len(p), ch, rate)
	}
	d.wide = stereo(d.wide[:0], p, ch)
	if d.conv != nil && d.conv.rate == rate {
		d.conv.push(d.wide)
		return nil
	}
	if d.conv != nil {
		d.conv.finish()
	}
	d.next, d.rate = d.wide, rate
	return nil
}

// stereo appends the two-channel form of in to out.
func stereo(out, in []float32, channels int) []float32 {
	switch channels {
	case 1:
		for _, v := range in {
			out = append(out, v, v)
		}
	case 2:
		out = append(out, in...)
	default:
		for ; len(in) >= channels; in = in[channels:] {
			var sum float32
			for _, v := range in[:channels] {
				sum += v
			}
			sum /= float32(channels)
			out = append(out, sum, sum)
		}
	}
	return out
}

// Close closes raw.
func (d *device) Close() error {
	d.err = errClosed
	d.conv, d.next = nil, nil
	return d.raw.Close()
}
