package sense

import (
	"fmt"
	"math"
	"time"
)

// Amp is what the amplifier's supply should carry, in mA. A technician reads the numbers
// off the console's command sensors.
type Amp struct {
	IdleMA  float64 // on, and nothing sounds
	FullMA  float64 // how much more with a sound of 0 dBFS RMS, all horns connected
	MostMA  float64 // no amplifier in order takes more
	LeastMV float64 // its supply is dead below this; 0: nobody measures it
}

// A Load is one measurement of the amplifier's supply, and what the speaker did then.
type Load struct {
	At   time.Time
	On   bool    // the amplifier's line
	RMS  float64 // of what sounds, dBFS
	MA   float64
	MV   float64 // NaN: not measured
	Fail error   // why nothing was measured
}

const (
	// settled is how long after an edge of the line a measurement is none: capacitors
	// are charged, and the last sound is still in them.
	settled = 1500 * time.Millisecond

	// stretch is over how many loud measurements the rise is added up: a programme is
	// not as loud when it is measured as it is told to be. Two stretches make an open
	// line, because a false alarm costs somebody a climb.
	stretch  = 4
	openTwo  = 2
	leastFar = 20.0 // mA that a rise should have to be looked for

	openBelow  = 0.25 // of the rise that is due: nothing is connected
	closedFrom = 0.45 // of it: the horns are there again
	shortAbove = 3.0  // times as much as is due
	stuckSame  = 8    // loud measurements that are the very same
	inOrder    = 6    // measurements in order before one counts, at first and after one that went backwards
)

// An ampJudge tells from the current what is wrong with amplifier and horns. A meter that
// fails, stands still or counts backwards proves nothing: what it had shown before stays.
type ampJudge struct {
	amp  Amp
	held map[string]error // what is wrong

	on     bool
	edge   time.Time
	last   float64
	before float64 // the last measurement before the edge
	doubt  bool    // nothing since the edge differed from it
	opened bool    // the line was found open since the last edge, by a meter that may stand still

	missed      misses // readings that failed, or went backwards
	odd         int    // so many in order have to come before one is judged
	same, still int

	dead, stuck, low, big streak
	rise, due             float64 // sums of a stretch
	n, open               int     // measurements of it; stretches without a rise
}

func newAmpJudge(a Amp) *ampJudge {
	return &ampJudge{amp: a, odd: inOrder, held: make(map[string]error)}
}

// take judges one more measurement.
func (j *ampJudge) take(l Load) {
	if l.Fail != nil {
		j.miss(l.Fail)
		return
	}
	if l.On != j.on || j.edge.IsZero() {
		j.before, j.doubt = j.last, !j.edge.IsZero()
		j.on, j.edge = l.On, l.At
		j.restart()
	}
	moved := l.MA != j.last
	j.last = l.MA
	if l.At.Sub(j.edge) < settled {
		return
	}
	if j.meter(l, moved) {
		j.judge(l)
	}
}

// miss takes a measurement that is none: nil is one that is.
func (j *ampJudge) miss(err error) {
	held := j.held[CurrentFault]
	was := held
	if j.missed.hold(&held, err); held != nil {
		j.held[CurrentFault] = held
	}
	if was == nil && held != nil {
		j.restart()
	}
}

// restart forgets what has not become certain.
func (j *ampJudge) restart() {
	j.same, j.still, j.dead, j.stuck, j.low, j.big = 0, 0, 0, 0, 0, 0
	j.rise, j.due, j.n, j.open = 0, 0, 0, 0
}

// meter reports whether a measurement proves anything.
func (j *ampJudge) meter(l Load, moved bool) bool {
	if j.doubt = j.doubt && l.MA == j.before && l.MA > j.amp.IdleMA/3; !j.doubt {
		j.same = 0
	} else if j.same++; j.same < certain {
		return false
	}
	if j.still++; moved || j.dueRise(l) < leastFar || l.MA < j.amp.IdleMA+openBelow*j.dueRise(l) || l.MA > j.amp.MostMA {
		j.still = 0 // nothing that would have to move; or a short, at the end of the meter's range
	}
	if l.MA < -j.amp.IdleMA/4 {
		j.odd = inOrder
		j.restart()
		j.miss(fmt.Errorf("it counts backwards, %.0f mA: change the wires at VIN+ and VIN-", l.MA))
		return false
	}
	j.miss(nil)
	switch {
	case j.doubt:
		j.held[CurrentFault] = fmt.Errorf("it says %.1f mA, whether the amplifier is on or off: the meter stands still, or the amplifier's relay sticks", l.MA)
		if j.opened {
			delete(j.held, HornOpen)
		}
	case j.still >= stuckSame:
		j.held[CurrentFault] = fmt.Errorf("it has said %.1f mA for %d measurements of a programme: the meter stands still", l.MA, j.still)
	case j.still == 0 && j.missed == 0:
		delete(j.held, CurrentFault)
	}
	j.odd = max(j.odd-1, 0)
	_, bad := j.held[CurrentFault]
	return !bad && j.odd == 0
}

// dueRise is how much more than idle, in mA, the amplifier should take.
func (j *ampJudge) dueRise(l Load) float64 {
	if !l.On {
		return 0
	}
	return j.amp.FullMA * math.Pow(10, l.RMS/10) // a current of a switching amplifier goes with the power
}

func (j *ampJudge) judge(l Load) {
	if !l.On {
		j.opened = false
		j.is(AmpStuck, &j.stuck, l.MA > j.amp.IdleMA/2, "%.0f mA although the amplifier is switched off", l.MA)
		return
	}
	if j.amp.LeastMV > 0 && !math.IsNaN(l.MV) {
		j.is(AmpSupply, &j.low, l.MV < j.amp.LeastMV, "%.1f V at the amplifier, of at least %.1f V", l.MV/1000, j.amp.LeastMV/1000)
		if j.low > 0 || j.held[AmpSupply] != nil {
			return // its current says nothing
		}
	}
	j.is(AmpDead, &j.dead, l.MA < j.amp.IdleMA/3, "%.0f mA although the amplifier is switched on; %.0f mA are usual", l.MA, j.amp.IdleMA)
	if j.dead > 0 {
		return
	}
	if l.MA > j.amp.MostMA {
		j.is(HornShort, &j.big, true, "%.0f mA, at most %.0f mA are usual", l.MA, j.amp.MostMA)
		return
	}
	j.big = 0
	if due := j.dueRise(l); due >= max(leastFar, j.amp.IdleMA/4) {
		j.n, j.due, j.rise = j.n+1, j.due+due, j.rise+l.MA-j.amp.IdleMA
	}
	if j.n == stretch {
		j.weigh(j.rise/j.due, j.rise/stretch, j.due/stretch)
		j.n, j.due, j.rise = 0, 0, 0
	}
}

// weigh judges a stretch by the part of the rise that was there.
func (j *ampJudge) weigh(part, rise, due float64) {
	if part >= openBelow {
		j.open = 0
	} else if j.open++; j.open >= openTwo && j.held[HornOpen] == nil {
		j.held[HornOpen] = fmt.Errorf("the sound brought %.0f mA, %.0f mA are due: the line is cut, or the amplifier has switched itself off", max(0, rise), due)
		j.opened = true
	}
	switch {
	case part >= closedFrom && part <= shortAbove:
		delete(j.held, HornOpen)
		delete(j.held, HornShort)
	case part > shortAbove:
		delete(j.held, HornOpen)
		j.held[HornShort] = fmt.Errorf("the sound brought %.0f mA, %.0f mA are due", rise, due)
	}
}

// is holds a condition that is certain, and ends one that is certainly not so.
func (j *ampJudge) is(code string, n *streak, so bool, format string, args ...any) {
	n.add(so)
	held := j.held[code]
	n.hold(&held, func() error { return fmt.Errorf(format, args...) })
	if j.held[code] = held; held == nil {
		delete(j.held, code)
	}
}
