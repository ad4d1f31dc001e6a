package api

import (
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits hold each name to so many questions a second. The zero value of what is not
// exported is ready.
type limits struct {
	rate  rate.Limit
	burst int

	mu sync.Mutex
	by map[string]*rate.Limiter
}

// maxNames bounds what is remembered of who asks.
const maxNames = 10_000

// wait is how long a name has to wait; 0: it may ask, and has.
func (l *limits) wait(name string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.by[name]
	if one == nil {
		if len(l.by) >= maxNames { // whoever has not asked for a while begins anew anyway
			maps.DeleteFunc(l.by, func(_ string, o *rate.Limiter) bool { return o.TokensAt(now) >= float64(l.burst) })
		}
		if len(l.by) >= maxNames {
			return time.Second
		}
		if l.by == nil {
			l.by = make(map[string]*rate.Limiter)
		}
		one = rate.NewLimiter(l.rate, l.burst)
		l.by[name] = one
	}
	r := one.ReserveN(now, 1)
	d := r.DelayFrom(now)
	if d > 0 {
		r.CancelAt(now)
	}
	return d
}
