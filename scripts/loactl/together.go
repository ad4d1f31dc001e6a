package main

import (
	"slices"
	"time"

	"loa/agent/message"
)

// A spread is how far apart the boxes of a place are that start things together, by the
// clock of each.
type spread struct {
	Place  string `json:"place"`
	Boxes  int    `json:"boxes"`
	US     int64  `json:"apart_us"`
	First  string `json:"first"` // is heard first
	Last   string `json:"last"`
	Alone  int    `json:"alone"`     // that should be and play by themselves
	Jumped int    `json:"put_right"` // times that any had to be put right at once
}

// spreads are those of all places where boxes were to start anything together. A box that
// is not online said what it said of another day.
func spreads(rows []row) (all []spread) {
	by := make(map[string][]row)
	for _, r := range rows {
		if r.Sync != nil && r.State == "online" {
			by[r.Place] = append(by[r.Place], r)
		}
	}
	for _, place := range sortedKeys(by) {
		s := spread{Place: place}
		var off []row
		for _, r := range by[place] {
			if r.Sync.Why != "" {
				s.Alone++
				continue
			}
			off = append(off, r)
			s.Jumped += r.Sync.Jumps
		}
		if s.Boxes = len(off); s.Boxes > 0 {
			slices.SortStableFunc(off, func(x, y row) int { return int(y.Sync.OffUS - x.Sync.OffUS) })
			first, last := off[0], off[len(off)-1]
			s.First, s.Last, s.US = first.Box, last.Box, first.Sync.OffUS-last.Sync.OffUS
		}
		all = append(all, s)
	}
	return all
}

// syncNote tells how a box keeps time with its neighbours.
func (a *app) syncNote(s *message.Sync) string {
	ms := func(us int64) float64 { return float64(us) / float64(time.Millisecond/time.Microsecond) }
	if s.Why != "" {
		return a.text("watch.alone", printable(s.Why))
	}
	note := a.text("watch.sync", ms(s.OffUS), ms(s.WorstUS), s.CardPPM)
	if s.Jumps > 0 {
		note += a.text("watch.jumps", s.Jumps, a.moment(s.Jumped))
	}
	return note
}

// spreadNote tells how far apart the boxes of a place are.
func (a *app) spreadNote(s spread) string {
	note := a.text("watch.together", s.Place, s.Boxes, float64(s.US)/1000, s.First, s.Last)
	if s.Boxes < 2 {
		note = a.text("watch.one", s.Place, s.Boxes)
	}
	if s.Alone > 0 {
		note += a.text("watch.apart", s.Alone)
	}
	return note
}
