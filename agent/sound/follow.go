package sound

import (
	"io"
	"math"
	"sync"
	"time"
)

// A Timed source is played by the clock on the wall.
type Timed interface {
	// HeardAt says, before each Read, when the next frame will be heard, and how long a
	// frame of the device lasts as a part of what it should; 0: at is only a guess.
	HeardAt(at time.Time, speed float64)
	// Pending reports that its time has not come: until then it gives silence, and the
	// mixer lets it keep nobody from sounding.
	Pending() bool
}

const (
	followSlew  = 1000e-6 // how much faster or slower than right it goes to get there: 1.7 cents
	followBend  = 100e-6  // by how much that changes from one Read to the next
	followTime  = 1.5     // seconds in which most of what it is off by is gone
	followJump  = 2 * time.Millisecond
	followFade  = 10 * time.Millisecond
	followReach = 5 * time.Second // further away it is let go: so much cannot be left out of a text
	followBlind = time.Second     // so long after its time it begins without knowing when it is heard
	followGulp  = Rate / 4        // frames that one Read passes over at most
)

// A Follower lets frame n of a source be heard n/48000 s after its start, by the clock on
// the wall, whatever the device's clock does. It gives silence until then, plays a little
// faster or slower to stay there, and after a break fades, jumps, and fades in. What is
// behind when it begins is left out.
type Follower struct {
	src  Source
	conv *converter
	buf  []float32
	done error // of src

	at    time.Time // when the next frame will be heard
	speed float64   // 0: at is a guess
	step  float64   // frames of src in a frame given
	given int64
	taken int64 // frames of src read
	late  bool  // it does not begin at its beginning, or goes on after a jump: it fades in
	fade  int   // frames of the fade that are left

	mu     sync.Mutex
	start  time.Time
	state  following
	off    time.Duration
	worst  [2]time.Duration // of off, in the half minute before this one and in this one
	since  time.Time        // when this one began
	jumps  int
	jumped time.Time // when the last will be heard
}

type following int

const (
	pending following = iota // its time has not come
	seeking                  // on its way to where it should be
	kept                     // in time
	leaving                  // fading, to be somewhere else
	adrift                   // let go: it plays as fast as the device
)

// Follow makes a follower of src, whose first frame is to be heard at start.
func Follow(src Source, start time.Time) *Follower {
	f := &Follower{src: src, conv: newConverter(Rate), buf: make([]float32, 512*Channels), start: start, step: 1}
	f.conv.setSpeed(1 + 1e-9) // with its filter from the first frame on
	f.conv.reset()
	return f
}

// Move gives it another start: the clock on the wall was set.
func (f *Follower) Move(start time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.start = start
}

// HeardAt is [Timed].
func (f *Follower) HeardAt(at time.Time, speed float64) { f.at, f.speed = at, speed }

// Pending is [Timed].
func (f *Follower) Pending() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state == pending
}

// Following is how a source keeps to its time.
type Following struct {
	Begun  bool
	Adrift bool          // it was let go: too far away, or the device does not tell the time
	Off    time.Duration // how much too early it is heard
	Worst  time.Duration // the most that it was off by in the last half to one minute
	Jumps  int           // how often it left something out or waited
	Jumped time.Time
	Shift  int64 // frames of the source passed beyond those given
}

// Look says how it keeps to its time.
func (f *Follower) Look() Following {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Following{
		Begun: f.state != pending, Adrift: f.state == adrift, Off: f.off, Worst: max(f.worst[0], f.worst[1]), Jumps: f.jumps, Jumped: f.jumped,
		Shift: int64(f.position()) - f.given,
	}
}

// position is the frame of src that is given next.
func (f *Follower) position() float64 { return float64(f.taken-int64(f.conv.left)) + f.conv.pos }

// due is which frame of src should be heard at f.at.
func (f *Follower) due() float64 { return f.at.Sub(f.start).Seconds() * Rate }

// Read is [Source].
func (f *Follower) Read(p []float32) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p = p[:whole(len(p))]
	switch f.state {
	case pending, seeking:
		n, err = f.approach(p)
	case kept:
		f.steer()
		n, err = f.play(p)
	case leaving:
		if n, err = f.play(p[:min(len(p), f.fade*Channels)]); f.fade == 0 || n == 0 && err == nil {
			f.seek()
		}
	case adrift:
		n, err = f.play(p)
	}
	f.given += int64(n / Channels)
	return n, err
}

// seek forgets what the filter holds: the source goes on behind it.
func (f *Follower) seek() {
	f.conv.reset()
	f.state, f.late = seeking, true
}

// approach gives silence until the source's next frame is due, or passes over what was
// due before.
func (f *Follower) approach(p []float32) (int, error) {
	ahead := float64(f.taken) - f.due()
	switch {
	case f.speed == 0 && ahead > -followBlind.Seconds()*Rate:
		clear(p)
		return len(p), nil
	case f.speed == 0 || ahead < -followReach.Seconds()*Rate:
		f.begin(adrift)
		return f.play(p)
	case ahead >= 1:
		p = p[:min(len(p), int(ahead)*Channels)]
		clear(p)
		return len(p), nil
	case ahead <= -1:
		f.late = true
		n, err := f.skip(min(int(-ahead), followGulp))
		if err != nil || n == 0 {
			return 0, err
		}
		if ahead+float64(n) <= -1 { // the rest with the next Read: nobody waits for it
			p = p[:min(len(p), 480*Channels)]
			clear(p)
			return len(p), nil
		}
	}
	f.begin(kept)
	return f.play(p)
}

func (f *Follower) begin(s following) {
	f.state, f.step, f.fade = s, 1, 0
	if s == kept {
		f.step = f.speed
	}
	if f.late {
		f.fade = Frames(followFade)
	}
}

// skip reads frames of the source that nobody hears.
func (f *Follower) skip(frames int) (n int, err error) {
	for n < frames && err == nil {
		var got int
		got, err = f.src.Read(f.buf[:min(len(f.buf), (frames-n)*Channels)])
		if got == 0 {
			break
		}
		n += got / Channels
	}
	f.taken += int64(n)
	return n, err
}

// steer bends the speed towards where the source should be, or gives up on that.
func (f *Follower) steer() {
	if f.speed == 0 {
		return
	}
	off := f.position() - f.due()
	f.off = time.Duration(off / Rate * 1e9)
	if f.at.Sub(f.since) > 30*time.Second {
		f.worst[0], f.worst[1], f.since = f.worst[1], 0, f.at
	}
	f.worst[1] = max(f.worst[1], f.off.Abs())
	switch {
	case f.off.Abs() > followReach:
		f.state, f.step = adrift, 1
		return
	case f.off.Abs() > followJump:
		f.jumps++
		f.jumped = f.at
		f.state, f.fade = leaving, Frames(followFade)
		return
	}
	aim := f.speed - min(max(off/Rate/followTime, -followSlew), followSlew)
	f.step += min(max(aim-f.step, -followBend), followBend)
}

// play gives what comes next, with the fade that is under way.
func (f *Follower) play(p []float32) (int, error) {
	f.conv.step = f.step
	for {
		if n := f.conv.pull(p); n > 0 {
			f.shade(p[:n])
			return n, nil
		}
		if f.done != nil {
			return 0, f.done
		}
		n, err := f.src.Read(f.buf)
		if n == 0 && err == nil {
			return 0, nil
		}
		f.conv.push(f.buf[:n])
		f.taken += int64(n / Channels)
		if err != nil {
			f.conv.finish()
			f.done = err
		}
	}
}

func (f *Follower) shade(p []float32) {
	all := float64(Frames(followFade))
	for i := 0; i < len(p) && (f.fade > 0 || f.state == leaving); i += Channels {
		f.fade = max(0, f.fade-1)
		gain := float32(math.Pow(math.Sin(math.Pi/2*float64(f.fade)/all), 2)) // without a kink
		if f.state != leaving {
			gain = 1 - gain
		}
		p[i], p[i+1] = p[i]*gain, p[i+1]*gain
	}
}

// Left is [Finite].
func (f *Follower) Left() (frames int64, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	src, ok := f.src.(Finite)
	if !ok || f.state == pending || f.state == seeking {
		return 0, false
	}
	if f.done == nil {
		frames, known = src.Left()
	} else {
		known = true
	}
	return frames + int64(float64(f.conv.left)-f.conv.pos), known
}

// Close is [Source].
func (f *Follower) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done == nil || f.done == io.EOF {
		f.done = errClosed
	}
	f.conv.reset()
	f.state = adrift
	return f.src.Close()
}
