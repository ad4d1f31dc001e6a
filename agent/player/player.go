// Package player plays an item: it opens its parts one after another and says
// how the item ended, as it was heard.
package player

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/speaker"
)

// speakers is what the player asks of the speaker.
type speakers interface {
	PlayAfter(*speaker.Sounding, sound.Source, speaker.Voice) *speaker.Sounding
	Probe(context.Context) error // whether the device plays, by silence
}

// An Opener opens one part of an occurrence. Its errors are *plan.Error where a
// code is known. The source it returns is at the part's beginning. When its
// context ends nobody waits for it any more, and what it still returns is closed.
type Opener func(context.Context, plan.Part) (Opened, error)

// Opened is a part ready to sound.
type Opened struct {
	Source sound.Source
	GainDB float64 // brings the part to the house's loudness
	SHA256 string  // of the recording, if it is one
	// Account says, of live talk, which share was lost so far and what there is to say
	// of that; nil: nothing was.
	Account func() (share float64, note string)
}

// Now is what the player sounds at this moment.
type Now struct {
	Turn       int
	Occurrence plan.Occurrence
	Volume     int // percent
	Since      time.Time
}

// Player plays one occurrence at a time. Its methods may be called from any goroutine.
type Player struct {
	spk  speakers
	open Opener
	log  *slog.Logger
	o    Opts
	ends chan plan.Ending
	sync syncing

	mu   sync.Mutex
	turn int
	cur  *playing // nil when idle
	next *playing // what follows cur without a break; nobody has heard of it yet
}

type playing struct {
	now      Now
	item     *item
	together *together // nil: it plays when it can
	sounding sounding
}

// Opts are what a player needs for what boxes start together; without Exact each plays
// when it can.
type Opts struct {
	Exact  func() (now time.Time, err error) // err: why nobody else has the same time
	Report func(code string, err error)      // raises a condition, or clears it; it must not block
}

// New makes a player. Endings must be read, or playing stops.
func New(spk speakers, open Opener, log *slog.Logger, o Opts) *Player {
	return &Player{spk: spk, open: open, log: log, o: o, ends: make(chan plan.Ending, 16)}
}

// Endings gives one Ending for every Play.
func (p *Player) Endings() <-chan plan.Ending { return p.ends }

// Now reports what sounds; false when nothing does.
func (p *Player) Now() (Now, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cur == nil {
		return Now{}, false
	}
	return p.cur.now, true
}

// Play makes o sound at volume percent, from o.At, instead of what sounds now;
// that one ends with a fade and its own ending. Nothing of o sounds after o.End.
// The turn returned stands in the ending. If o was announced with Next it may have
// begun already, and goes on.
func (p *Player) Play(o plan.Occurrence, volume int, now time.Time) (turn int) {
	p.mu.Lock()
	cur, old := p.next, p.cur
	p.next = nil
	if cur != nil && (cur.now.Occurrence.ID != o.ID || cur.now.Occurrence.At != o.At || old != nil && cur.together == nil) {
		cur.sounding.Stop()
		cur = nil
	}
	if cur == nil {
		cur = p.start(nil, o, volume, now)
	} else if cur.now.Volume != volume {
		cur.now.Volume = volume
		cur.sounding.SetGain(sound.VolumeDB(volume))
	}
	p.turn++
	cur.now.Turn, cur.now.Since = p.turn, now
	p.cur = cur
	p.mu.Unlock()
	if old != nil {
		old.sounding.Stop()
	}
	// One goroutine for each sounding; it ends with the sounding, and whoever
	// reads Endings waits for it.
	go p.await(cur)
	return cur.now.Turn
}

// Next lets o follow what sounds now when that comes to its own end, at about the
// time named: it begins under the end, without a break. Whoever reads Endings then
// says Play, or something else, and o is gone. Nil is nothing. What boxes start together
// may also follow nothing: it is then made ready, and begins at its time, at about which
// Play must be said.
func (p *Player) Next(o *plan.Occurrence, volume int, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next != nil {
		p.next.sounding.Stop()
		p.next = nil
	}
	if o == nil || o.Silent {
		return
	}
	if p.cur != nil && p.cur.now.Occurrence.Slot == o.Slot {
		after, _ := p.cur.sounding.(*speaker.Sounding) // a silent drill has none
		p.next = p.start(after, *o, volume, at)
	} else if o.Together {
		// Nothing leads over to it: it is made ready for its time, or not at all.
		p.next = p.prepare(*o, volume, at)
	}
}

// prepare is start of what gives silence until its time; nil: it cannot.
func (p *Player) prepare(o plan.Occurrence, volume int, at time.Time) *playing {
	if p.o.Exact == nil {
		return nil
	}
	if _, err := p.o.Exact(); err != nil {
		return nil
	}
	return p.start(nil, o, volume, at)
}

// start hands o to the speaker.
func (p *Player) start(after *speaker.Sounding, o plan.Occurrence, volume int, at time.Time) *playing {
	it := newItem(o, p.open, at)
	if o.Silent {
		return &playing{now: Now{Occurrence: o, Since: at}, item: it, sounding: p.dry(it)}
	}
	var src sound.Source = it
	var meet *together
	if o.Together {
		var err error
		if meet, err = p.meet(it, o, at); err == nil {
			src = meet
		}
		p.synced(o, meet, err)
	}
	return &playing{
		now:      Now{Occurrence: o, Volume: volume, Since: at},
		item:     it,
		together: meet,
		sounding: p.spk.PlayAfter(after, src, speaker.Voice{
			Name:    o.ID,
			Class:   o.Class.Rank(),
			GainDB:  sound.VolumeDB(volume),
			FadeIn:  fadeIn(o),
			FadeOut: fadeOut,
		}),
	}
}

// Volume makes what sounds as loud as percent says, within a moment and without
// a break.
func (p *Player) Volume(percent int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cur != nil {
		p.cur.now.Volume = percent
		p.cur.sounding.SetGain(sound.VolumeDB(percent))
	}
}

// Stop fades out what sounds; nothing follows it.
func (p *Player) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next != nil { // first: it would take the end of the other for its cue
		p.next.sounding.Stop()
		p.next = nil
	}
	if p.cur != nil {
		p.cur.sounding.Stop()
	}
}

func (p *Player) await(c *playing) {
	<-c.sounding.Done()
	p.mu.Lock()
	if p.cur == c {
		p.cur = nil
	}
	p.mu.Unlock()
	p.parted(c.together)
	p.ends <- c.ending()
}

// parted keeps what is known of t, which is over.
func (p *Player) parted(t *together) {
	if t == nil {
		return
	}
	p.report(Drifted, nil)
	p.sync.mu.Lock()
	defer p.sync.mu.Unlock()
	if p.sync.of == t {
		p.sync.last.Following, p.sync.of = t.Look(), nil
	}
}

const fadeOut = 80 * time.Millisecond // long enough not to click, short enough for "stop"

// fadeIn softens a beginning in mid-sentence; a beginning keeps its attack.
func fadeIn(o plan.Occurrence) time.Duration {
	if o.At > 0 {
		return 300 * time.Millisecond
	}
	return 0
}
