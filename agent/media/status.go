package media

import (
	"time"

	"loa/agent/plan"
)

// A Lack is a wanted recording that is not there yet.
type Lack struct {
	SHA256  string
	Bytes   int64
	Fetched int64 // of them
	Urgent  bool
	Code    plan.Code // why the last try failed; Accepted: none failed
	Why     string
	Next    time.Time // when it is tried again; zero: at once
}

// Missing lists what is wanted and not there, in the order of fetching.
func (l *Library) Missing() []Lack {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Lack
	for _, sha := range l.order {
		if w := l.wanted[sha]; l.have[sha] == nil {
			out = append(out, Lack{SHA256: sha, Bytes: w.Bytes, Fetched: w.fetched, Urgent: w.urgent, Code: w.code, Why: w.why, Next: w.next})
		}
	}
	return out
}

// Status is what console and reports say about the library.
type Status struct {
	Wanted, Present int   // recordings
	Kept            int   // recordings that nothing wants: they go when room is needed
	Bytes, Budget   int64 // on the disk, and at most
	Fetching        int
	DayBytes        int64 // fetched today; after a restart up to 1 MiB too high, never too low
	DayLimit        int64 // 0: none
}

// Status is a snapshot.
func (l *Library) Status() Status {
	limit := l.o.DayBytes()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Status{
		Wanted: len(l.wanted), Bytes: l.stored(), Budget: l.budget(), Fetching: len(l.flying),
		DayBytes: l.day.today(l.o.Now()), DayLimit: limit,
	}
	for sha := range l.have {
		if l.wanted[sha] != nil {
			s.Present++
		} else {
			s.Kept++
		}
	}
	return s
}
