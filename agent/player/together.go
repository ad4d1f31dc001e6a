package player

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
)

// The conditions that Opts.Report is told.
const (
	Alone   = "not-together" // what boxes start together is played by this one when it can
	Drifted = "sync-drift"   // what they started together is not heard together
)

const (
	meetWithin = 2 * time.Second        // begins so far from its time are those of something that was interrupted
	lookAgain  = time.Second            // between two looks at the clock on the wall
	stepLeast  = 2 * time.Millisecond   // what it is away by then, it was set by; NTP's slewing moves our clock along
	readWithin = 200 * time.Microsecond // both clocks are read in, or it is done again
	driftMost  = 5 * time.Millisecond
)

var errStopped = errors.New("it goes on from where it was stopped, which is not where the others are")

// A together is an item that begins at its time on the clock on the wall, and stays there.
type together struct {
	*sound.Follower
	it     *item
	p      *Player
	begin  time.Time // by the box's clock, when the first frame is to be heard
	start  time.Time // the same moment by the clock that nobody sets
	looked time.Time
}

// beginning is when the first frame of o is to be heard, if it is played at about the time
// named; err says why that is of no use to its neighbours.
func beginning(o plan.Occurrence, at time.Time) (begin time.Time, err error) {
	begin = o.Start.Add(o.At)
	if at.Sub(begin).Abs() > meetWithin {
		return begin, errStopped
	}
	return begin.Add(o.Delay), nil
}

// meet is o as something to begin together, or why it cannot be.
func (p *Player) meet(it *item, o plan.Occurrence, at time.Time) (*together, error) {
	if p.o.Exact == nil {
		return nil, errors.New("nobody knows how exact the time is")
	}
	begin, err := beginning(o, at)
	if err != nil {
		return nil, err
	}
	start, err := onOurs(begin, p.o.Exact)
	if err != nil {
		return nil, err
	}
	return &together{Follower: sound.Follow(it, start), it: it, p: p, begin: begin, start: start}, nil
}

// onOurs is when it is t, by the clock that nobody sets.
func onOurs(t time.Time, exact func() (time.Time, error)) (start time.Time, err error) {
	took := time.Duration(math.MaxInt64)
	for try := 0; try < 5 && took > readWithin; try++ {
		before := time.Now()
		now, err := exact()
		if err != nil {
			return start, err
		}
		if d := time.Since(before); d < took {
			took, start = d, before.Add(d/2+t.Sub(now))
		}
	}
	return start, nil
}

// Ready is speaker.Preparing.
func (t *together) Ready() <-chan struct{} { return t.it.Ready() }

// HeardAt is sound.Timed. Now and then it looks whether the clock on the wall was set.
func (t *together) HeardAt(at time.Time, speed float64) {
	if now := time.Now(); now.Sub(t.looked) >= lookAgain {
		t.looked = now
		t.look()
	}
	t.Follower.HeardAt(at, speed)
}

func (t *together) look() {
	start, err := onOurs(t.begin, t.p.o.Exact)
	if err == nil && start.Sub(t.start).Abs() > stepLeast { // else it runs on as it was
		t.start = start
		t.Follower.Move(start)
	}
	l := t.Follower.Look()
	switch {
	case l.Adrift:
		err = errAdrift
	case l.Begun && l.Off.Abs() > driftMost:
		err = fmt.Errorf("it is heard %v from its time", l.Off.Round(100*time.Microsecond))
	default:
		err = nil
	}
	t.p.report(Drifted, err)
}

var errAdrift = errors.New("it was let go: too far from its time, or the sound device does not tell how far it is")

// A Sync is how what sounds, or sounded last, keeps together with the neighbours' boxes.
type Sync struct {
	Asked bool   // it is to be together
	Why   string // it is not; empty: it is
	ID    string // of the occurrence
	sound.Following
}

// syncing is the newest Sync; the source of it tells more while it sounds.
type syncing struct {
	mu   sync.Mutex
	last Sync
	of   *together // nil: last is all there is
}

// Sync says how the latest item that boxes start together keeps to its time.
func (p *Player) Sync() Sync {
	p.sync.mu.Lock()
	defer p.sync.mu.Unlock()
	s := p.sync.last
	if t := p.sync.of; t != nil {
		s.Following = t.Look()
		if s.Adrift {
			s.Why = errAdrift.Error()
		}
	}
	return s
}

// synced notes what is to be together: t, or why not.
func (p *Player) synced(o plan.Occurrence, t *together, why error) {
	s := Sync{Asked: true, ID: o.ID}
	if why != nil {
		s.Why = why.Error()
		p.log.Warn("plays by itself what boxes start together", "id", o.ID, "why", why)
	}
	p.report(Alone, why)
	p.sync.mu.Lock()
	defer p.sync.mu.Unlock()
	p.sync.last, p.sync.of = s, t
}

func (p *Player) report(code string, err error) {
	if p.o.Report != nil {
		p.o.Report(code, err)
	}
}
