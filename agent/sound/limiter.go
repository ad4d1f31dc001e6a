package sound

import (
	"math"
	"time"

	"loa/agent/sound/loops"
)

// The limiter looks 5 ms ahead, time enough to turn down without a click, and
// lets go with a time constant of 100 ms: faster distorts low voices, slower
// pumps.
const (
	limiterLook    = 5 * time.Millisecond
	limiterRelease = 100 * time.Millisecond
)

// A Limiter keeps sound at or under a ceiling by turning it down just before a
// peak comes, and leaves it bit for bit alone when there is none.
//
// The gain is the moving average over the look-ahead of the lowest gain that any
// frame in the look-ahead needs. By the time a peak comes out every term of that
// average has seen it, so the gain is low enough, and it got there in a straight
// line.
type Limiter struct {
	ceiling float32
	release float64

	line []float32 // the look-ahead, a ring of frames
	at   int       // of the oldest frame in line

	low         []need // ring: the frames in sight that need less than 1 and less than all later ones
	first, last int    // of low, counted without end
	frame       int    // number of the frame that comes next

	held  float64   // lowest need, with release
	terms []float64 // ring: the last values of held
	sum   float64   // of terms
	rest  int       // for how many frames held has been 1
}

// A need is the gain that a frame needs to come out at the ceiling.
type need struct {
	frame int
	gain  float64
}

// NewLimiter makes a limiter to ceilingDBFS (at most 0).
func NewLimiter(ceilingDBFS float64) *Limiter {
	n := Frames(limiterLook)
	l := &Limiter{
		// A rounding of the product upward must not be an over.
		ceiling: math.Nextafter32(float32(Amplitude(min(ceilingDBFS, 0))), 0),
		release: 1 - math.Exp(-1/(limiterRelease.Seconds()*Rate)),
		line:    make([]float32, n*Channels),
		low:     make([]need, n+2),
		terms:   make([]float64, n),
	}
	l.Reset()
	return l
}

// Delay is how many frames later sound comes out than it went in.
func (l *Limiter) Delay() int { return len(l.terms) }

// Reset puts it at rest: it forgets the sound in the look-ahead and lets go.
func (l *Limiter) Reset() {
	clear(l.line)
	l.at, l.first, l.last = 0, 0, 0
	l.held, l.sum, l.rest = 1, float64(len(l.terms)), len(l.terms)
	for i := range l.terms {
		l.terms[i] = 1
	}
}

// Gain is how far it turns down now, as a factor in 0…1.
func (l *Limiter) Gain() float64 {
	return min(1, l.sum/float64(len(l.terms)))
}

// Process puts p in and the sound of Delay frames ago out in its place. p is
// whole frames of finite values. It gives the mean of the gain over p.
func (l *Limiter) Process(p []float32) float64 {
	if l.resting() && !loops.Over(p, l.ceiling) {
		l.delay(p)
		return 1
	}
	var sum float64
	for i := 0; i+1 < len(p); i += Channels {
		g := l.step(math.Float32frombits(max(size(p[i]), size(p[i+1]))))
		line := l.line[l.at : l.at+Channels]
		line[0], line[1], p[i], p[i+1] = p[i], p[i+1], line[0], line[1]
		l.at = (l.at + Channels) % len(l.line)
		if g < 1 {
			p[i], p[i+1] = l.cap(p[i]*g), l.cap(p[i+1]*g)
		}
		sum += float64(g)
	}
	return sum / float64(max(1, len(p)/Channels))
}

// size is v without its sign, as bits, which are in the order of the numbers.
func size(v float32) uint32 { return math.Float32bits(v) &^ (1 << 31) }

// delay exchanges p for what went in Delay frames before.
func (l *Limiter) delay(p []float32) {
	for len(p) > 0 {
		n := min(len(p), len(l.line)-l.at)
		loops.Swap(p[:n], l.line[l.at:])
		l.at = (l.at + n) % len(l.line)
		p = p[n:]
	}
}

// resting reports whether nothing above the ceiling is in sight and the gain has
// been let go.
func (l *Limiter) resting() bool { return l.first == l.last && l.rest >= len(l.terms) }

// step takes the peak of the frame that goes in and gives the gain for the one
// that comes out.
func (l *Limiter) step(peak float32) float32 {
	over := peak > l.ceiling
	if !over && l.resting() {
		return 1
	}
	n := len(l.low)
	if l.first < l.last && l.low[l.first%n].frame < l.frame-len(l.terms) {
		l.first++
	}
	if over {
		g := float64(l.ceiling) / float64(peak)
		for l.first < l.last && l.low[(l.last-1)%n].gain >= g {
			l.last--
		}
		l.low[l.last%n] = need{l.frame, g}
		l.last++
	}
	lowest := 1.0
	if l.first < l.last {
		lowest = l.low[l.first%n].gain
	}
	l.held = min(lowest, l.held+(1-l.held)*l.release)
	if l.held > 0.9999 && lowest == 1 { // −0.001 dB
		l.held = 1
	}
	t := l.frame % len(l.terms)
	l.sum += l.held - l.terms[t]
	l.terms[t] = l.held
	l.frame++
	if l.held < 1 {
		l.rest = 0
	} else if l.rest++; l.rest >= len(l.terms) {
		l.sum = float64(len(l.terms)) // without what rounding has left in it
	}
	return float32(min(1, l.sum/float64(len(l.terms))))
}

// cap takes off what rounding may have left above the ceiling.
func (l *Limiter) cap(v float32) float32 { return max(-l.ceiling, min(l.ceiling, v)) }
