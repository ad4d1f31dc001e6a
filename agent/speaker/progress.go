package speaker

import (
	"time"

	"loa/agent/sound"
)

// mostQueued bounds what a sink without a clock can have in its queue.
const mostQueued = sound.Rate / 2

// progress is how many of the frames that were written to a sink have been
// heard: as the sink says, or else reckoned with our clock.
type progress struct {
	clock       Clocked // nil: reckon
	sent, heard int64
	at          time.Time // of heard, when reckoned
}

func newProgress(s Sink, now time.Time) progress {
	c, _ := s.(Clocked)
	return progress{clock: c, at: now}
}

func (p *progress) proof() string {
	if p.clock != nil {
		return "sink"
	}
	return "mixer"
}

// wrote counts frames that the sink has taken; now is when it began to.
func (p *progress) wrote(frames int64, now time.Time) {
	if p.heard == p.sent { // the queue was empty: it sounds from now
		p.at = now
	}
	p.sent += frames
}

// advance gives how many frames have been heard since it was last asked.
func (p *progress) advance(now time.Time) int64 {
	was := p.heard
	if p.clock != nil {
		frames, _ := p.clock.Heard()
		p.heard = max(was, min(frames, p.sent))
		return p.heard - was
	}
	d := now.Sub(p.at)
	if was == p.sent || d > time.Second {
		p.heard, p.at = p.sent, now
		return p.heard - was
	}
	passed := sound.Frames(d)
	p.at = p.at.Add(sound.Duration(passed))
	// Our clock and the device's drift apart; the queue's bound holds them together.
	p.heard = max(min(p.sent, was+int64(passed)), p.sent-mostQueued)
	return p.heard - was
}

// cut forgets all that was sent but what has been heard and what will still
// sound, and gives how many frames that is.
func (p *progress) cut(still int) int64 {
	gone := max(0, p.sent-p.heard-int64(still))
	p.sent -= gone
	return gone
}

// finish is advance once everything has been heard.
func (p *progress) finish() int64 {
	was := p.heard
	p.heard = p.sent
	return p.heard - was
}
