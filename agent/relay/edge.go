package relay

import "time"

// behind is how far before the newest segment a live station is joined. The
// RFC asks for three target durations: closer, and one late upload is heard.
const behind = 3

// An edge remembers how far a live playlist has been played. It decides by
// playlists alone, so that every oddity of a station is one line of a test.
type edge struct {
	begun   bool
	next    int64     // sequence number that follows
	recent  []string  // addresses of the last segments, newest last
	stale   time.Time // since when only older playlists come; zero: they do not
	changed bool      // the last playlist had something new
}

// advance says what of p is to be played now, in order.
func (e *edge) advance(p *playlist, now time.Time) []segment {
	e.changed = false
	if len(p.segments) == 0 {
		return nil
	}
	from := e.next
	jump := false
	switch {
	case !e.begun:
		from, e.begun = start(p), true
	case e.next < p.seq: // we were too slow, and the window has left us
		from, jump = start(p), true
	case p.last()+1 < e.next: // the sequence went back
		if !e.restarted(p, now) {
			return nil
		}
		from, jump = start(p), true
	}
	e.stale = time.Time{}
	if from > p.last() {
		return nil
	}
	todo := append([]segment(nil), p.segments[from-p.seq:]...)
	todo[0].jump = todo[0].jump || jump
	e.next = p.last() + 1
	e.changed = true
	for _, s := range todo {
		e.recent = append(e.recent, s.uri)
	}
	if n := len(e.recent) - 32; n > 0 {
		e.recent = append([]string(nil), e.recent[n:]...)
	}
	return todo
}

// restarted tells an encoder that began anew from a cache that hands out an
// old copy: the cache shows what has been played, and soon recovers.
func (e *edge) restarted(p *playlist, now time.Time) bool {
	if e.stale.IsZero() {
		e.stale = now
	}
	if now.Sub(e.stale) >= behind*p.target {
		return true
	}
	newest := p.segments[len(p.segments)-1].uri
	for _, uri := range e.recent {
		if uri == newest {
			return false
		}
	}
	return true
}

// start is where to join p: near its end while it lives, else its beginning.
func start(p *playlist) int64 {
	if p.ended {
		return p.seq
	}
	left := behind * p.target
	for i := len(p.segments) - 1; i >= 0; i-- {
		left -= p.segments[i].length
		if left <= 0 {
			return p.seq + int64(i)
		}
	}
	return p.seq
}

// pause is how long to wait before the playlist is asked for again: a segment's
// length after a change, half of it when there was none.
func (e *edge) pause(p *playlist) time.Duration {
	d := max(p.target, time.Second)
	if !e.changed {
		d /= 2
	}
	return d
}
