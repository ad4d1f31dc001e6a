package sound

import (
	"io"
	"math"
	"sync"
)

// The filter: a windowed sinc of 32 taps, tabulated at 256 places between two
// input frames and joined by straight lines. The Kaiser window's beta sets how
// far the mirror images of the spectrum are pushed down (about 95 dB) against
// how sharp the edge is (a tenth of the input rate either side of the cut-off);
// more would be lost on a horn.
const (
	baseTaps = 32
	phases   = 256
	beta     = 9.6
	cutoff   = 0.94 // of half the lower rate
)

// A Resampler turns sound of any rate into sound at 48 kHz. The speed may be
// changed while it plays, by parts per million, to follow another box's clock.
// Nothing is shifted in time, and n frames at rate r become ⌈n·48000/r⌉.
type Resampler struct {
	src  Source
	conv *converter
	buf  []float32
	err  error
}

// NewResampler reads stereo at inRate frames per second from in, which follows
// the cases of [Source] at its own rate. inRate is 1000…384000.
func NewResampler(inRate int, in Source) *Resampler {
	return &Resampler{src: in, conv: newConverter(inRate), buf: make([]float32, 2048)}
}

// SetSpeed plays r times as fast (and as high) from the next Read on: 1.0001 is
// 100 ppm more. It is clamped to ±1 %, which nobody hears and which no sound
// card's clock is off by.
func (r *Resampler) SetSpeed(speed float64) { r.conv.setSpeed(speed) }

// Read is [Source].
func (r *Resampler) Read(p []float32) (int, error) {
	for {
		if n := r.conv.pull(p); n > 0 {
			return n, nil
		}
		if r.err != nil {
			return 0, r.err
		}
		n, err := r.src.Read(r.buf)
		if n == 0 && err == nil {
			return 0, nil
		}
		r.conv.push(r.buf[:n])
		if err != nil {
			r.conv.finish()
			r.err = err
		}
	}
}

// Close closes the input.
func (r *Resampler) Close() error {
	if r.err == nil || r.err == io.EOF {
		r.err = errClosed
	}
	r.conv.reset()
	return r.src.Close()
}

// A converter is the resampling itself: push frames in, pull frames out.
type converter struct {
	rate int // of what is pushed
	k    *kernel
	step float64   // input frames per output frame
	buf  []float32 // input, stereo; begins half a filter before the position 0
	pos  float64   // of the next output frame
	left int       // where in pos the input ends, so far
	done bool      // no more will be pushed
}

func newConverter(rate int) *converter {
	c := &converter{rate: rate, step: float64(rate) / Rate}
	if rate != Rate {
		c.k = kernelFor(rate)
	}
	c.reset()
	return c
}

// reset forgets all sound and keeps the speed.
func (c *converter) reset() {
	c.pos, c.left, c.done = 0, 0, false
	c.buf = c.buf[:0]
	if c.k != nil {
		c.pad(c.k.taps/2 - 1)
	}
}

func (c *converter) setSpeed(speed float64) {
	speed = min(max(speed, 0.99), 1.01)
	c.step = float64(c.rate) / Rate * speed
	if c.k == nil && c.step != 1 {
		// From a plain copy to a filter in the middle of the sound: what lies
		// before is taken as silence, a dip of a third of a millisecond.
		c.k = kernelFor(c.rate)
		c.buf = append(make([]float32, (c.k.taps/2-1)*Channels), c.buf...)
	}
}

func (c *converter) push(p []float32) {
	c.buf = append(c.buf, p...)
	c.left += len(p) / Channels
}

// finish says that nothing more comes, so that the last half filter length can
// be pulled too.
func (c *converter) finish() {
	if !c.done && c.k != nil {
		c.pad(c.k.taps)
	}
	c.done = true
}

func (c *converter) pad(frames int) {
	for range frames * Channels {
		c.buf = append(c.buf, 0)
	}
}

// pull gives what can be made of what was pushed.
func (c *converter) pull(p []float32) int {
	p = p[:whole(len(p))]
	if c.k == nil {
		n := copy(p, c.buf)
		c.drop(n / Channels)
		return n
	}
	last := len(c.buf)/Channels - c.k.taps
	// An hour of steps adds up to an error far below a millionth of a frame.
	end := float64(c.left) - 1e-6
	n, pos := 0, c.pos
	for ; n < len(p) && int(pos) <= last && pos < end; n += Channels {
		i := int(pos)
		p[n], p[n+1] = c.k.at(c.buf[i*Channels:], pos-float64(i))
		pos += c.step
	}
	c.pos = pos
	if i := min(int(pos), len(c.buf)/Channels); i > 0 {
		c.drop(i)
		c.pos -= float64(i)
	}
	return n
}

func (c *converter) drop(frames int) {
	c.buf = append(c.buf[:0], c.buf[frames*Channels:]...)
	c.left -= frames
}

// A kernel is the filter's table: for each place between two frames the taps,
// each with its difference to the next place's.
type kernel struct {
	taps int // a multiple of 4
	rows [][]float32
}

// upward serves every rate below 48 kHz: the cut-off is the input's own.
var upward = sync.OnceValue(func() *kernel { return newKernel(1) })

func kernelFor(rate int) *kernel {
	if rate <= Rate {
		return upward()
	}
	return newKernel(float64(rate) / Rate)
}

// newKernel makes the filter that reduces the rate by ratio ≥ 1; it grows with
// it, for the edge must stay as sharp in the lower rate.
func newKernel(ratio float64) *kernel {
	taps := int(math.Ceil(baseTaps*ratio/4)) * 4
	fc := cutoff / 2 / ratio // in cycles per input frame
	row := func(phase int) []float64 {
		h := make([]float64, taps)
		var sum float64
		for i := range h {
			x := float64(i-(taps/2-1)) - float64(phase)/phases
			h[i] = 2 * fc * sinc(2*fc*x) * kaiser(x/float64(taps/2))
			sum += h[i]
		}
		for i := range h { // a constant stays what it is at every phase
			h[i] /= sum
		}
		return h
	}
	k := &kernel{taps: taps, rows: make([][]float32, phases)}
	h := row(0)
	for ph := range k.rows {
		next := row(ph + 1)
		k.rows[ph] = make([]float32, 0, 2*taps)
		for i := range h {
			k.rows[ph] = append(k.rows[ph], float32(h[i]), float32(next[i]-h[i]))
		}
		h = next
	}
	return k
}

// at is the sound at frac of a frame after the middle of b's first taps frames.
func (k *kernel) at(b []float32, frac float64) (left, right float32) {
	f := frac * phases
	ph := min(int(f), phases-1)
	a := float32(f - float64(ph))
	h := k.rows[ph]
	b = b[:len(h)]
	// Four sums, so that one addition need not wait for the one before.
	var l0, r0, l1, r1 float32
	for len(h) >= 8 && len(b) >= 8 {
		c0, c1 := h[0]+a*h[1], h[2]+a*h[3]
		c2, c3 := h[4]+a*h[5], h[6]+a*h[7]
		l0 += c0 * b[0]
		r0 += c0 * b[1]
		l1 += c1 * b[2]
		r1 += c1 * b[3]
		l0 += c2 * b[4]
		r0 += c2 * b[5]
		l1 += c3 * b[6]
		r1 += c3 * b[7]
		h, b = h[8:], b[8:]
	}
	return l0 + l1, r0 + r1
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x in −1…1.
func kaiser(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return bessel0(beta*math.Sqrt(1-x*x)) / bessel0(beta)
}

// bessel0 is the modified Bessel function of the first kind and order zero.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= x / 2 / k * (x / 2 / k)
		sum += term
	}
	return sum
}
