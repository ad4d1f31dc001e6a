package sense

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// An amplifier is one that behaves, second by second, with a meter before it.
type amplifier struct {
	on             bool
	rms            float64
	open, short    bool
	dead, stuck    bool
	bolted         bool // a short without any resistance
	mv             float64
	frozen         bool
	reversed, gone bool
	said           float64
}

var usual = Amp{IdleMA: 60, FullMA: 4000, MostMA: 6000, LeastMV: 20000}

func (a *amplifier) load(at time.Time) Load {
	l := Load{At: at, On: a.on, RMS: a.rms, MV: a.mv}
	if a.gone {
		l.Fail = errors.New("remote I/O error")
		return l
	}
	ma := 1.5 // the module's own regulator
	power := math.Pow(10, a.rms/10)
	switch {
	case a.mv < 5000 || a.dead:
		ma = 0
	case a.on || a.stuck:
		ma = usual.IdleMA + rand.Float64()
		if !a.open {
			ma += usual.FullMA * power * (0.8 + 0.4*rand.Float64())
		}
		if a.short {
			ma = usual.IdleMA + 12000*math.Sqrt(power)*(0.8+0.4*rand.Float64())
		}
		if a.bolted {
			ma = 8000 // the end of the meter's range
		}
	}
	if a.reversed {
		ma = -ma
	}
	if !a.frozen {
		a.said = math.Round(10*ma) / 10
	}
	l.MA = a.said
	return l
}

// What the current of an amplifier says, and how long it takes: each fault is found
// while the amplifier works, stays through silence, and goes with its cause.
func TestAmpJudge(t *testing.T) {
	const loud, silence = -14.0, -120.0
	for _, c := range []struct {
		name  string
		fault func(*amplifier)
		mend  func(*amplifier)
		want  string
		most  int // seconds of play until it is known
	}{
		{"all well", func(*amplifier) {}, func(*amplifier) {}, "", 0},
		{"horns cut off", func(a *amplifier) { a.open = true }, func(a *amplifier) { a.open = false }, HornOpen, 15},
		{"a short", func(a *amplifier) { a.short = true }, func(a *amplifier) { a.short = false }, HornShort, 15},
		{"a short beyond the meter's range", func(a *amplifier) { a.bolted = true }, func(a *amplifier) { a.bolted = false }, HornShort, 15},
		{"no amplifier", func(a *amplifier) { a.dead = true }, func(a *amplifier) { a.dead = false }, AmpDead, 10},
		{"no supply", func(a *amplifier) { a.mv = 300 }, func(a *amplifier) { a.mv = 24000 }, AmpSupply, 10},
		{"a meter that is gone", func(a *amplifier) { a.gone = true }, func(a *amplifier) { a.gone = false }, CurrentFault, 10},
		{"a meter the wrong way round", func(a *amplifier) { a.reversed = true }, func(a *amplifier) { a.reversed = false }, CurrentFault, 10},
		{"a meter that stands still in a programme", func(a *amplifier) { a.frozen = true }, func(a *amplifier) { a.frozen = false }, CurrentFault, 15},
	} {
		a := &amplifier{mv: 24000, rms: silence}
		j := newAmpJudge(usual)
		at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
		holds := func() string { return strings.Join(slices.Sorted(maps.Keys(j.held)), " ") }
		pass := func(seconds int) {
			for range seconds {
				at = at.Add(ampEvery)
				j.take(a.load(at))
			}
		}
		play := func(seconds int) {
			a.on, a.rms = true, silence
			pass(2)
			a.rms = loud
			pass(seconds)
		}
		rest := func(seconds int) {
			a.rms = silence
			pass(3)
			a.on = false
			pass(seconds)
		}
		rest(10)
		play(20)
		rest(10)
		if holds() != "" {
			t.Errorf("%s: %q before it", c.name, holds())
		}
		play(12)
		c.fault(a)
		pass(c.most)
		if holds() != c.want {
			t.Errorf("%s: %q, want %q", c.name, holds(), c.want)
		}
		rest(60)
		if holds() != c.want && !a.frozen && !a.reversed { // a meter of those two is believed again in silence
			t.Errorf("%s: %q after a pause, want %q", c.name, holds(), c.want)
		}
		play(20)
		if holds() != c.want {
			t.Errorf("%s: %q at the next item, want %q", c.name, holds(), c.want)
		}
		c.mend(a)
		pass(20)
		rest(5)
		play(20)
		if holds() != "" {
			t.Errorf("%s: %q when it is mended", c.name, holds())
		}
	}
}

// What is only seen while the amplifier should be off.
func TestAmpThatStaysOn(t *testing.T) {
	for _, frozen := range []bool{false, true} {
		a := &amplifier{mv: 24000, rms: -120}
		j := newAmpJudge(usual)
		at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
		pass := func(seconds int) {
			for range seconds {
				at = at.Add(ampEvery)
				j.take(a.load(at))
			}
		}
		pass(5)
		a.on, a.rms = true, -14
		pass(10)
		a.rms = -120
		pass(3)
		a.stuck, a.frozen = !frozen, frozen
		a.on = false
		pass(10)
		want := AmpStuck
		if frozen { // a meter that stands still must not send for a relay
			want = CurrentFault
		}
		if j.held[want] == nil || len(j.held) != 1 {
			t.Errorf("frozen %v: %v, want %s", frozen, j.held, want)
		}
		a.stuck, a.frozen = false, false
		pass(10)
		if len(j.held) != 0 {
			t.Errorf("mended: %v", j.held)
		}
	}
}

// A quiet programme brings no current that could be missed.
func TestQuietSoundProvesNothing(t *testing.T) {
	a := &amplifier{mv: 24000, on: true, rms: -35, open: true}
	j := newAmpJudge(usual)
	at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	for range 600 {
		at = at.Add(ampEvery)
		j.take(a.load(at))
	}
	if len(j.held) != 0 {
		t.Errorf("%v", j.held)
	}
}
