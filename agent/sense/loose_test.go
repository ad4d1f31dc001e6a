package sense

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var errLoose = errors.New("remote I/O error")

// A joint that is loose lets a sensor answer now and then. It has failed all the same, and
// is told in the time that EN 54-16 gives; a reading that fails once in a while is none.
func TestALooseJoint(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer []bool // over and over
		told   bool
	}{
		{"every second", []bool{true, false}, true},
		{"one of three, as an INA219 that is set up anew each time", []bool{false, false, true}, true},
		{"once in four", []bool{true, true, true, false}, false},
		{"twice in a row, and well for long", append([]bool{false, false}, slices.Repeat([]bool{true}, 10)...), false},
	} {
		readings := func(every time.Duration, take func(ok bool) (told bool)) (told bool, after time.Duration) {
			for i := range 100 {
				if take(c.answer[i%len(c.answer)]) {
					return true, time.Duration(i+1) * every
				}
			}
			return false, 0
		}
		g := gauge{valid: [2]float64{6000, 32000}, bands: []band{{edge: 11500, unit: 1, say: "%g of %g"}}}
		j, d := newAmpJudge(usual), door{}
		at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
		for what, x := range map[string]struct {
			every time.Duration
			take  func(ok bool) bool
		}{
			"meter": {ampEvery, func(ok bool) bool {
				at = at.Add(ampEvery)
				l := Load{At: at, MA: 1.5, MV: 24000}
				if !ok {
					l = Load{At: at, Fail: errLoose}
				}
				j.take(l)
				return j.held[CurrentFault] != nil
			}},
			"gauge": {supplyEvery, func(ok bool) bool {
				if ok {
					g.take(12500, nil)
				} else {
					g.take(0, errLoose)
				}
				return g.broken != nil
			}},
			"door": {doorEvery, func(ok bool) bool {
				if ok {
					d.take(false, nil)
				} else {
					d.take(false, errLoose)
				}
				return d.broken != nil
			}},
		} {
			if told, after := readings(x.every, x.take); told != c.told || after > 90*time.Second {
				t.Errorf("%s, %s: told %v after %v", c.name, what, told, after)
			}
		}
	}
}

// What a sensor says in between still counts: the horns that are cut off, the battery that
// is flat, the door that is open.
func TestALooseJointHidesNothing(t *testing.T) {
	a := &amplifier{mv: 24000, on: true, rms: -14, open: true}
	j, d := newAmpJudge(usual), door{}
	g := gauge{valid: [2]float64{6000, 32000}, bands: []band{{edge: 11500, unit: 1, say: "%g of %g"}}}
	at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	for i := range 60 {
		at = at.Add(ampEvery)
		if a.gone = i%4 == 3; a.gone {
			g.take(0, errLoose)
			d.take(false, errLoose)
		} else {
			g.take(11000, nil)
			d.take(true, nil)
		}
		j.take(a.load(at))
	}
	if j.held[HornOpen] == nil || len(j.held) != 1 {
		t.Errorf("the horns: %v", j.held)
	}
	if g.bands[0].held == nil || g.broken != nil {
		t.Errorf("the battery: %v, %v", g.bands[0].held, g.broken)
	}
	if d.held == nil || d.broken != nil {
		t.Errorf("the door: %v, %v", d.held, d.broken)
	}
}

// A meter that says anything is a meter to replace, and no cable to look at on a pole.
func TestAMeterThatSaysAnything(t *testing.T) {
	wrong := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		j := newAmpJudge(usual)
		at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
		told, other := 0, false
		for i := range 600 {
			at = at.Add(ampEvery)
			on := i/20%2 == 1
			rms := -120.0
			if on {
				rms = -14
			}
			j.take(Load{At: at, On: on, RMS: rms, MA: float64(int16(r.Uint32())), MV: float64(r.IntN(32000))})
			if j.held[CurrentFault] != nil {
				told++
			}
			other = other || slices.ContainsFunc(slices.Collect(maps.Keys(j.held)), func(code string) bool { return code != CurrentFault })
		}
		if told < 500 {
			t.Errorf("seed %d: told for %d of 600 s", seed, told)
		}
		if other {
			wrong++
		}
	}
	if wrong > 10 {
		t.Errorf("in %d of 200 cases somebody is sent for another part", wrong)
	}
}

// A weak supply sags with the sound, and the kernel tells only of the last two seconds.
func TestASupplyThatSagsWithTheSound(t *testing.T) {
	for every, told := range map[int]bool{1: true, 2: true, 10: false} {
		j := newVitalsJudge(85)
		was := false
		for i := range 18 { // 90 s
			sags := i%every == 0
			j.take(Vitals{LowSupply: &sags})
			was = was || j.low != nil
		}
		if was != told {
			t.Errorf("every %d. reading: told %v", every, was)
		}
		for range 18 {
			well := false
			j.take(Vitals{LowSupply: &well})
		}
		if j.low != nil {
			t.Errorf("every %d. reading: still told when it is well", every)
		}
	}
}
