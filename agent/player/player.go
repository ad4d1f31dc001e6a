// Package player plays an item: it opens its parts one after another and says
// how the item ended, as it was heard.
package player

import (
	"log/slog"
	"sync"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/speaker"
)

// speakers is what the player asks of the speaker.
type speakers interface {
	Play(sound.Source, speaker.Voice) *speaker.Sounding
}

// An Opener opens one part of an occurrence. Its errors are *plan.Error where a
// code is known. The source it returns is at the part's beginning.
type Opener func(plan.Part) (Opened, error)

// Opened is a part ready to sound.
type Opened struct {
	Source sound.Source
	GainDB float64 // brings the part to the house's loudness
	SHA256 string  // of the recording, if it is one
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
	ends chan plan.Ending

	mu   sync.Mutex
	turn int
	cur  *playing // nil when idle
}

type playing struct {
	now      Now
	item     *item
	sounding *speaker.Sounding
}

// New makes a player. Endings must be read, or playing stops.
func New(spk speakers, open Opener, log *slog.Logger) *Player {
	return &Player{spk: spk, open: open, log: log, ends: make(chan plan.Ending, 16)}
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
// The turn returned stands in the ending.
func (p *Player) Play(o plan.Occurrence, volume int, now time.Time) (turn int) {
	it := newItem(o, p.open, now)
	s := p.spk.Play(it, speaker.Voice{
		Name:    o.ID,
		Class:   o.Class.Rank(),
		GainDB:  sound.VolumeDB(volume),
		FadeIn:  fadeIn(o),
		FadeOut: fadeOut,
	})
	p.mu.Lock()
	p.turn++
	cur := &playing{now: Now{Turn: p.turn, Occurrence: o, Volume: volume, Since: now}, item: it, sounding: s}
	old := p.cur
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

// Stop fades out what sounds.
func (p *Player) Stop() {
	p.mu.Lock()
	cur := p.cur
	p.mu.Unlock()
	if cur != nil {
		cur.sounding.Stop()
	}
}

func (p *Player) await(c *playing) {
	<-c.sounding.Done()
	p.mu.Lock()
	if p.cur == c {
		p.cur = nil
	}
	p.mu.Unlock()
	p.ends <- c.ending()
}

const fadeOut = 80 * time.Millisecond // long enough not to click, short enough for "stop"

// fadeIn softens a beginning in mid-sentence; a beginning keeps its attack.
func fadeIn(o plan.Occurrence) time.Duration {
	if o.At > 0 {
		return 300 * time.Millisecond
	}
	return 0
}
