package sound

import (
	"io"
	"math"
	"testing"
	"time"
)

// A hum is as long as it is left.
type hum struct {
	at, left int
	hz       float64
}

func (w *hum) Read(p []float32) (int, error) {
	if w.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p)/2, w.left)
	for i := range n {
		v := float32(0.5 * math.Sin(2*math.Pi*w.hz*float64(w.at+i)/Rate))
		p[2*i], p[2*i+1] = v, v
	}
	w.at, w.left = w.at+n, w.left-n
	return 2 * n, nil
}

func (w *hum) Close() error { return nil }

// A card reads a follower as a device whose clock is off: block by block, telling it
// when the next frame is heard.
type card struct {
	began time.Time
	past  float64 // seconds since then
	speed float64 // seconds of a frame, as a part of what they should be
	noise func(block int) time.Duration
	out   []float32   // left
	heard []time.Time // of each
	block int
}

func (d *card) now() time.Time { return d.began.Add(time.Duration(d.past * 1e9)) }

func (d *card) play(t *testing.T, f *Follower, frames int) error {
	t.Helper()
	p := make([]float32, 960*2)
	for frames > 0 {
		for at := 0; at < len(p); {
			told := d.now()
			if d.noise != nil {
				told = told.Add(d.noise(d.block))
			}
			f.HeardAt(told, d.speed)
			n, err := f.Read(p[at:])
			if err != nil {
				return err
			}
			for i := 0; i < n; i += 2 {
				d.out = append(d.out, p[at+i])
				d.heard = append(d.heard, d.now())
				d.past += d.speed / Rate
			}
			at += n
		}
		d.block++
		frames -= len(p) / 2
	}
	return nil
}

var epoch = time.Unix(1e9, 0)

// phase is how late the sine in x is, against its start, by fitting it to the frames
// from one to another.
func (d *card) phase(start time.Time, hz float64, from, to int) time.Duration {
	var ss, cc float64
	for i := from; i < to; i++ {
		sin, cos := math.Sincos(2 * math.Pi * hz * d.heard[i].Sub(start).Seconds())
		ss += float64(d.out[i]) * sin
		cc += float64(d.out[i]) * cos
	}
	return time.Duration(-math.Atan2(cc, ss) / (2 * math.Pi * hz) * 1e9)
}

// Whatever the device's clock does, the source begins at its start and stays there.
func TestFollow(t *testing.T) {
	const hz = 200
	for _, ppm := range []float64{0, 80, -80, 20} {
		start := epoch.Add(300*time.Millisecond + 7*time.Microsecond)
		f := Follow(&hum{left: 60 * Rate, hz: hz}, start)
		d := &card{began: epoch, speed: 1 / (1 + ppm/1e6)}
		if !f.Pending() {
			t.Error("it sounds before its time")
		}
		if err := d.play(t, f, 12*Rate); err != nil {
			t.Fatal(err)
		}
		for i, v := range d.out {
			if v != 0 {
				if off := d.heard[i].Sub(start); off.Abs() > 50*time.Microsecond {
					t.Errorf("%v ppm: it begins %v after its start", ppm, off)
				}
				break
			}
		}
		for _, at := range []int{1, 5, 10} {
			if off := d.phase(start, hz, at*Rate, at*Rate+Rate); off.Abs() > 25*time.Microsecond {
				t.Errorf("%v ppm: after %d s off by %v", ppm, at, off)
			}
		}
		if l := f.Look(); l.Jumps != 0 || l.Adrift || !l.Begun {
			t.Errorf("%v ppm: %+v", ppm, l)
		}
	}
}

// What is behind when it begins is left out; the rest is in time.
func TestFollowJoins(t *testing.T) {
	const hz = 100
	start := epoch.Add(-1234 * time.Millisecond)
	src := &hum{left: 60 * Rate, hz: hz}
	f := Follow(src, start)
	d := &card{began: epoch, speed: 1}
	if err := d.play(t, f, 3*Rate); err != nil {
		t.Fatal(err)
	}
	if off := d.phase(start, hz, Rate, 2*Rate); off.Abs() > 25*time.Microsecond {
		t.Errorf("off by %v", off)
	}
	if shift := f.Look().Shift; shift < 59000 || shift > 60000 {
		t.Errorf("%d frames were left out, want 1.234 s", shift)
	}
}

// After a break it jumps to where it should be, forward or back, softly.
func TestFollowJumps(t *testing.T) {
	const hz = 100
	for _, broke := range []time.Duration{43 * time.Millisecond, -37 * time.Millisecond, 700 * time.Millisecond} {
		start := epoch.Add(100 * time.Millisecond)
		f := Follow(&hum{left: 60 * Rate, hz: hz}, start)
		d := &card{began: epoch, speed: 1}
		if err := d.play(t, f, 3*Rate); err != nil {
			t.Fatal(err)
		}
		d.past += broke.Seconds()
		at := len(d.out)
		if err := d.play(t, f, 3*Rate); err != nil {
			t.Fatal(err)
		}
		if off := d.phase(start, hz, at+Rate, at+2*Rate); off.Abs() > 25*time.Microsecond {
			t.Errorf("a second after a break of %v off by %v", broke, off)
		}
		if l := f.Look(); l.Jumps != 1 || l.Worst < broke.Abs()-time.Millisecond {
			t.Errorf("after a break of %v: %+v", broke, l)
		}
		if click := clicks(d.out[at-100:]); click > 1.5*bend(hz) {
			t.Errorf("a break of %v is heard: the wave bends by %.4f, a sine's own is %.4f", broke, click, bend(hz))
		}
	}
}

// bend is the largest second difference of the tests' sine, clicks that of what was heard.
func bend(hz float64) float64 { return 0.5 * math.Pow(2*math.Pi*hz/Rate, 2) }

func clicks(x []float32) (most float64) {
	for i := 2; i < len(x); i++ {
		most = max(most, math.Abs(float64(x[i])-2*float64(x[i-1])+float64(x[i-2])))
	}
	return most
}

// A small error is bent away: nothing is heard of it but a tone that is a thousandth
// higher for a moment.
func TestFollowBends(t *testing.T) {
	const hz = 997
	start := epoch.Add(100 * time.Millisecond)
	f := Follow(&hum{left: 60 * Rate, hz: hz}, start)
	// The estimate of the device wanders by half a millisecond, and back.
	d := &card{began: epoch, speed: 1 / (1 + 80e-6), noise: func(block int) time.Duration {
		return time.Duration(500e3 * math.Sin(float64(block)/200))
	}}
	if err := d.play(t, f, 15*Rate); err != nil {
		t.Fatal(err)
	}
	if l := f.Look(); l.Jumps != 0 {
		t.Errorf("it jumped %d times over half a millisecond", l.Jumps)
	}
	steady := d.out[Rate:]
	if click := clicks(steady); click > 1.01*bend(hz) {
		t.Errorf("the wave bends by %.5f, a sine's own is %.5f", click, bend(hz))
	}
	// What is left beside the sine, in stretches so short that its pitch stands.
	worst := 0.0
	for at := 0; at+4800 < len(steady); at += 4800 {
		worst = max(worst, residue(steady[at:at+480], hz))
	}
	if db := 20 * math.Log10(worst); db > -60 {
		t.Errorf("noise beside the tone at %.1f dB", db)
	} else {
		t.Logf("noise and distortion beside a tone that is bent: %.1f dB", db)
	}
}

// residue is what is left of x beside its best sine near hz, as a part of it.
func residue(x []float32, hz float64) float64 {
	best := math.Inf(1)
	for off := -0.0015; off <= 0.0015; off += 0.00005 {
		var ss, cc, sc, xs, xc float64
		for i, v := range x {
			s, c := math.Sincos(2 * math.Pi * hz * (1 + off) * float64(i) / Rate)
			ss, cc, sc, xs, xc = ss+s*s, cc+c*c, sc+s*c, xs+float64(v)*s, xc+float64(v)*c
		}
		det := ss*cc - sc*sc
		a, b := (xs*cc-xc*sc)/det, (xc*ss-xs*sc)/det
		var e, p float64
		for i, v := range x {
			s, c := math.Sincos(2 * math.Pi * hz * (1 + off) * float64(i) / Rate)
			m := a*s + b*c
			e, p = e+(float64(v)-m)*(float64(v)-m), p+m*m
		}
		best = min(best, math.Sqrt(e/p))
	}
	return best
}

// Where nobody can tell when it is heard, it begins a second late, and plays on.
func TestFollowBlind(t *testing.T) {
	f := Follow(&hum{left: 2 * Rate, hz: 100}, epoch)
	p := make([]float32, 960)
	now := epoch
	for range 500 {
		f.HeardAt(now, 0)
		n, err := f.Read(p)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(Duration(n / 2))
		if !f.Pending() {
			break
		}
	}
	if late := now.Sub(epoch); late < time.Second || late > 1100*time.Millisecond || !f.Look().Adrift {
		t.Errorf("it began after %v: %+v", late, f.Look())
	}
}

// The end comes with the last frame, and nothing is lost before it.
func TestFollowEnds(t *testing.T) {
	f := Follow(&hum{left: Rate, hz: 100}, epoch)
	d := &card{began: epoch, speed: 1 + 50e-6}
	if err := d.play(t, f, 3*Rate); err != io.EOF {
		t.Fatalf("ended with %v", err)
	}
	if n := len(d.out); n < Rate-10 || n > Rate+10 {
		t.Errorf("%d frames of %d", n, Rate)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
