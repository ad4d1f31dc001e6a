package speaker

import (
	"io"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/sound"
	"loa/agent/speaker/speakertest"
)

// pulses is a source with a pulse at the beginning of every second.
type pulses struct{ at, left int }

func (p *pulses) Read(b []float32) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b)/2, p.left)
	for i := range n {
		// A bell of 2 ms, so that its middle can be found between two frames.
		x := float64((p.at+i+sound.Rate/2)%sound.Rate-sound.Rate/2) / 24
		b[2*i] = float32(0.5 * math.Exp(-x*x))
		b[2*i+1] = b[2*i]
	}
	p.at, p.left = p.at+n, p.left-n
	return 2 * n, nil
}

func (p *pulses) Close() error { return nil }

// beats is when each pulse came out of a card, on its own clock.
func beats(heard []speakertest.Stretch, ppm float64) (at []time.Time) {
	for _, s := range heard {
		for n := range s.Frames() {
			if s.PCM[2*n] < 12000 || n == 0 || n+1 == s.Frames() || s.PCM[2*n] < s.PCM[2*n-2] || s.PCM[2*n] <= s.PCM[2*n+2] {
				continue
			}
			a, b, c := float64(s.PCM[2*n-2]), float64(s.PCM[2*n]), float64(s.PCM[2*n+2])
			frame := float64(n) + 0.5*(a-c)/(a-2*b+c)
			when := s.At.Add(time.Duration(frame / sound.Rate / (1 + ppm/1e6) * 1e9))
			if len(at) == 0 || when.Sub(at[len(at)-1]) > 100*time.Millisecond { // rounding may make two peaks of one
				at = append(at, when)
			}
		}
	}
	return at
}

// Whatever its card's clock does, each pulse is heard at its second: from an amplifier
// that takes its time, on a card that says how far it is.
func TestFollowsTheWall(t *testing.T) {
	for _, ppm := range []float64{80, -80} {
		synctest.Test(t, func(t *testing.T) {
			r := boot(t, Opts{Settle: 400 * time.Millisecond}, func() *speakertest.Card {
				c := pole()
				c.PPM = ppm
				return c
			})
			start := time.Now().Add(2 * time.Second)
			f := sound.Follow(&pulses{left: 20 * sound.Rate}, start)
			r.Play(f, Voice{Name: "a"})
			time.Sleep(25 * time.Second)
			all := beats(r.socket.Heard(), ppm)
			if len(all) < 20 {
				t.Fatalf("%v ppm: %d pulses of 20", ppm, len(all))
			}
			for i, at := range all {
				most := 200 * time.Microsecond
				if i < 8 {
					most = 400 * time.Microsecond // the card's speed is not known yet
				}
				if off := at.Sub(start.Add(time.Duration(i) * time.Second)); off.Abs() > most {
					t.Errorf("%v ppm: pulse %d is off by %v", ppm, i, off)
				}
			}
			if got := r.Status().PPM; math.Abs(got-ppm) > 5 {
				t.Errorf("the card's clock is off by %.1f ppm, not %v", got, ppm)
			}
			r.stop(t)
		})
	}
}

// A card that ran dry is behind. Within two seconds what sounds is where it should be.
func TestComesBackAfterAnUnderrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pole()
		r := boot(t, Opts{}, func() *speakertest.Card { return c })
		start := time.Now().Add(time.Second)
		r.Play(sound.Follow(&pulses{left: 30 * sound.Rate}, start), Voice{Name: "a"})
		time.Sleep(10*time.Second + 300*time.Millisecond)
		c.Starve(120 * time.Millisecond)
		broke := time.Now()
		time.Sleep(15 * time.Second)
		seen := 0
		for _, at := range beats(r.socket.Heard(), 0) {
			off := at.Sub(start) - at.Sub(start).Round(time.Second)
			switch {
			case at.Before(broke) || at.After(broke.Add(2*time.Second)):
				seen++
				if off.Abs() > 200*time.Microsecond {
					t.Errorf("at %v a pulse is off by %v", at.Sub(broke), off)
				}
			case off > 100*time.Millisecond:
				seen++
			}
		}
		if seen < 20 {
			t.Errorf("%d pulses", seen)
		}
		if r.Status().Slips != 1 {
			t.Errorf("%d slips, want 1", r.Status().Slips)
		}
		r.stop(t)
	})
}

// What waits for its time silences nobody before, however high its class.
func TestWhatWaitsForItsTimeSilencesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := boot(t, Opts{}, pole)
		r.Play(tone(0.25, 10*time.Second), Voice{Name: "low"})
		time.Sleep(time.Second)
		start := time.Now().Add(3 * time.Second)
		r.Play(sound.Follow(tone(0.5, 2*time.Second), start), Voice{Name: "high", Class: 5})
		time.Sleep(15 * time.Second)
		levels := r.levels()
		for ms := 1000; ms < 3900; ms++ {
			if levels[ms] < 0.2 || levels[ms] > 0.3 {
				t.Fatalf("at %d ms the level is %.2f, want that of the lower voice", ms, levels[ms])
			}
		}
		for ms := 4100; ms < 5900; ms++ {
			if levels[ms] < 0.4 {
				t.Fatalf("at %d ms the level is %.2f, want that of the higher voice", ms, levels[ms])
			}
		}
		r.stop(t)
	})
}
