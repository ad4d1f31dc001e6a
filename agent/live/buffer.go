package live

import (
	"time"

	"loa/agent/message"
)

// How patient a talk is.
const (
	// start is how long the first packet is held back, and so how late talk is where
	// the network is quick: what comes up to so much later still has its place. With
	// a packet's own length, the speaker's stride and what the sink has queued, 120 ms
	// at the least and 240 at the most, mouth to horn stays below 700 ms. On a line
	// with more jitter talk becomes later with the first packets that are.
	start = 160 * time.Millisecond
	// refill is the same after the buffer ran dry, which has made talk later already.
	refill = 100 * time.Millisecond
	// stop is how long nothing comes until the talk is over: what comes later than
	// that is refused as late.
	stop = 3 * time.Second
	// patience is the same before the first packet: who speaks has to see first that
	// boxes are ready.
	patience = 10 * time.Second
	// hold is the most that waits: what may be late, and a second of chime.
	hold = 4 * time.Second
	// behind is the most that waits while an alarm has the speaker: who comes back
	// goes on with what is said then.
	behind = 400 * time.Millisecond
	// spare is what waits on a line that is calm. When more has, all through the last
	// calm, pauses in what is said are left out: a box that stood still for a moment
	// need not stay late for it. A line that is late every few seconds keeps its time.
	spare = 120 * time.Millisecond
	calm  = 5 * time.Second
	// most packets wait, however short they are.
	mostWaiting = 256
)

// Of the last window of talk at most a fifth may be missing.
const (
	window   = 5 * time.Second
	mostLost = window / 5
)

// A step is what is heard next.
type step int

const (
	sounds  step = iota // a packet
	hole                // something that never came
	waits               // something that may still come
	over                // it was said to its end
	broken              // too much of it was lost
	stopped             // packets have stopped
)

// A buffer puts packets into their order and holds them back so long that those
// which are late have their place. How late talk is follows from it: the buffer
// waits for what is missing while nothing behind it has come, and talk is so much
// later from then on. What is missing between two packets never comes.
//
// It knows data and the time it is given, and nothing else.
type buffer struct {
	waiting []message.LivePacket // by offset
	room    time.Duration        // the most that may wait
	begun   bool
	dry     bool             // it has run empty
	at      time.Duration    // what is heard next, in the time of the talk
	until   time.Time        // nothing is taken before
	ended   *step            // how; nil: it goes on
	since   time.Time        // when the first of those that wait has come
	last    time.Time        // when anything has come; before that, when it was opened
	came    bool             // anything has
	end     time.Duration    // of the talk; negative: not known yet
	holes   []lost           // in the last window
	least   [2]time.Duration // that waited when something was taken: of this stretch of calm, and of the one before
	from    time.Time        // when this stretch began; zero: none
	account
}

type lost struct{ until, length time.Duration }

// An account is what became of a talk.
type account struct {
	Heard  time.Duration // decoded
	Lost   time.Duration // never came, in the talk's own time
	Waited time.Duration // silence while nothing came
	Late   int           // packets that came after their turn
	Left   time.Duration // of pauses, left out
}

func newBuffer(now time.Time) buffer { return buffer{room: hold, last: now, end: -1} }

// push takes a packet that was verified.
func (b *buffer) push(p message.LivePacket, now time.Time) {
	if b.ended != nil {
		return
	}
	b.last, b.came = now, true
	switch {
	case p.End():
		b.end = p.Offset
		return
	case b.begun && p.Offset+p.Duration <= b.at:
		// It was taken for lost. Who waits so much longer from now on loses no other.
		b.Late++
		if until := now.Add(b.at - p.Offset); until.After(b.until) {
			b.until = until
		}
		return
	}
	if len(b.waiting) == 0 {
		b.since = now
	}
	b.waiting = append(b.waiting, p)
	for i := len(b.waiting) - 1; i > 0 && b.waiting[i-1].Offset > p.Offset; i-- {
		b.waiting[i-1], b.waiting[i] = b.waiting[i], b.waiting[i-1]
	}
	b.shorten()
}

// shorten forgets the oldest of too much.
func (b *buffer) shorten() {
	newest := b.waiting[len(b.waiting)-1]
	n := max(0, len(b.waiting)-mostWaiting)
	for newest.Offset+newest.Duration-b.waiting[n].Offset > b.room && n < len(b.waiting)-1 {
		n++
	}
	if n == 0 {
		return
	}
	b.waiting = b.waiting[n:]
	if first := b.waiting[0].Offset; b.begun && first > b.at {
		b.miss(first - b.at)
		b.at = first
	}
}

// miss notes that so much of the talk at b.at is missing, and reports whether that
// is too much.
func (b *buffer) miss(d time.Duration) (enough bool) {
	b.Lost += d
	b.holes = append(b.holes, lost{b.at + d, d})
	for len(b.holes) > 0 && b.holes[0].until <= b.at+d-window {
		b.holes = b.holes[1:]
	}
	var sum time.Duration
	for _, x := range b.holes {
		sum += x.length
	}
	return sum > mostLost
}

// next says what is heard at now: a packet, or a hole of a length.
func (b *buffer) next(now time.Time) (what step, p message.LivePacket, length time.Duration) {
	if b.ended != nil {
		return *b.ended, p, 0
	}
	if what, p, length = b.take(now); what == over || what == broken || what == stopped {
		b.ended = &what
	}
	return what, p, length
}

func (b *buffer) take(now time.Time) (what step, p message.LivePacket, length time.Duration) {
	if len(b.waiting) == 0 {
		return b.empty(now), p, 0
	}
	if !b.begun || b.dry {
		need := start
		if b.begun {
			need = refill
		}
		// Of those that were late together so many are there already.
		first, newest := b.waiting[0], b.waiting[len(b.waiting)-1]
		if b.end < 0 && now.Sub(b.since) < need && newest.Offset+newest.Duration-first.Offset < need {
			return waits, p, 0
		}
		if !b.begun {
			b.begun, b.at = true, b.waiting[0].Offset
		}
		b.dry = false
	}
	if now.Before(b.until) {
		return waits, p, 0
	}
	p = b.waiting[0]
	if d := p.Offset - b.at; d > 0 {
		enough := b.miss(d)
		b.at = p.Offset
		if enough {
			return broken, p, d
		}
		return hole, p, d
	}
	b.watch(now)
	b.waiting = b.waiting[1:]
	b.at = max(b.at, p.Offset+p.Duration)
	b.Heard += p.Duration
	return sounds, p, 0
}

// watch notes how much waits.
func (b *buffer) watch(now time.Time) {
	newest := b.waiting[len(b.waiting)-1]
	waits := newest.Offset + newest.Duration - b.at
	switch {
	case b.from.IsZero():
		b.least, b.from = [2]time.Duration{waits, 0}, now
	case now.Sub(b.from) >= calm:
		b.least, b.from = [2]time.Duration{waits, b.least[0]}, now
	}
	b.least[0] = min(b.least[0], waits)
}

// leaveOut reports whether a packet that was taken and says nothing may be left out.
func (b *buffer) leaveOut(p message.LivePacket) bool {
	if min(b.least[0], b.least[1]) < spare+p.Duration {
		return false
	}
	b.least[0] -= p.Duration
	b.least[1] -= p.Duration
	b.Left += p.Duration
	return true
}

// empty says what it means that nothing waits.
func (b *buffer) empty(now time.Time) step {
	longest := stop
	if !b.came {
		longest = patience
	}
	switch {
	case b.end >= 0:
		if b.begun && b.end > b.at {
			b.miss(b.end - b.at)
			b.at = b.end
		}
		return over
	case now.Sub(b.last) >= longest:
		return stopped
	}
	b.dry, b.from = b.begun, time.Time{}
	return waits
}

// leave forgets what waits, because something else has the speaker.
func (b *buffer) leave() {
	b.waiting, b.holes, b.begun, b.dry, b.room = nil, nil, false, false, behind
	b.from = time.Time{}
}

// comeBack goes on with what is said now.
func (b *buffer) comeBack() { b.room = hold }
