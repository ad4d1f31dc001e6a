// Package heard tells whether, where and how truly a recording of what a box
// played holds a sound that was sent to it.
package heard

import (
	"math"
	"math/cmplx"
	"time"
)

// A Match is where a sound was found in a recording.
type Match struct {
	At    time.Duration // of the sound's first sample
	Score float64       // normalised cross-correlation, 1 for a scaled copy, about 0 for another sound
	Gain  float64       // recording level over sent level, as a factor
}

// rate is what the comparison runs at: it keeps what carries speech, and makes
// a minute of sound a matter of milliseconds.
const rate = 8000

// Find looks for want in got. Both are mono; the rates are in Hz. A constant
// gain, a delay and what a box's gentle filters do leave the score near 1.
func Find(want []float64, wantRate int, got []float64, gotRate int) Match {
	w, g := at(want, wantRate), at(got, gotRate)
	if len(w) == 0 || len(g) < len(w) {
		return Match{}
	}
	best, lag := find(w, g)
	// A sample here is several of the recording's: a sound that lies between two
	// is less like itself by up to a quarter.
	const margin = 64 // of what the filter needs on both sides
	from := max(0, lag-margin) * gotRate / rate
	to := min(len(got), (lag+len(w)+margin)*gotRate/rate)
	for beyond := range gotRate / rate {
		if from+beyond >= to {
			break
		}
		near := at(got[from+beyond:to], gotRate)
		if len(near) < len(w) {
			break
		}
		if m, lag := find(w, near); m.Score > best.Score {
			best = m
			best.At = time.Duration(from+beyond)*time.Second/time.Duration(gotRate) + time.Duration(lag)*time.Second/rate
		}
	}
	return best
}

// find is Find with both at the comparison's rate; lag is where the match lies.
func find(w, g []float64) (best Match, lag int) {
	corr := correlate(w, g)
	energyW := energy(w)
	sum := 0.0
	for _, v := range g[:len(w)] {
		sum += v * v
	}
	for k := range len(g) - len(w) + 1 {
		if k > 0 {
			sum += g[k+len(w)-1]*g[k+len(w)-1] - g[k-1]*g[k-1]
		}
		// A stretch far quieter than anything that was sent is not a match for it.
		if sum < 1e-7*float64(len(w)) {
			continue
		}
		if score := corr[k] / math.Sqrt(energyW*sum); score > best.Score {
			lag = k
			best = Match{
				At:    time.Duration(k) * time.Second / rate,
				Score: score,
				Gain:  math.Sqrt(sum / energyW),
			}
		}
	}
	return best, lag
}

func energy(x []float64) (e float64) {
	for _, v := range x {
		e += v * v
	}
	return e
}

// at is x at the comparison's rate, through a windowed sinc that removes what
// would fold back. Positions repeat after at most rate samples, and so do taps.
func at(x []float64, from int) []float64 {
	if from <= 0 || len(x) == 0 {
		return nil
	}
	step := float64(from) / rate
	half := int(math.Ceil(16 * math.Max(step, 1)))
	cut := math.Min(1, 1/step) * 0.9
	taps := make(map[int][]float64) // by the part of a sample that a position lies beyond one, in 1/rate
	out := make([]float64, int(float64(len(x))/step))
	for i := range out {
		centre, beyond := i*from/rate, i*from%rate
		t, ok := taps[beyond]
		if !ok {
			t = make([]float64, 2*half+1)
			for k := range t {
				d := float64(k-half) - float64(beyond)/rate
				t[k] = sinc(cut*d) * cut * (0.5 + 0.5*math.Cos(math.Pi*d/float64(half+1)))
			}
			taps[beyond] = t
		}
		for k, w := range t {
			if j := centre + k - half; j >= 0 && j < len(x) {
				out[i] += w * x[j]
			}
		}
	}
	return out
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// correlate is the sum of w[i]·g[lag+i] for every lag at which w lies in g.
func correlate(w, g []float64) []float64 {
	n := 1
	for n < len(w)+len(g) {
		n *= 2
	}
	a, b := make([]complex128, n), make([]complex128, n)
	for i, v := range w {
		a[i] = complex(v, 0)
	}
	for i, v := range g {
		b[i] = complex(v, 0)
	}
	fft(a, -1)
	fft(b, -1)
	for i := range a {
		a[i] = cmplx.Conj(a[i]) * b[i]
	}
	fft(a, 1)
	out := make([]float64, len(g)-len(w)+1)
	for i := range out {
		out[i] = real(a[i]) / float64(n)
	}
	return out
}

// fft transforms x, whose length is a power of two, in place; sign +1 is the
// inverse, unscaled.
func fft(x []complex128, sign float64) {
	n := len(x)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		half := size / 2
		for k := range half {
			t := cmplx.Rect(1, sign*2*math.Pi*float64(k)/float64(size))
			for i := k; i < n; i += size {
				u, v := x[i], x[i+half]*t
				x[i], x[i+half] = u+v, u-v
			}
		}
	}
}
