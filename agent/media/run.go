package media

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"loa/agent/plan"
)

// pace is how patient the library is.
type pace struct {
	first, most  time.Duration // waiting after a failure, doubled each time, ±50 %
	digest       time.Duration // the same after wrong bytes came: each try costs a whole recording
	digestMost   time.Duration
	room         time.Duration // until room is looked for again
	sick         time.Duration // for which a base that did not answer comes last
	stall        time.Duration // in each such stretch of time
	stallAtLeast int64         // so many bytes must come
}

var usualPace = pace{
	first: 5 * time.Second, most: 30 * time.Minute,
	digest: 10 * time.Minute, digestMost: 24 * time.Hour,
	room: 10 * time.Minute, sick: 5 * time.Minute,
	stall: 30 * time.Second, stallAtLeast: 4 << 10, // 1.1 kbit/s: GPRS does better
}

// A failure is why a recording did not come.
type failure struct {
	cond string // the condition to report
	code plan.Code
	err  error
	sick bool // the base did not answer at all
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func missing(format string, args ...any) *failure {
	return &failure{cond: CodeMissing, code: plan.MediaMissing, err: fmt.Errorf(format, args...)}
}

func wrong(format string, args ...any) *failure {
	return &failure{cond: CodeDigest, code: plan.MediaDigest, err: fmt.Errorf(format, args...)}
}

func noRoom(err error) *failure {
	return &failure{cond: CodeStorage, code: plan.Storage, err: err}
}

// rank orders failures by what they say about the recording: of several bases
// the most telling failure is reported.
func (f *failure) rank() int {
	switch f.cond {
	case CodeStorage, CodeMetered:
		return 4
	case CodeDigest:
		return 3
	case CodeScope:
		return 2
	case CodeFormat:
		return 1
	}
	return 0
}

// Run fetches what is wanted until ctx ends, and returns when no fetch runs.
func (l *Library) Run(ctx context.Context) error {
	defer l.jobs.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if wait := l.launch(ctx); wait > 0 {
			timer.Reset(wait)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.wake:
		case <-timer.C:
		}
	}
}

// launch starts what can start now and says how long until more may; 0: not
// before something happens.
func (l *Library) launch(ctx context.Context) (wait time.Duration) {
	limit := l.o.DayBytes()
	type told struct {
		sha string
		f   *failure
	}
	var tell []told
	l.mu.Lock()
	// Waiting goes by elapsed time, which no step of the clock touches; only the
	// day's limit goes by the calendar.
	now, today := time.Now(), l.o.Now()
	soonest := func(at time.Time) {
		if d := max(at.Sub(now), time.Millisecond); wait == 0 || d < wait {
			wait = d
		}
	}
	for _, sha := range l.order {
		w := l.wanted[sha]
		switch {
		case l.have[sha] != nil || l.flying[sha] != nil:
			continue
		case len(l.flying) >= l.o.Parallel:
			continue // an ending wakes us
		case w.next.After(now):
			soonest(w.next)
			continue
		case w.later && l.busy(now):
			continue // an ending wakes us
		case limit > 0 && !w.urgent && l.day.today(today) >= w.share(limit):
			soonest(now.Add(midnight(today).Sub(today)))
			if w.later {
				f := spent(w.share(limit))
				w.code, w.why = f.code, f.Error()
			} else if l.reported[sha] != CodeMetered {
				tell = append(tell, told{sha, spent(limit)})
			}
			continue
		case w.Bytes <= 0 || w.Bytes > MaxBytes:
			w.next = now.Add(l.pace.digestMost)
			f := &failure{cond: CodeStorage, code: plan.TooBig, err: fmt.Errorf("the document gives it %d bytes, 1 to %d can be kept", w.Bytes, int64(MaxBytes))}
			w.code, w.why = f.code, f.Error()
			tell = append(tell, told{sha, f})
			continue
		case !l.makeRoom(w.Bytes - w.fetched):
			w.next = now.Add(l.pace.room)
			soonest(w.next)
			f := noRoom(fmt.Errorf("%d bytes do not fit: %d of %d are taken by what documents need", w.Bytes, l.stored()+l.coming(), l.budget()))
			w.code, w.why = f.code, f.Error()
			tell = append(tell, told{sha, f})
			continue
		}
		jctx, cancel := context.WithCancel(ctx)
		l.flying[sha] = cancel
		job := *w
		l.jobs.Go(func() { // Run waits for it
			defer cancel()
			l.land(jctx, job.Audio, l.fetch(jctx, job))
		})
	}
	l.mu.Unlock()
	for _, t := range tell {
		l.report(t.f.cond, t.sha, fmt.Errorf("media: %s: %w", short(t.sha), t.f))
	}
	return wait
}

// busy reports whether something is fetched, or could be now, that cannot wait. The
// lock is held.
func (l *Library) busy(now time.Time) bool {
	for sha, w := range l.wanted {
		if !w.later && l.have[sha] == nil && (l.flying[sha] != nil || !w.next.After(now) && w.code == plan.Accepted) {
			return true
		}
	}
	return false
}

// share is what of the day's limit may be spent before w is not fetched any more.
func (w *want) share(limit int64) int64 {
	if w.later {
		return limit / 2
	}
	return limit
}

func spent(limit int64) *failure {
	return &failure{cond: CodeMetered, code: plan.MediaMissing, err: fmt.Errorf("the day's %d bytes are spent", limit)}
}

// land takes note of how a fetch ended.
func (l *Library) land(ctx context.Context, a plan.Audio, f *failure) {
	sha := a.SHA256
	l.mu.Lock()
	delete(l.flying, sha)
	w := l.wanted[sha]
	switch {
	case f == nil:
		l.have[sha] = &file{bytes: a.Bytes, used: l.o.Now(), sound: true}
		if w != nil {
			w.tries, w.code, w.why, w.next = 0, plan.Accepted, "", time.Time{}
		}
		signal(l.changed)
	case w != nil && ctx.Err() == nil:
		w.code, w.why = f.code, f.Error()
		first, most := l.pace.first, l.pace.most
		if f.cond == CodeDigest {
			first, most = l.pace.digest, l.pace.digestMost
		} else if w.fetched >= w.mark+l.pace.stallAtLeast {
			w.tries = 0 // a poor line that moves is worth asking again soon
		}
		w.mark = w.fetched
		if f.cond != CodeMetered { // that is looked at again before each try
			w.next = time.Now().Add(jitter(min(most, first<<min(w.tries, 20))))
		}
		w.tries++
	}
	if l.told {
		l.sweep()
	}
	l.mu.Unlock()
	switch {
	case f == nil:
		l.report("", sha, nil)
	case w != nil && ctx.Err() == nil:
		l.report(f.cond, sha, fmt.Errorf("media: cannot fetch %s: %w", short(sha), f))
	}
	l.poke()
}

// jitter keeps a commune's boxes from asking all at once: 50 % to 150 % of d.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(max(d, 1))
}

// keep makes a verified recording visible, whole, under its name.
func (l *Library) keep(sha string) *failure {
	if err := os.Rename(l.partial(sha), l.file(sha)); err != nil {
		return noRoom(err)
	}
	d, err := os.Open(l.dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		return noRoom(err)
	}
	return nil
}
