package main

import (
	"errors"
	"fmt"
	"time"

	"loa/scripts/hil/tape"
)

// A life is one time that the box had power.
type life struct {
	edges int       // that were seen before it
	ended time.Time // zero: it has power
}

// stray judges every edge of a session, through boot loader, kernel, crashes, power cuts and
// updates: the amplifier is on only while something was meant to sound, and no other line
// changes.
func (r *rig) stray(now time.Time) (figure string, err error) {
	if r.kind.Amp.Line == nil {
		return "", fmt.Errorf("board %s has no amplifier line", r.kind.Name)
	}
	edges, line := r.GPIO.Edges(), *r.kind.Amp.Line
	for _, e := range edges {
		if e.Line != line {
			return "", fmt.Errorf("line %d changed at %s, which is nobody's", e.Line, e.At.Format("15:04:05.000"))
		}
	}
	var meant []tape.Span
	for _, m := range r.centre.intended() {
		meant = append(meant, tape.Span{From: m.From.Add(-r.kind.Amp.Settle() - early), To: m.To.Add(r.kind.Amp.Linger())})
	}
	times := 0
	for i, l := range r.lives {
		until, end := len(edges), now
		if i+1 < len(r.lives) {
			until = r.lives[i+1].edges
		}
		if !l.ended.IsZero() {
			end = l.ended
		}
		on := tape.On(edges[l.edges:until], line, r.kind.Amp.Active != "low", end)
		times += len(on)
		err = errors.Join(err, tape.Outside(on, meant, slack))
	}
	return fmt.Sprintf("%d edges, on %d times, power-on %d times", len(edges), times, len(r.lives)), err
}

// early is how long before a programme's time a box may switch on besides settling.
const early = time.Second

// edges are those of this life.
func (r *rig) edges() []tape.Edge {
	return r.GPIO.Edges()[r.lives[len(r.lives)-1].edges:]
}
