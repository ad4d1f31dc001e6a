package rollout

import (
	"fmt"
	"testing"
	"time"

	"loa/agent/plan"
)

var start = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func release(version string) plan.Firmware {
	return plan.Firmware{Version: version, From: start, Rings: []plan.Ring{{AfterH: 24, Percent: 5}, {AfterH: 48, Percent: 25}, {AfterH: 96, Percent: 100}}}
}

// A province of boxes, the first few of them canaries, which update when it is their turn.
type province struct {
	want  plan.Firmware
	boxes []Box
	s     State
	now   time.Time
	bad   func(i int) bool // that the release fails on box i
	gone  func(i int) bool // that box i starts it and is never heard of again
}

func newProvince(n, canaries int) *province {
	p := &province{want: release("1.1"), now: start, bad: func(int) bool { return false }, gone: func(int) bool { return false }}
	for i := range n {
		b := Box{Device: fmt.Sprintf("d-%04d", i), Want: p.want, Report: true, Runs: "1.0", Wanted: "1.1", Is: "waiting"}
		b.Want.Canary = i < canaries
		p.boxes = append(p.boxes, b)
	}
	return p
}

// hour lets an hour pass: boxes whose turn it is begin, and the dispatcher looks.
func (p *province) hour() {
	p.now = p.now.Add(time.Hour)
	for i := range p.boxes {
		b := &p.boxes[i]
		if !b.Lost {
			b.Heard = p.now
		}
		if b.Is != "waiting" || b.Lost || !b.Want.May(b.Device, p.s.Say(), p.now) {
			continue
		}
		switch {
		case p.gone(i):
			b.Is, b.Lost = "trial", true
		case p.bad(i):
			b.Is, b.Code = "failed", plan.Unsupported
		default:
			b.Runs, b.Is = "1.1", "current"
		}
	}
	p.s = Next(p.s, p.want, p.boxes, p.now)
}

func (p *province) hours(n int) {
	for range n {
		p.hour()
	}
}

func (p *province) tried() (n int) {
	for _, b := range p.boxes {
		if b.Is != "waiting" {
			n++
		}
	}
	return n
}

func TestRingsOpenOneAfterTheOther(t *testing.T) {
	p := newProvince(2000, 5)
	for _, c := range []struct {
		hours       int
		least, most int
	}{{23, 5, 5}, {3, 80, 130}, {21, 80, 130}, {3, 440, 560}, {40, 440, 560}, {9, 2000, 2000}} {
		p.hours(c.hours)
		if n := p.tried(); n < c.least || n > c.most || p.s.Stopped != "" {
			t.Errorf("after %v: %d boxes have begun, want %d to %d; %+v", p.now.Sub(start), n, c.least, c.most, p.s)
		}
	}
	if c := Of(p.s, p.boxes, p.now); c.Done != 2000 || len(c.Failed) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestOneCanaryStopsIt(t *testing.T) {
	p := newProvince(2000, 5)
	p.bad = func(i int) bool { return i == 3 }
	p.hours(200)
	if p.s.Stopped != ByCanary || p.tried() != 5 || p.s.Say() != nil {
		t.Errorf("%d have begun, %+v", p.tried(), p.s)
	}
}

// A release that fails on one box in ten is stopped in the first ring, and of the boxes
// of that ring no more begin.
func TestARingStopsIt(t *testing.T) {
	p := newProvince(2000, 5)
	p.bad = func(i int) bool { return i >= 5 && i%10 == 0 }
	p.hours(200)
	if p.s.Stopped != ByRing || p.tried() > 130 {
		t.Errorf("%d have begun, %+v", p.tried(), p.s)
	}
}

// Canaries that are off prove nothing.
func TestNobodyHasTriedIt(t *testing.T) {
	p := newProvince(200, 3)
	for i := range 3 {
		p.boxes[i].Lost = true
	}
	p.hours(24 * 10)
	if p.s.Percent != 0 || p.tried() != 0 {
		t.Errorf("%d %% may have it, %d boxes have tried it", p.s.Percent, p.tried())
	}
}

func TestTheOddFailureDoesNot(t *testing.T) {
	p := newProvince(2000, 5)
	p.bad = func(i int) bool { return i >= 5 && i%150 == 0 }
	p.hours(200)
	if p.s.Stopped != "" || p.tried() != 2000 {
		t.Errorf("%d have begun, %+v", p.tried(), p.s)
	}
}

// Boxes that start it and are never heard of again are failures, though none says so.
func TestBoxesThatVanishStopIt(t *testing.T) {
	p := newProvince(2000, 5)
	p.gone = func(i int) bool { return i >= 5 && i%10 == 0 }
	p.hours(200)
	if p.s.Stopped != ByRing || p.tried() > 130 {
		t.Errorf("%d have begun, %+v", p.tried(), p.s)
	}
}

// A ring whose boxes have not done it yet keeps the next one shut; those that nobody has
// heard for days do not.
func TestARingThatIsNotDoneKeepsTheNextShut(t *testing.T) {
	p := newProvince(2000, 5)
	slow := func(i int) { p.boxes[i].Is, p.boxes[i].Heard = "fetching", p.now }
	p.hours(26)
	n := 0
	for i := range p.boxes {
		if b := p.boxes[i]; i >= 5 && b.Is == "current" && n < 30 {
			p.boxes[i].Runs = "1.0"
			slow(i)
			n++
		}
	}
	p.hours(40)
	if p.s.Percent != 5 {
		t.Errorf("%+v", p.s)
	}
	for i := range p.boxes {
		if p.boxes[i].Is == "fetching" {
			p.boxes[i].Lost = true
		}
	}
	p.hours(49)
	if p.s.Percent == 5 {
		t.Errorf("boxes that nobody hears keep it shut: %+v", p.s)
	}
}

func TestAPersonStopsItAndLetsItGo(t *testing.T) {
	p := newProvince(2000, 5)
	p.hours(2)
	p.s = Pause(p.s, "điện thoại từ xã", p.now)
	p.hours(100)
	if p.tried() != 5 || p.s.Why == "" {
		t.Errorf("%d have begun, %+v", p.tried(), p.s)
	}
	p.s = Resume(p.s, 0)
	p.hours(200)
	if p.tried() != 2000 {
		t.Errorf("%d have begun, %+v", p.tried(), p.s)
	}

	p = newProvince(2000, 5)
	p.bad = func(i int) bool { return i == 3 }
	p.hours(10)
	p.s = Resume(p.s, 1)
	p.hours(200)
	if p.s.Stopped != "" || p.tried() != 2000 {
		t.Errorf("what a person has pardoned stops it again: %+v", p.s)
	}
}

// What only a technician did, or a box that has no bundle, is no failure of the release;
// the next release begins with the canaries.
func TestWhatIsNoFailure(t *testing.T) {
	p := newProvince(100, 5)
	for i := range 5 {
		p.boxes[i].Is, p.boxes[i].Code = "failed", plan.LocalMode
	}
	for i := 5; i < 30; i++ {
		p.boxes[i].Is, p.boxes[i].Code = "refused", plan.Unsupported
	}
	p.hours(3)
	if p.s.Stopped != "" {
		t.Errorf("%+v", p.s)
	}
	p.boxes[40].Is, p.boxes[40].Code = "refused", plan.Signature
	p.boxes[41].Is, p.boxes[41].Code = "failed", plan.Signature
	p.hour()
	if p.s.Stopped != ByRing {
		t.Errorf("%+v", p.s)
	}
	if s := Next(p.s, release("1.2"), p.boxes, p.now); s.Stopped != "" || s.Percent != 0 || s.Version != "1.2" {
		t.Errorf("%+v", s)
	}
}

// A box that was away for hours counts as failed, and is well when it comes back: what a
// person has seen of it pardons no other.
func TestAPardonEndsWithItsFailure(t *testing.T) {
	p := newProvince(2000, 5)
	p.gone = func(i int) bool { return i < 3 }
	p.hours(6)
	if p.s.Stopped != ByCanary {
		t.Fatalf("%+v", p.s)
	}
	p.s = Resume(p.s, 3)
	p.hours(1)
	for i := range 3 { // their network is back, and the release runs
		p.boxes[i].Runs, p.boxes[i].Is, p.boxes[i].Lost = "1.1", "current", false
	}
	p.hours(1)
	p.boxes[4].Runs, p.boxes[4].Is, p.boxes[4].Code = "1.0", "failed", plan.Unsupported
	p.hours(1)
	if p.s.Stopped != ByCanary {
		t.Errorf("a canary has failed: %+v", p.s)
	}
}

// Whoever has seen that one canary failed, and goes on, has not seen the next.
func TestTheNextCanaryStopsItAgain(t *testing.T) {
	p := newProvince(2000, 5)
	p.bad = func(i int) bool { return i == 0 }
	p.hours(6)
	if p.s.Stopped != ByCanary {
		t.Fatalf("%+v", p.s)
	}
	p.s = Resume(p.s, 1)
	p.hours(1)
	p.boxes[4].Runs, p.boxes[4].Is, p.boxes[4].Code = "1.0", "failed", plan.Unsupported
	p.hours(1)
	if p.s.Stopped != ByCanary {
		t.Errorf("a second canary has failed: %+v", p.s)
	}
}
