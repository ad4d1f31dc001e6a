package speaker

import (
	"testing"
	"time"
)

func TestProgressReckonsWithOurClock(t *testing.T) {
	var now time.Time
	p := newProgress(sinkFunc(nil), now)
	p.wrote(9600, now)
	for _, c := range []struct {
		after time.Duration
		heard int64
	}{{50 * time.Millisecond, 2400}, {50 * time.Millisecond, 2400}, {0, 0}, {time.Second, 4800}, {time.Hour, 0}} {
		now = now.Add(c.after)
		if got := p.advance(now); got != c.heard {
			t.Errorf("after %v more %d frames more, want %d", c.after, got, c.heard)
		}
	}
	// It begins anew after a pause.
	p.wrote(4800, now)
	if got := p.advance(now.Add(10 * time.Millisecond)); got != 480 {
		t.Errorf("10 ms after a pause %d frames, want 480", got)
	}
}

// A device that is faster than our clock takes more than we reckon it plays; the
// queue would grow without end if it were not known to be short.
func TestProgressDoesNotDriftAway(t *testing.T) {
	var now time.Time
	p := newProgress(sinkFunc(nil), now)
	for range 3 * 3600 * 50 { // three hours at +300 ppm
		p.wrote(960, now)
		now = now.Add(20*time.Millisecond - 6*time.Microsecond)
		p.advance(now)
	}
	if queued := p.sent - p.heard; queued > mostQueued {
		t.Errorf("%d frames would lie in the queue", queued)
	}
}

func TestProgressAfterADrop(t *testing.T) {
	var now time.Time
	p := newProgress(sinkFunc(nil), now)
	p.wrote(9600, now)
	now = now.Add(100 * time.Millisecond)
	p.advance(now)
	if gone := p.cut(1000); gone != 3800 {
		t.Errorf("%d frames are gone, want 3800", gone)
	}
	if gone := p.cut(9600); gone != 0 {
		t.Errorf("%d frames are gone of a queue that cannot be dropped", gone)
	}
	if got := p.advance(now.Add(500 * time.Millisecond)); got != 1000 {
		t.Errorf("then %d frames were heard, want the 1000 that were left", got)
	}
	if got := p.finish(); got != 0 {
		t.Errorf("%d frames were left to finish", got)
	}
}
