// Package health keeps named conditions: what is wrong with the box, since
// when, how bad it is and which part to buy.
package health

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	maxThings  = 4096 // held under one condition
	shown      = 16   // of them given by Active
	maxHistory = 256  // past conditions remembered
	maxDetail  = 300  // bytes of one detail
)

// A Health knows what is wrong now. It is safe for concurrent use.
type Health struct {
	log     *slog.Logger
	now     func() time.Time
	changed chan struct{}

	mu      sync.Mutex
	active  map[string]*raised
	history []Past
}

// raised is a condition that was set and not yet cleared.
type raised struct {
	Condition
	since  time.Time
	count  int
	detail string
	things map[string]string // what → detail; "" is the box as a whole
	told   bool              // patience is over and the log has its line

	flaps bool      // it came and went, and does not end before it has stayed away for a while
	over  time.Time // since when it has; zero: it holds
}

// An Active is a condition that holds and has outlasted its patience.
type Active struct {
	Condition
	Since  time.Time
	Count  int      // how often it was raised since then
	Detail string   // the latest
	Things []string // which of several: hashes, places; the first 16 in order
	More   int      // things beyond those
}

// A Past is a condition that was over again.
type Past struct {
	Code         string
	Since, Until time.Time
	Count        int
	Detail       string
	Brief        bool // it never outlasted its patience
}

// New makes a Health in which nothing is wrong. now gives the time that reports
// shall carry; nil: time.Now. log may be nil.
func New(log *slog.Logger, now func() time.Time) *Health {
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Health{log: log, now: now, changed: make(chan struct{}, 1), active: map[string]*raised{}}
}

// Set raises code for the box as a whole. Raising it again counts, keeps the
// time and renews the detail.
func (h *Health) Set(code, detail string) { h.SetOf(code, "", detail) }

// Clear ends code, and all things under it.
func (h *Health) Clear(code string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.active[code]; r != nil {
		h.end(r)
	}
}

// SetOf raises code for one of several things, such as a recording's hash. The
// condition holds until every thing under it is cleared.
func (h *Health) SetOf(code, what, detail string) {
	detail = clip(detail)
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.active[code]
	if r == nil {
		c, ok := Lookup(code)
		if !ok {
			// A code without a row is a mistake of ours; the fault is real all the same.
			c = Condition{Code: code, Severity: Fault, VI: code, EN: code}
		}
		r = &raised{Condition: c, since: h.now(), things: map[string]string{}}
		h.active[code] = r
		h.wake()
	}
	if !r.over.IsZero() { // it flaps: of what held only this holds again
		r.over = time.Time{}
		maps.DeleteFunc(r.things, func(was, _ string) bool { return was != what })
	}
	r.count++
	r.detail = detail
	if _, known := r.things[what]; !known {
		if len(r.things) >= maxThings {
			return
		}
		h.news(r)
	}
	r.things[what] = detail
}

// ClearOf ends code for one thing.
func (h *Health) ClearOf(code, what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.active[code]
	if r == nil {
		return
	}
	if _, known := r.things[what]; !known {
		return
	}
	if len(r.things) == 1 {
		h.end(r)
		return
	}
	delete(r.things, what)
	h.news(r)
}

// news wakes whoever reports of a thing under r that came or went, unless that goes on
// all the time.
func (h *Health) news(r *raised) {
	if !r.flaps {
		h.wake()
	}
}

// Report raises code with err, or clears it when err is nil: the shape in which
// rooms report.
func (h *Health) Report(code string, err error) { h.ReportOf(code, "", err) }

// ReportOf is Report for one of several things.
func (h *Health) ReportOf(code, what string, err error) {
	if err == nil {
		h.ClearOf(code, what)
		return
	}
	h.SetOf(code, what, err.Error())
}

func (h *Health) end(r *raised) {
	now := h.now()
	h.tell(r, now)
	if r.flaps = r.flaps || h.flap(r, now); r.flaps {
		if r.over.IsZero() {
			r.over = now
		}
		return
	}
	h.finish(r, now)
	h.wake()
}

// What comes and goes so often within so long, and is never there for long, is one from
// then on, with all gaps that are shorter than flapGap.
const (
	flapOften = 4
	flapSpan  = 5 * time.Minute
	flapGap   = time.Minute
)

// flap reports that r, which is about to end, flaps: a sound card that is never away for
// long plays nothing all the same, and a loose wire is not news with each gust of wind.
// Networks do that, and are let to.
func (h *Health) flap(r *raised, now time.Time) bool {
	if r.PartEN == "" || r.Patience > time.Minute || now.Sub(r.since) >= flapGap {
		return false
	}
	n := 1
	for _, p := range h.history {
		if p.Code == r.Code && p.Until.Sub(p.Since) < flapGap && now.Sub(p.Until).Abs() < flapSpan {
			n++
		}
	}
	return n >= flapOften
}

// finish takes r, which was over then, out of what holds.
func (h *Health) finish(r *raised, then time.Time) {
	delete(h.active, r.Code)
	if len(h.history) == maxHistory {
		h.history = slices.Delete(h.history, 0, 1)
	}
	h.history = append(h.history, Past{Code: r.Code, Since: r.since, Until: then, Count: r.count, Detail: r.detail, Brief: !r.told})
	if r.told {
		h.log.Info("recovered", "code", r.Code, "after", then.Sub(r.since).Round(time.Second), "count", r.count)
	}
}

// tell writes the one log line of a condition once its patience is over.
func (h *Health) tell(r *raised, now time.Time) bool {
	if now.Before(r.since) {
		r.since = now // the clock was put back: nothing began in the future
	}
	if !r.told && now.Sub(r.since) >= r.Patience {
		r.told = true
		h.log.Log(context.Background(), r.Severity.level(), r.EN, "code", r.Code, "detail", r.detail, "count", r.count)
	}
	return r.told
}

// Active gives what is wrong at now, worst first, then longest first. It is
// also what writes the log line of a condition whose patience has just ended.
func (h *Health) Active(now time.Time) []Active {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.active {
		if !r.over.IsZero() && now.Sub(r.over).Abs() >= flapGap {
			h.finish(r, r.over)
			h.wake() // whoever reports may not have asked
		}
	}
	return h.list(func(r *raised) bool { return h.tell(r, now) })
}

// Fresh gives what holds and has not outlasted its patience at now, in the order
// of Active: it may yet mend itself, but whoever looks wants to know it.
func (h *Health) Fresh(now time.Time) []Active {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.list(func(r *raised) bool { return !r.told && r.over.IsZero() && now.Sub(r.since) < r.Patience })
}

func (h *Health) list(in func(*raised) bool) []Active {
	var out []Active
	for _, r := range h.active {
		if !in(r) {
			continue
		}
		things := slices.Sorted(maps.Keys(r.things))
		if len(things) > 0 && things[0] == "" {
			things = things[1:]
		}
		n := min(len(things), shown)
		out = append(out, Active{Condition: r.Condition, Since: r.since, Count: r.count, Detail: r.detail, Things: things[:n], More: len(things) - n})
	}
	sortWorst(out)
	return out
}

// sortWorst puts the worst first, then the longest. A cause is as bad as what has
// come of it, and stands before it: whoever mends it need not look at the rest.
func sortWorst(all []Active) {
	weight := make(map[string]Severity, len(all))
	for _, a := range all {
		weight[a.Code] = a.Severity
	}
	cause := make(map[string]bool)
	for code := range weight {
		for _, effect := range effects[code] {
			if w, holds := weight[effect]; holds {
				cause[code], weight[code] = true, max(weight[code], w)
			}
		}
	}
	slices.SortFunc(all, func(a, b Active) int {
		switch {
		case weight[a.Code] != weight[b.Code]:
			return int(weight[b.Code]) - int(weight[a.Code])
		case cause[a.Code] != cause[b.Code]:
			if cause[a.Code] {
				return -1
			}
			return 1
		}
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Code, b.Code))
	})
}

// Next is when Active will give something else without anything being set: the earliest
// end of a patience, or of what has flapped. It is zero when nothing waits.
func (h *Health) Next() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	var next time.Time
	sooner := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for _, r := range h.active {
		if !r.told {
			sooner(r.since.Add(r.Patience))
		}
		if !r.over.IsZero() {
			sooner(r.over.Add(flapGap))
		}
	}
	return next
}

// Changed wakes whoever reports: a condition or a thing under one came or went.
func (h *Health) Changed() <-chan struct{} { return h.changed }

func (h *Health) wake() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// History gives past conditions, the newest last, at most 256.
func (h *Health) History() []Past {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.history)
}

// clip bounds a detail without cutting a letter in two.
func clip(s string) string {
	if len(s) <= maxDetail {
		return s
	}
	n := maxDetail
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
