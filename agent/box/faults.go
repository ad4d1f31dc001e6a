package box

import (
	"maps"
	"slices"
	"time"

	"loa/agent/health"
	"loa/agent/ledger"
)

// A faultBook says what of the box's conditions is to be written down: who reads the
// ledger in December asks which parts failed, how often and for how long.
type faultBook struct {
	held map[string]ledger.Entry // by code: what came, as it was written
	day  time.Time
	came map[string]int // by code: how often that day
}

// maxFaults is how often a day a condition's coming is written. One that flaps must
// not fill the ledger.
const maxFaults = 12

// turn is what came and went since the last turn. What is merely worth knowing is not
// written, nor what has not outlasted its patience.
func (f *faultBook) turn(active []health.Active, now time.Time) (out []ledger.Entry) {
	if f.held == nil || now.Sub(f.day).Abs() >= 24*time.Hour {
		f.day, f.came = now, make(map[string]int)
	}
	if f.held == nil {
		f.held = make(map[string]ledger.Entry)
	}
	for _, code := range slices.Sorted(maps.Keys(f.held)) {
		if !slices.ContainsFunc(active, func(a health.Active) bool { return a.Code == code }) {
			e := f.held[code]
			e.Ends, e.Detail = e.ID, ""
			delete(f.held, code)
			out = append(out, e)
		}
	}
	for _, a := range active {
		if _, held := f.held[a.Code]; held || a.Severity < health.Warning || f.came[a.Code] >= maxFaults {
			continue
		}
		f.came[a.Code]++
		e := ledger.Entry{Kind: ledger.Fault, ID: "health/" + a.Code, Due: a.Since, Detail: a.Detail}
		f.held[a.Code] = e
		out = append(out, e)
	}
	return out
}
