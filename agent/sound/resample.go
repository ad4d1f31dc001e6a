package sound

import (
	"io"
	"math"
	"sync"

	"loa/agent/sound/loops"
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

// A converter is the resampling itself: push frames in, pull frames out. At the
// plain speed of a common rate it goes from row to row of a table made for that
// rate; else it joins rows by straight lines, which takes twice the work.
type converter struct {
	rate  int         // of what is pushed
	buf   []float32   // input, stereo; begins half a filter before the position 0
	left  int         // where the input ends, so far, in frames from the position 0
	done  bool        // no more will be pushed
	exact *table      // nil: k is used
	at    int         // with exact: the position of the next output frame, in input frames …
	row   int         // … and in rows beyond that
	k     *loops.Bank // nil: what comes out is what came in, unless there is exact
	step  float64     // with k: input frames per output frame
	pos   float64     // with k: the position of the next output frame
}

func newConverter(rate int) *converter {
	c := &converter{rate: rate, step: float64(rate) / Rate}
	if make, common := tables[rate]; common {
		c.exact = make()
	} else if rate != Rate {
		c.k = kernelFor(rate)
	}
	c.reset()
	return c
}

// taps is how long the filter is in input frames, 0 if there is none.
func (c *converter) taps() int {
	switch {
	case c.exact != nil:
		return c.exact.Taps()
	case c.k != nil:
		return c.k.Taps()
	}
	return 0
}

// reset forgets all sound and keeps the speed.
func (c *converter) reset() {
	c.pos, c.at, c.row, c.left, c.done = 0, 0, 0, 0, false
	c.buf = c.buf[:0]
	if n := c.taps(); n > 0 {
		c.pad(n/2 - 1)
	}
}

func (c *converter) setSpeed(speed float64) {
	speed = min(max(speed, 0.99), 1.01)
	c.step = float64(c.rate) / Rate * speed
	switch {
	case speed == 1 && c.k == nil:
	case c.exact != nil:
		c.pos = float64(c.at) + float64(c.row)/float64(c.exact.Rows())
		c.exact, c.k = nil, kernelFor(c.rate)
	case c.k == nil:
		// From a plain copy to a filter in the middle of the sound: what lies
		// before is taken as silence, a dip of a third of a millisecond.
		c.k = kernelFor(c.rate)
		c.buf = append(make([]float32, (c.k.Taps()/2-1)*Channels), c.buf...)
	}
}

func (c *converter) push(p []float32) {
	c.buf = append(c.buf, p...)
	c.left += len(p) / Channels
}

// finish says that nothing more comes, so that the last half filter length can
// be pulled too.
func (c *converter) finish() {
	if !c.done {
		c.pad(c.taps())
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
	have := len(c.buf) / Channels
	n := 0
	switch {
	case c.exact != nil:
		var at, row int
		n, at, row = c.exact.Step(p, c.buf, c.left, c.exact.step, c.at, c.row)
		gone := min(at, have)
		c.drop(gone)
		c.at, c.row = at-gone, row
	case c.k != nil:
		// An hour of steps adds up to an error far below a millionth of a frame.
		var pos float64
		n, pos = c.k.Glide(p, c.buf, float64(c.left)-1e-6, c.step, c.pos)
		gone := min(int(pos), have)
		c.drop(gone)
		c.pos = pos - float64(gone)
	default:
		n = copy(p, c.buf)
		c.drop(n / Channels)
	}
	return n
}

func (c *converter) drop(frames int) {
	if frames > 0 {
		c.buf = append(c.buf[:0], c.buf[frames*Channels:]...)
		c.left -= frames
	}
}

// A table is the filter for one rate: a row of taps for every place between two
// input frames that comes up.
type table struct {
	*loops.Bank
	step int // rows from one output frame to the next
}

// tables has the rates below 48 kHz that recordings have, made when first needed:
// 20 KB for 44.1 kHz, 80 KB for 11.025 kHz, next to nothing for the others.
var tables = func() map[int]func() *table {
	all := make(map[int]func() *table)
	for _, rate := range []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100} {
		all[rate] = sync.OnceValue(func() *table { return newTable(rate) })
	}
	return all
}()

// newTable makes the table of a rate below 48 kHz.
func newTable(rate int) *table {
	unit := rate // of which both rates are whole numbers
	for Rate%unit != 0 || rate%unit != 0 {
		unit--
	}
	return &table{loops.NewBank(rows(baseTaps, 1, Rate/unit)[:Rate/unit], false), rate / unit}
}

// upward serves every rate below 48 kHz: the cut-off is the input's own.
var upward = sync.OnceValue(func() *loops.Bank { return newKernel(1) })

func kernelFor(rate int) *loops.Bank {
	if rate <= Rate {
		return upward()
	}
	return newKernel(float64(rate) / Rate)
}

// newKernel makes the filter that reduces the rate by ratio ≥ 1, for any place; it
// grows with it, for the edge must stay as sharp in the lower rate.
func newKernel(ratio float64) *loops.Bank {
	return loops.NewBank(rows(int(math.Ceil(baseTaps*ratio/4))*4, ratio, phases), true)
}

// rows are the filter's taps at every place-th of a frame, and a frame later.
func rows(n int, ratio float64, places int) [][]float32 {
	all := make([][]float32, places+1)
	for i := range all {
		for _, v := range taps(n, ratio, float64(i)/float64(places)) {
			all[i] = append(all[i], float32(v))
		}
	}
	return all
}

// taps are the filter's n taps for the place frac of a frame after its middle.
func taps(n int, ratio, frac float64) []float64 {
	fc := cutoff / 2 / ratio // in cycles per input frame
	h := make([]float64, n)
	var sum float64
	for i := range h {
		x := float64(i-(n/2-1)) - frac
		h[i] = 2 * fc * sinc(2*fc*x) * kaiser(x/float64(n/2))
		sum += h[i]
	}
	for i := range h { // a constant stays what it is at every place
		h[i] /= sum
	}
	return h
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
