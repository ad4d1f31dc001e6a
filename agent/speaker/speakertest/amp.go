package speakertest

import (
	"slices"
	"sync"
	"time"
)

// An Edge is one change of an amplifier's line.
type Edge struct {
	At time.Time
	On bool
}

// An Amp is an amplifier's line that remembers every edge. Its zero value is a
// line that is off.
type Amp struct {
	mu    sync.Mutex
	on    bool
	edges []Edge
	err   error
	tries int
}

// Set is speaker.Amp.
func (a *Amp) Set(on bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tries++
	if a.err != nil {
		return a.err
	}
	if a.on != on {
		a.on = on
		a.edges = append(a.edges, Edge{time.Now(), on})
	}
	return nil
}

// Fail makes every Set fail with err, and leaves the line as it is; nil mends it.
func (a *Amp) Fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

// On is the line's level.
func (a *Amp) On() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.on
}

// Edges are all changes so far.
func (a *Amp) Edges() []Edge {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.edges)
}

// Tries is how often Set was called.
func (a *Amp) Tries() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tries
}
