package oto

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	otov2 "github.com/hajimehoshi/oto/v2"
)

// How long sound that comes too slowly may gather before it starts with silence
// in front; how long oto waits before it asks again for what was not there (beside
// the 1 ms it waits by itself, which is too often); how much longer than
// reckoned the last sound may take, for cards that round their buffer up; how
// long a card may take nothing; and how long it is left alone when nothing comes
// from the agent: a lost card only shows when asked.
const (
	gather = 60 * time.Millisecond
	poll   = 4 * time.Millisecond
	margin = 40 * time.Millisecond
	stall  = 2 * time.Second

	lookAfter = 300 * time.Millisecond // longer than sound takes to come: what plays needs no looking after
)

// spareOf is how many frames the agent may send at once while the card plays: the more,
// the less often it has to wake up, but all that waits must be half a second at most,
// unless the card's buffer alone is more than that.
func spareOf(period int64) int64 { return max(rate/5, min(rate*6/25, rate/2-3*period)) }

// A deck plays what the agent sends. Its time is counted in the frames oto's
// driver takes: a period at a time, and while the card is full one period more
// than the card holds.
type deck struct {
	card   *otov2.Context
	period int64 // frames the driver takes at once; the card holds two
	spare  int64 // frames that may lie ready beside those of the driver
	opened time.Time
	say    func(kind byte, body []byte)

	mu        sync.Mutex
	suspended bool
	reel      *reel     // what plays; nil: nothing
	ring      []byte    // received, not yet given to oto
	received  int64     // frames
	gone      int64     // of them, taken by the driver or dropped
	first     time.Time // when the oldest in ring came, while there is no reel
	ended     bool      // a drain waits: what follows is silence
	drain     []byte    // its number; nil: none
	quiet     time.Time // when all will have been heard; zero: not known yet

	// Since the card began to run.
	onCard tape      // what the driver has taken and has not been heard
	taken  int64     // frames the driver has taken before the last time
	last   time.Time // that it took some; zero: it has not yet
	dry    bool      // since then it may have taken silence of its own
	short  bool      // oto has all there was: it may be too little
	fresh  bool      // nothing of the reel has been taken yet
	early  float64   // the lower envelope of its clock, in frames
	late   int       // for how many periods it has been late

	clock  clock
	marked bool // clock.mark is newer than the last report
}

// A reel is one player of oto's, from the first sound to a drain or a drop.
type reel struct {
	d      *deck
	player otov2.Player
	tape   tape  // what is in the player
	size   int64 // how much shall be: oto asks for as much again when little is missing
	lead   int64 // silence to come before the sound
	brim   bool  // the player must become full: silence may follow the sound
}

func newDeck(card *otov2.Context, buffer time.Duration, say func(byte, []byte)) *deck {
	period := periodOf(buffer)
	d := &deck{card: card, period: period, spare: spareOf(period), opened: time.Now(), say: say, suspended: true}
	d.clock.limit = d.limit()
	return d
}

// periodOf is what oto makes a period for a buffer.
func periodOf(buffer time.Duration) int64 {
	return int64(buffer) * rate / int64(time.Second) / 2
}

// limit is how many frames the agent may have sent: three periods, which is what
// oto takes at once from silence; and while it plays some more, so that the agent
// need not come by for every period. What lies here a drop can still forget. d.mu
// is held.
func (d *deck) limit() int64 {
	limit := d.gone + 3*d.period
	if d.reel != nil {
		limit += d.spare
	}
	return max(d.clock.limit, limit)
}

// Read gives oto sound. It never blocks: what is not there is not waited for.
// oto calls it from one goroutine at a time, right after the driver has taken a
// period, and again and again while it has too little.
func (r *reel) Read(p []byte) (int, error) {
	n, err := r.read(p)
	if n == 0 && err == nil {
		time.Sleep(poll)
	}
	return n, err
}

func (r *reel) read(p []byte) (int, error) {
	d := r.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reel != r {
		return 0, io.EOF // it was closed meanwhile
	}
	d.look()
	have, _ := r.tape.frames()
	p = p[:min(int64(len(p)), max(0, r.size-have)*frameSize)]
	n := 0
	if r.lead > 0 {
		n = int(min(r.lead*frameSize, int64(len(p))))
		n -= n % frameSize
		clear(p[:n])
		r.lead -= int64(n / frameSize)
		r.tape.put(int64(n/frameSize), false)
	}
	sound := copy(p[n:], d.ring)
	sound -= sound % frameSize
	d.ring = d.ring[:copy(d.ring, d.ring[sound:])]
	r.tape.put(int64(sound/frameSize), true)
	n += sound
	d.short = len(d.ring) == 0
	if (d.ended || r.brim) && len(d.ring) == 0 {
		silence := (len(p) - n) / frameSize * frameSize
		clear(p[n : n+silence])
		r.tape.put(int64(silence/frameSize), false)
		n += silence
	}
	return n, nil
}

// look counts what the driver has taken since it was last looked at. It is only
// right inside Read, when all that was given is in the player. d.mu is held.
func (d *deck) look() {
	r := d.reel
	now := time.Now()
	left := int64(r.player.UnplayedBufferSize() / frameSize)
	all, _ := r.tape.frames()
	took := all - left
	if took <= 0 {
		d.dry = d.dry || left == 0
		return
	}
	if (d.dry || left == 0 && d.short) && !d.last.IsZero() {
		// It may have taken silence of its own: the rest of a period, and whole
		// ones, which only time can tell.
		periods := (took + d.period - 1) / d.period
		passed := int64(now.Sub(d.last).Seconds()*rate/float64(d.period) + 0.5)
		silence := max(0, passed-periods)*d.period + periods*d.period - took
		d.onCard.put(silence, false)
		d.taken += silence
		if silence > 0 && !d.fresh {
			d.clock.starved++
		}
	}
	d.fresh = false
	sound := r.tape.take(took)
	d.onCard.put(took-sound, false)
	d.onCard.put(sound, true)
	d.gone += sound
	d.watchClock(now)
	d.taken += took
	d.last, d.dry = now, false
	// The card was full when it took these: what lies a buffer back is heard.
	if d.heardUpTo(d.taken - took - 2*d.period) {
		d.mark(now)
	}
	if _, rest := r.tape.frames(); d.ended && len(d.ring) == 0 && rest == 0 && d.quiet.IsZero() {
		d.quiet = now.Add(lasts(2*d.period+took) + margin)
	}
	if d.limit()-d.clock.limit >= d.spare || len(d.ring) == 0 {
		d.report(now)
	}
}

// heardUpTo moves what has been heard out of onCard: all but the frames that
// were taken after taken frame n. It says whether any was sound. d.mu is held.
func (d *deck) heardUpTo(n int64) bool {
	all, _ := d.onCard.frames()
	past := all - (d.taken - n)
	if past <= 0 {
		return false
	}
	sound := d.onCard.take(past)
	d.clock.heard += sound
	return sound == past
}

// mark notes that what is heard had been heard by now, unless that was seen more exactly
// since the last report: the driver comes by when the card wakes it, or later. d.mu is held.
func (d *deck) mark(now time.Time) {
	at := monotonic() - int64(time.Since(now))
	late := at - int64(lasts(d.clock.heard))
	if !d.marked || late < d.clock.markAt-int64(lasts(d.clock.mark)) {
		d.clock.mark, d.clock.markAt, d.marked = d.clock.heard, at, true
	}
}

// watchClock notices an underrun of the card: it takes later than it did, and
// goes on like that. d.mu is held.
func (d *deck) watchClock(now time.Time) {
	at := now.Sub(d.opened).Seconds()*rate - float64(d.taken)
	late := at - d.early
	switch {
	case d.last.IsZero() || d.dry || late < 0:
		d.early, d.late = at, 0
	case late <= float64(d.period)/2:
		d.early += late / 16 // its clock is not ours
		d.late = 0
	default:
		if d.late++; d.late == 3 {
			d.clock.xruns++
			d.early, d.late = at, 0
		}
	}
}

// report tells the agent how far the card is. d.mu is held.
func (d *deck) report(now time.Time) {
	d.clock.limit = d.limit()
	d.clock.at = monotonic() - int64(time.Since(now))
	d.say(msgClock, d.clock.append(nil))
	d.marked = false
}

// write takes sound from the agent.
func (d *deck) write(pcm []byte) error {
	if len(pcm)%frameSize != 0 {
		return fmt.Errorf("%d bytes are not whole frames", len(pcm))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.received += int64(len(pcm) / frameSize)
	if d.received > d.clock.limit {
		return errors.New("more sound than there is room for")
	}
	d.ended, d.drain, d.quiet = false, nil, time.Time{} // the drain was given up
	if d.reel == nil && len(d.ring) == 0 {
		d.first = time.Now()
	}
	d.ring = append(d.ring, pcm...)
	return nil
}

// need is how many frames must be ready before a start: as many as the driver
// takes at once. d.mu is held.
func (d *deck) need() int64 {
	if d.suspended {
		return 3 * d.period
	}
	return d.period
}

// step does what is due and says when to come again at the latest.
func (d *deck) step() (next time.Duration, err error) {
	if err := d.card.Err(); err != nil {
		return 0, err
	}
	d.mu.Lock()
	now := time.Now()
	next = time.Hour
	if d.reel == nil && len(d.ring) > 0 {
		have := int64(len(d.ring) / frameSize)
		if wait := d.first.Add(gather).Sub(now); have >= d.need() || d.ended || wait <= 0 {
			d.mu.Unlock()
			return 0, d.start()
		} else {
			next = wait
		}
	}
	switch {
	case !d.quiet.IsZero() && !now.Before(d.quiet):
		d.mu.Unlock()
		return 0, d.stop()
	case d.reel == nil && d.drain != nil && len(d.ring) == 0 && d.quiet.IsZero():
		d.drained() // nothing to wait for
	case !d.quiet.IsZero():
		next = min(next, d.quiet.Sub(now))
	case d.reel != nil && !d.dry && !d.last.IsZero() && now.Sub(d.last) > stall:
		err = fmt.Errorf("the card has taken nothing for %v", stall)
	}
	if !d.suspended {
		next = min(next, lookAfter)
	}
	d.mu.Unlock()
	return next, err
}

// start lets what is in the ring sound, with silence in front if it is not enough.
func (d *deck) start() error {
	d.mu.Lock()
	need := d.need()
	r := &reel{d: d, brim: d.ended, size: need}
	if have := int64(len(d.ring) / frameSize); have < need && !d.ended {
		// It comes no faster than it sounds. Half a period more, or the driver
		// would find every period just not ready.
		r.lead = need - have + d.period/2
	}
	if d.suspended {
		d.onCard, d.taken, d.last, d.dry = tape{}, 0, time.Time{}, false
	}
	d.reel, d.fresh, d.quiet = r, true, time.Time{}
	r.player = d.card.NewPlayer(r)
	size, ok := r.player.(otov2.BufferSizeSetter)
	if !ok {
		d.mu.Unlock()
		return errors.New("this oto has players whose buffer has no size")
	}
	size.SetBufferSize(int(need) * frameSize)
	d.mu.Unlock()

	r.player.Play() // fills the player in a goroutine of its own
	for r.player.UnplayedBufferSize() < int(need)*frameSize && d.plays(r) {
		time.Sleep(200 * time.Microsecond)
	}
	// Full means that oto is about to hand it to its mixer. Were the driver
	// faster, it would take a buffer of silence first.
	time.Sleep(time.Millisecond)
	size.SetBufferSize(int(2*d.period) * frameSize)

	d.mu.Lock()
	defer d.mu.Unlock()
	r.brim, r.size = false, 2*d.period
	if d.reel == r && d.suspended {
		d.suspended = false
		return d.card.Resume()
	}
	return nil
}

// plays says whether r was not dropped.
func (d *deck) plays(r *reel) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reel == r
}

// stop is the end of a drain or of what was left after a drop: all was heard.
func (d *deck) stop() error {
	d.mu.Lock()
	if d.quiet.IsZero() { // more has come at the last moment
		d.mu.Unlock()
		return nil
	}
	if d.reel != nil {
		d.reel.player.Close()
		d.reel = nil
	}
	all, _ := d.onCard.frames()
	d.clock.heard += d.onCard.take(all)
	d.quiet, d.suspended = time.Time{}, true
	d.drained()
	d.mu.Unlock()
	// It waits for the driver, for a period at most. Reads do not happen now.
	return d.card.Suspend()
}

// drained answers the drain that waits, if one does. d.mu is held.
func (d *deck) drained() {
	d.ended = false
	d.report(time.Now())
	if d.drain != nil {
		d.say(msgDrained, d.drain)
		d.drain = nil
	}
}

// end begins a drain.
func (d *deck) end(number []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended, d.drain = true, append([]byte(nil), number...)
}

// drop forgets all but what the driver has, and says how much that is.
func (d *deck) drop() (still int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if d.reel != nil {
		_, sound := d.reel.tape.frames()
		d.gone += sound
		d.reel.player.Close()
		d.reel = nil
		d.dry = true
	}
	d.gone += int64(len(d.ring) / frameSize)
	d.ring = d.ring[:0]
	d.ended, d.drain = false, nil
	if !d.last.IsZero() {
		d.heardUpTo(d.taken - 3*d.period + int64(now.Sub(d.last).Seconds()*rate))
	}
	all, still := d.onCard.frames()
	if !d.suspended {
		d.quiet = now.Add(lasts(all) + margin)
	}
	d.report(now)
	return still
}

func lasts(frames int64) time.Duration { return time.Duration(frames) * time.Second / rate }
