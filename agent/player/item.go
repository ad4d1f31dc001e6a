package player

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/sound/loops"
)

// item is an occurrence as one source: all parts of all rounds, gaps between
// them, from o.At, cut at o.End. A part that cannot be opened is left out and
// remembered; the rest still sounds.
//
// Parts are opened one ahead by feed, never by Read: opening may measure
// loudness or pass over minutes of sound, and the speaker must not wait for it.
type item struct {
	o    plan.Occurrence
	open Opener
	fed  chan opened   // closed after the last part
	set  chan struct{} // closed when the first part is there, or will not be
	quit func()        // by Close: ends feed and what it opens

	mu     sync.Mutex
	cur    sound.Source
	gain   float32
	left   int64 // frames until o.End
	played []string
	tells  func() (share float64, note string) // of live talk
	code   plan.Code
	err    error
	begun  int  // parts that were opened
	last   bool // feed has nothing more to give
	ended  bool // came to its own end
	closed bool
}

// opened is a part, or a gap, ready to sound from where it should begin; or an
// error in its stead.
type opened struct {
	Opened
	part bool
	err  error
}

func newItem(o plan.Occurrence, open Opener, now time.Time) *item {
	ctx, quit := context.WithCancel(context.Background())
	it := &item{
		o: o, open: open,
		fed: make(chan opened, 1), set: make(chan struct{}), quit: quit,
		left: sound.Frames64(o.End.Sub(now)),
	}
	// Ends when everything has been handed over or the item is closed; the
	// speaker closes every source it was given.
	go it.feed(ctx)
	return it
}

func (it *item) feed(ctx context.Context) {
	ready := sync.OnceFunc(func() { close(it.set) })
	defer ready()
	defer close(it.fed)
	skip := sound.Frames64(it.o.At)
	for round := range max(it.o.Repeat, 1) {
		if round > 0 && it.o.Gap > 0 {
			gap := sound.Frames64(it.o.Gap)
			passed := min(gap, skip)
			skip -= passed
			if !it.give(ctx, opened{Opened: Opened{Source: sound.Silence(sound.Duration64(gap - passed))}}) {
				return
			}
		}
		for _, p := range it.o.Parts {
			if length := sound.Frames64(p.Length); length > 0 && skip >= length {
				skip -= length
				continue
			}
			part := it.prepare(ctx, p)
			if p.Live != nil {
				skip = 0 // what was said meanwhile is gone
			}
			if part.err == nil && skip > 0 {
				skip = passOver(ctx, part.Source, skip)
			}
			if part.err == nil && p.Relay != nil && p.Length > 0 {
				part.Source = sound.Cut(part.Source, p.Length) // it has no end of its own
			}
			if !it.give(ctx, part) {
				return
			}
			ready()
		}
	}
	it.mu.Lock()
	it.last = true
	it.mu.Unlock()
}

// patience is how long a part may take to be opened. An honest one needs a second
// or two; measuring has 3 s, and then decode gives up after 5 s what gives no
// sound. What is slower must hold up neither its slot nor the speaker that an alarm
// has. To go to a place in a part decode has half a minute more: the frames of
// hours may have to be counted.
const patience = 10 * time.Second

// prepare opens a part, or gives it up.
func (it *item) prepare(ctx context.Context, p plan.Part) opened {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan opened)
	// Ends with the opener. A codec that hangs does not end, so nobody waits.
	go func() {
		part, err := it.open(ctx, p)
		select {
		case done <- opened{Opened: part, part: true, err: err}:
		case <-ctx.Done():
			if part.Source != nil {
				part.Source.Close()
			}
		}
	}()
	select {
	case part := <-done:
		if part.err == nil || ctx.Err() == nil {
			return part
		}
	case <-ctx.Done():
	}
	return opened{part: true, err: &plan.Error{Code: plan.MediaFormat, Msg: fmt.Sprintf("%s was not ready to sound after %v", called(p), patience)}}
}

// called is what a part is called in an error.
func called(p plan.Part) string {
	switch {
	case p.Audio != nil:
		return fmt.Sprintf("recording %.12s", p.Audio.SHA256)
	case p.Relay != nil:
		return "the station"
	case p.Live != nil:
		return "live talk"
	case p.Standing != "":
		return "standing alert " + p.Standing
	}
	return p.Chime
}

func (it *item) give(ctx context.Context, o opened) bool {
	select {
	case it.fed <- o:
		return true
	case <-ctx.Done():
		if o.Source != nil {
			o.Source.Close()
		}
		return false
	}
}

// passOver moves src on by so many frames and returns those still missing: when
// it ended before, or when it had nothing to give. It closes src when ctx ends.
func passOver(ctx context.Context, src sound.Source, frames int64) int64 {
	if s, ok := src.(interface{ SeekTo(time.Duration) error }); ok {
		stop := context.AfterFunc(ctx, func() { src.Close() }) // SeekTo may take half a minute
		defer stop()
		if s.SeekTo(sound.Duration64(frames)) == nil {
			return 0
		}
	}
	buf := make([]float32, 4096)
	for frames > 0 {
		n, err := src.Read(buf[:min(int64(len(buf)), frames*sound.Channels)])
		frames -= int64(n / sound.Channels)
		if err != nil {
			return frames
		}
		if n == 0 {
			return 0 // a live source: it is where it is
		}
	}
	return 0
}

// Read implements [sound.Source]. Only the speaker's loop calls it.
func (it *item) Read(p []float32) (int, error) {
	it.mu.Lock()
	defer it.mu.Unlock()
	for {
		switch {
		case it.closed:
			return 0, io.ErrClosedPipe
		case it.left <= 0:
			// A live station has no end of its own: its time is up, and that is its end.
			it.ended = it.ended || it.o.Length == 0
			return 0, io.EOF
		case it.cur == nil:
			select {
			case o, more := <-it.fed:
				if !more {
					it.ended = true
					if it.begun == 0 && it.err != nil {
						return 0, it.err
					}
					return 0, io.EOF
				}
				it.begin(o)
			default:
				return 0, nil
			}
			continue
		}
		n, err := it.cur.Read(p[:min(int64(len(p)), it.left*sound.Channels)])
		it.left -= int64(n / sound.Channels)
		loops.Scale(p[:n], it.gain)
		if err != nil {
			it.cur.Close()
			it.cur = nil
			if !errors.Is(err, io.EOF) {
				it.fail(err)
			}
		}
		if n > 0 || err == nil {
			return n, nil
		}
	}
}

// Ready implements [speaker.Preparing].
func (it *item) Ready() <-chan struct{} { return it.set }

// Left implements [sound.Finite]: known in the last part, when its source knows.
func (it *item) Left() (frames int64, known bool) {
	it.mu.Lock()
	defer it.mu.Unlock()
	if part, ok := it.cur.(sound.Finite); ok && it.last && len(it.fed) == 0 {
		frames, known = part.Left()
	}
	return min(frames, it.left), known
}

func (it *item) begin(o opened) {
	if o.err != nil {
		it.fail(o.err)
		return
	}
	if o.part {
		it.begun++
	}
	if o.SHA256 != "" {
		it.played = append(it.played, o.SHA256)
	}
	if o.Account != nil {
		it.tells = o.Account
	}
	it.cur, it.gain = o.Source, float32(sound.Amplitude(o.GainDB))
}

func (it *item) fail(err error) {
	if it.err != nil {
		return
	}
	it.err, it.code = err, plan.MediaFormat
	var coded *plan.Error
	if errors.As(err, &coded) {
		it.code = coded.Code
	}
}

// Close implements [sound.Source].
func (it *item) Close() error {
	it.mu.Lock()
	defer it.mu.Unlock()
	if it.closed {
		return nil
	}
	it.closed = true
	it.quit()
	select { // what feed had ready
	case o := <-it.fed:
		if o.Source != nil {
			o.Source.Close()
		}
	default:
	}
	if it.cur == nil {
		return nil
	}
	return it.cur.Close()
}

// ending says how the sounding went. The sounding must be done.
func (c *playing) ending() plan.Ending {
	r := c.sounding.Report()
	it := c.item
	it.mu.Lock()
	defer it.mu.Unlock()
	e := plan.Ending{
		Turn:       c.now.Turn,
		Occurrence: it.o,
		Code:       it.code,
		Err:        it.err,
		Complete:   it.ended,
		At:         it.o.At + sound.Duration64(c.position(r.Position)),
		Heard:      sound.Duration64(r.Loud),
		RMSDBFS:    r.RMSDBFS,
		PeakDBFS:   r.PeakDBFS,
		Proof:      r.Proof,
		Media:      it.played,
	}
	if e.Err == nil && r.Err != nil {
		e.Err = fmt.Errorf("cannot sound %q: %w", it.o.ID, r.Err)
	}
	if it.o.Silent {
		return silently(e, r.Frames, r.Loud)
	}
	if it.live() && e.Err == nil && sound.Duration64(r.Position+r.Starved) >= it.o.End.Sub(c.now.Since)-time.Second {
		e.Complete = true // a station has no end of its own: its time was up
	}
	e.Result = judge(e, r.Frames, r.Loud, c.now.Volume)
	if it.live() && e.Result == plan.Heard && float64(r.Starved) > liveGaps*float64(r.Frames+r.Starved) {
		e.Result = plan.Partial
	}
	if it.tells != nil {
		var share float64
		if share, e.Note = it.tells(); e.Result == plan.Heard && share > liveGaps {
			e.Result = plan.Partial
		}
	}
	return e
}

// position is how far into the item what was heard has come, of which so many frames
// were given: with what was left out, and without the silence before its time.
func (c *playing) position(frames int64) int64 {
	if c.together != nil {
		frames += c.together.Look().Shift
	}
	return max(0, frames)
}

// silently is how a silent drill went: proven, where anything else would have been heard.
func silently(e plan.Ending, frames, loud int64) plan.Ending {
	e.Heard = 0
	if e.Result = judge(e, frames, loud, 100); e.Result == plan.Heard {
		e.Result = plan.Proven
	}
	return e
}

// live reports whether a station is among the parts.
func (it *item) live() bool {
	for _, p := range it.o.Parts {
		if p.Relay != nil {
			return true
		}
	}
	return false
}

// What counts as heard. A horn box plays speech around −20 dBFS before its
// volume; what is 25 dB below that is lost in street noise.
const (
	weakDBFS    = -45.0
	silentShare = 0.02 // less than this share above the silence floor
	liveGaps    = 0.05 // a station or a talk of which a larger share was missing was heard in part
)

func judge(e plan.Ending, frames, loud int64, volume int) plan.Result {
	switch {
	case frames == 0 || float64(loud) < silentShare*float64(frames):
		return plan.Silent
	case !e.Complete || e.Err != nil:
		return plan.Partial
	case e.RMSDBFS-sound.VolumeDB(volume) < weakDBFS:
		return plan.Weak
	}
	return plan.Heard
}
