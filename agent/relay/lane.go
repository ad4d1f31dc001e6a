package relay

import (
	"context"
	"math/rand/v2"
	"time"
)

// stagger is how long an address may connect before the next one is tried
// beside it. Opening all at once would cost a mobile contract dearly.
const stagger = 2 * time.Second

// The pause before an address is tried again grows from first to longest with
// every consecutive attempt that gave no sound; an attempt that did give sound
// sets it back to again.
const (
	again   = 250 * time.Millisecond
	first   = time.Second
	longest = 30 * time.Second
)

// A lane is one address of the chain and what became of it.
type lane struct {
	url    string
	line   *line     // nil: closed
	next   time.Time // not to be opened before
	tries  int       // consecutive attempts that gave no sound
	lost   bool      // broke while it was heard, and nothing has been heard since
	broke  int       // how often that happened lately
	taken  time.Time // since when it is, or was, heard
	silent bool      // gave only silence when it was last open
	err    error     // why it was last given up
}

func (l *lane) close() {
	if l.line != nil {
		l.line.close()
		l.line = nil
	}
}

func (l *lane) cause() error {
	if l.err == nil {
		return errWaiting
	}
	return l.err
}

// pause is how long to wait before the next attempt. A quarter of it is left
// to chance: a station that comes back must not meet all its boxes at once.
func (l *lane) pause() time.Duration {
	d := again
	if l.tries > 0 {
		d = min(longest, first<<min(l.tries-1, 10))
	}
	return d*7/8 + rand.N(d/4)
}

// recheck is how long a better address is left alone while another is heard.
// One that keeps breaking is left alone for longer, up to 16 times.
func (l *lane) recheck(o *Opts) time.Duration {
	return o.Recheck << min(max(l.broke-1, 0), 4)
}

// choose says which lane is to be heard: the heard one, unless a better one
// has held long enough, or the heard one is gone or silent and another sounds.
func (s *Source) choose(now time.Time) int {
	if s.heard < 0 {
		return s.chooseNew()
	}
	poor := s.poor()
	for i, l := range s.lanes {
		switch {
		case i == s.heard && !poor:
			return i
		case i == s.heard || l.line == nil || !l.line.sounds(&s.o):
		case poor || now.Sub(l.line.steady) >= s.o.Hold:
			return i
		}
	}
	return s.heard
}

// chooseNew chooses when nothing is heard: the first that is ready. While the
// tail of the lost line lasts, an earlier address that may yet come is awaited.
func (s *Source) chooseNew() int {
	for _, forgiven := range [...]bool{true, false} {
		if i, ok := s.firstReady(forgiven); ok {
			return i
		}
	}
	return -1
}

func (s *Source) firstReady(forgiven bool) (lane int, ok bool) {
	for i, l := range s.lanes {
		switch {
		case s.forgiven(l) != forgiven:
		case l.line == nil && !l.lost:
		case l.line != nil && l.line.filled && (l.line.sounds(&s.o) || !l.silent):
			return i, true
		case forgiven && s.tail.holds():
			return -1, true
		}
	}
	return -1, false
}

// forgiven reports whether l keeps its place in the order. A lane that broke
// while it was heard does if that was for once, and as long as nobody hears it.
func (s *Source) forgiven(l *lane) bool {
	return !l.lost || l.broke < 2 && s.tail.holds()
}

// poor reports whether nothing worth hearing is heard.
func (s *Source) poor() bool {
	return s.heard < 0 || s.lanes[s.heard].line.mute(&s.o)
}

// holds reports whether there is still something to hear in r; nil: nothing.
func (r *ring) holds() bool { return r != nil && r.n > 0 }

// switchTo makes lane i the heard one. A reconnect to the same address is no
// event: a flapping station would fill the ledger.
func (s *Source) switchTo(i int, now time.Time) (evs []Event) {
	l := s.lanes[i]
	why := s.why
	s.leaving, s.fade = s.tail, 0
	if s.heard >= 0 {
		s.leaving = s.lanes[s.heard].line.ring
		if s.poor() {
			s.lanes[s.heard].silent = true
			why = errSilence
			s.lanes[s.heard].err = errSilence
		} else {
			why = nil
		}
		s.lanes[s.heard].close()
		s.lanes[s.heard].next = now.Add(s.o.Recheck)
	}
	s.heard, s.tail, s.why = i, nil, nil
	for j, other := range s.lanes {
		if j != i && (other.line != nil || other.lost) {
			other.close()
			other.next = now.Add(other.recheck(&s.o))
		}
		other.lost = false
	}
	l.silent, l.tries, l.taken = false, 0, now
	if s.last == l.url {
		return nil
	}
	e := Event{At: now, From: s.last, To: l.url, Why: why}
	s.last = l.url
	return []Event{e}
}

// lose gives up the line of lane i.
func (s *Source) lose(i int, now time.Time, err error) {
	l := s.lanes[i]
	l.tries++
	if l.line.delivered() {
		l.tries = 0
	}
	l.silent = l.line.mute(&s.o)
	l.err = err
	s.o.Log.Debug("relay: address given up", "url", l.url, "why", err, "tries", l.tries)
	rest := l.line.ring
	l.close()
	l.next = now.Add(l.pause())
	if i != s.heard {
		if t := now.Add(l.recheck(&s.o)); s.heard >= 0 && l.next.Before(t) {
			l.next = t
		}
		return
	}
	s.heard, s.tail, s.why = -1, rest, err
	s.reconnects++
	l.lost = true
	if now.Sub(l.taken) > 20*s.o.Recheck {
		l.broke = 0
	}
	l.broke++
	for _, other := range s.lanes { // who was only to be rechecked is needed now
		if other != l && other.line == nil {
			other.next = now.Add(min(other.next.Sub(now), other.pause()))
			if other.tries == 0 {
				other.next = now
			}
		}
	}
}

// prune closes lines that are no longer needed: those behind a good one.
func (s *Source) prune(now time.Time) {
	if s.poor() {
		return
	}
	for _, l := range s.lanes[s.heard+1:] {
		if l.line != nil {
			l.close()
			l.next = now
		}
	}
}

// wanted reports whether lane i is to be opened now.
func (s *Source) wanted(i int, now time.Time) bool {
	l := s.lanes[i]
	if s.over != nil || l.line != nil || now.Before(l.next) {
		return false
	}
	if s.heard >= 0 {
		return i < s.heard || s.poor()
	}
	for _, e := range s.lanes[:i] {
		if e.line != nil && !e.lost && now.Sub(e.line.opened) < stagger {
			return false
		}
	}
	return true
}

// begin opens lane i in a goroutine of its own; Run waits for it.
func (s *Source) begin(ctx context.Context, i int, now time.Time) {
	ctx, cancel := context.WithCancel(ctx)
	ln := newLine(cancel, now, &s.o)
	s.lanes[i].line = ln
	addr := s.lanes[i].url
	s.begun.Go(func() {
		src, err := s.open(ctx, addr)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case err != nil:
			ln.err = err
		case ctx.Err() != nil:
			src.Close()
		default:
			ln.src = src
		}
	})
}
