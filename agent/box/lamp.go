package box

import (
	"context"
	"sync"
	"time"
)

// A beacon carries what the station wants of the lamp to whoever keeps its line: a guard
// that does not answer must not hold up a decision.
type beacon struct {
	mu   sync.Mutex
	lit  bool
	news chan struct{} // cap 1
}

func newBeacon() beacon { return beacon{news: make(chan struct{}, 1)} }

// light notes what the lamp should be.
func (l *beacon) light(on bool) {
	l.mu.Lock()
	l.lit = on
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// keep makes it so, until ctx ends; what fails is tried again each second.
func (l *beacon) keep(ctx context.Context, line interface{ Set(on bool) error }) error {
	again := time.NewTimer(0)
	defer again.Stop()
	<-again.C
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.news:
		case <-again.C:
		}
		l.mu.Lock()
		on := l.lit
		l.mu.Unlock()
		if line.Set(on) != nil { // its guard reports why
			again.Reset(time.Second)
		}
	}
}
