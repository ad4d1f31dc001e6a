package sound

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"loa/agent/sound/loops"
)

// An Input is one source in a mixer.
type Input struct {
	voice  Voice
	src    Source
	filter []loops.Section
	gain   slope // an amplitude

	after *Input // it waits for the end of this one
	tail  bool   // its end lies under the beginning of another

	level   slope // an angle, see curve
	ducked  bool
	stopped bool
	done    error // why src gives no more: io.EOF, a failure, errStopped
	over    bool  // done, and nothing taken back is left to give

	back []float32 // taken back by a rewind, to be given again before src
	past []*chunk  // mixed, fate unknown

	heard   Meter
	lost    int64
	starved int64
	starves bool // it did in the last block
}

// A chunk is what one input gave to one stretch of the mix.
type chunk struct {
	start   int64     // frame of the mix
	samples []float32 // before gain and fades
	from    slope     // the input's level at its beginning
	level   level     // as mixed
	final   bool      // level includes the limiter
}

func (c *chunk) frames() int { return len(c.samples) / Channels }

// errStopped ends an input that was stopped.
var errStopped = errors.New("stopped")

// Stop lets the input fade and then end.
func (i *Input) Stop() { i.stopped = true }

// SetGain moves the voice's gain to dB within 20 ms, instead of what it was
// added with.
func (i *Input) SetGain(dB float64) {
	if i.tail {
		return
	}
	frames := Frames(gainRamp)
	if !i.Begun() {
		frames = 0
	}
	i.gain.aim(Amplitude(min(dB, 40)), frames)
}

// Voice is what it was added with.
func (i *Input) Voice() Voice { return i.voice }

// Begun reports whether any of it has been mixed.
func (i *Input) Begun() bool { return len(i.past) > 0 || i.heard.frames+i.lost > 0 }

// Overlap is how much of an input's end lies under the beginning of the one that
// follows it: enough to be no break, too little for two voices to be heard at once.
const Overlap = 150 * time.Millisecond

// A Finite source knows how many frames it has left, at least when they are few.
type Finite interface {
	Left() (frames int64, known bool)
}

// waits reports whether the input still waits for the end of another. When that
// has come, the other begins to fade.
func (i *Input) waits() bool {
	if i.after == nil || i.after.over {
		i.after = nil
		return false
	}
	left, known := i.after.left()
	if !known || left > Frames64(Overlap) {
		return true
	}
	i.after.tail = true
	i.after.gain.aim(0, int(left))
	i.after = nil
	return false
}

// pending reports whether the input's time has not come.
func (i *Input) pending() bool {
	t, ok := i.src.(Timed)
	return ok && t.Pending()
}

// Waiting reports whether the input waits for the end of another.
func (i *Input) Waiting() bool { return i.after != nil }

// left is how many frames the input still has to give.
func (i *Input) left() (frames int64, known bool) {
	f, ok := i.src.(Finite)
	switch {
	case i.done != nil:
		frames, known = 0, true
	case ok:
		frames, known = f.Left()
	}
	return frames + int64(len(i.back)/Channels), known
}

// Over reports whether the input will give no more sound, unless a rewind takes
// some back.
func (i *Input) Over() bool { return i.over }

// Stopped reports whether Stop was called.
func (i *Input) Stopped() bool { return i.stopped }

// Starves reports whether the source had too little for the last block.
func (i *Input) Starves() bool { return i.starves && !i.over }

// Held reports whether a higher voice keeps the input silent.
func (i *Input) Held() bool { return !i.over && !i.stopped && i.level.to == 0 }

// An Account is what became of an input so far.
type Account struct {
	Heard    Meter // what was heard, at the level at which it was
	Lost     int64 // frames that were passed and not heard
	Starved  int64 // frames of silence because the source had nothing to give
	Position int64 // frames of the source up to the last one heard or lost
	Ended    bool  // the source came to its end
	Err      error // why it failed
}

// Account says what became of the input so far.
func (i *Input) Account() Account {
	a := Account{Heard: i.heard, Lost: i.lost, Starved: i.starved, Position: i.heard.frames + i.lost}
	switch {
	case i.done == io.EOF:
		a.Ended = true
	case i.done != errStopped:
		a.Err = i.done
	}
	return a
}

// curve turns the level, which moves in a straight line, into an amplitude: a
// quarter of a sine, so that what fades in and what fades out have one power.
func curve(level float64) float64 { return math.Sin(math.Pi / 2 * level) }

// angle is the level whose amplitude is a.
func angle(a float64) float64 { return math.Asin(a) * 2 / math.Pi }

// aim sends the input to amplitude a. What has not begun begins there, unless it
// is to fade in.
func (i *Input) aim(a float64, frames int) {
	if !i.Begun() && i.voice.FadeIn <= 0 {
		frames = 0
	}
	i.level.aim(angle(a), frames)
}

// mix adds the input's next frames to p and says how many there were.
func (i *Input) mix(p []float32, m *Mixer) int {
	i.starves = false
	want := len(p)
	if i.level.to == 0 { // not a frame further than can be heard
		want = min(want, i.level.left()*Channels)
	}
	if want == 0 {
		// Silenced. What was stopped ends, and so does what had come to its end
		// in the device's queue: a tail of a syllable later on would be a riddle.
		if i.stopped || i.done != nil {
			i.leave()
		}
		return 0
	}
	c := m.chunk()
	c.from = i.level
	c.samples = i.fill(c.samples, want, func(after int) {
		if t, ok := i.src.(Timed); ok && m.opts.When != nil {
			t.HeardAt(m.opts.When(c.start + int64(after/Channels) - m.out))
		}
	})
	if i.over = i.done != nil && len(i.back) == 0; !i.over && len(c.samples) < want {
		i.starves = true
		i.starved += int64((want - len(c.samples)) / Channels)
	}
	if len(c.samples) == 0 {
		m.spare = append(m.spare, c)
		if i.stopped && !i.over {
			i.leave() // it is silent already: a station that is away has nothing to fade
		}
		return 0
	}
	i.add(p, c)
	i.past = append(i.past, c)
	if i.stopped && i.level.now == 0 && i.level.to == 0 {
		i.leave()
	}
	return c.frames()
}

// leave ends the input where it is.
func (i *Input) leave() {
	i.back = i.back[:0]
	i.close(errStopped)
	i.over = true
}

// fill appends up to want values to s, first what was taken back. told is told before
// the source is asked for what comes after so many.
func (i *Input) fill(s []float32, want int, told func(after int)) []float32 {
	n := min(want, len(i.back))
	s = append(s, i.back[:n]...)
	i.back = append(i.back[:0], i.back[n:]...)
	for len(s) < want && i.done == nil {
		at := len(s)
		if cap(s) < want {
			s = append(make([]float32, 0, want), s...) // it is kept for as long as it may be taken back
		}
		s = s[:want]
		told(at)
		n, err := i.read(s[at:])
		s = s[:at+n]
		loops.Filter(i.filter, s[at:])
		if err != nil {
			i.close(err)
		} else if n == 0 {
			break
		}
	}
	return s
}

// read reads the source and lets nothing of it through that could hurt the
// others: no panic, no broken count, no NaN that would stay in a filter for ever.
func (i *Input) read(p []float32) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, fmt.Errorf("source of %q panicked: %v", i.voice.Name, r)
		}
	}()
	n, err = i.src.Read(p)
	if n < 0 || n > len(p) || n%Channels != 0 {
		return 0, fmt.Errorf("source of %q gave %d values for %d", i.voice.Name, n, len(p))
	}
	loops.Tame(p[:n], 8) // +18 dBFS: far above anything that is not an error
	return n, err
}

// close ends the use of the source, for a reason.
func (i *Input) close(why error) {
	if i.done != nil {
		return
	}
	i.done = why
	defer func() {
		if r := recover(); r != nil && i.done == io.EOF {
			i.done = fmt.Errorf("source of %q panicked: %v", i.voice.Name, r)
		}
	}()
	// Everything it had to give has been given: an error of Close changes nothing.
	_ = i.src.Close()
}

// add mixes c into p at the input's level.
func (i *Input) add(p []float32, c *chunk) {
	l := level{frames: c.frames()}
	var part [512]float32
	g := float32(i.gain.now * curve(i.level.now))
	for in, out := c.samples, p; len(in) > 0; {
		n := min(len(in), len(part))
		if i.level.resting() && i.gain.resting() {
			l.count(loops.Mix(out, in[:n], g))
		} else {
			for k := 0; k < n; k += Channels {
				g = i.gain.next() * float32(curve(float64(i.level.next())))
				part[k], part[k+1] = in[k]*g, in[k+1]*g
			}
			l.count(loops.Mix(out, part[:n], 1))
		}
		in, out = in[n:], out[n:]
	}
	c.level, c.final = l, false
}

// limited counts the limiter in what was mixed last.
func (i *Input) limited(gain float64, ceiling float32) {
	for k := len(i.past) - 1; k >= 0 && !i.past[k].final; k-- {
		c := i.past[k]
		c.level = c.level.scaled(gain)
		c.level.peak = min(c.level.peak, ceiling)
		c.final = true
	}
}

// settle books what became of c.
func (i *Input) settle(c *chunk, heard bool, floorDBFS float64) {
	if heard {
		i.heard.add(c.level, floorDBFS)
	} else {
		i.lost += int64(c.frames())
	}
}

// rewind takes back what was mixed from frame on.
func (i *Input) rewind(frame int64, m *Mixer) {
	var again []float32
	keep := len(i.past)
	for k, c := range i.past {
		if c.start+int64(c.frames()) <= frame {
			continue
		}
		cut := int(max(0, frame-c.start)) // frames of c that stay
		if len(again) == 0 {
			i.level = c.from
			for range cut {
				i.level.next()
			}
		}
		again = append(again, c.samples[cut*Channels:]...)
		if cut > 0 {
			part := float64(cut) / float64(c.frames())
			c.level.frames, c.level.sum = cut, c.level.sum*part
			c.samples = c.samples[:cut*Channels]
			keep = min(keep, k+1)
			continue
		}
		keep = min(keep, k)
		m.spare = append(m.spare, c)
	}
	if len(again) == 0 {
		return
	}
	i.past = i.past[:keep]
	i.back = append(again, i.back...)
	i.over = false
}
