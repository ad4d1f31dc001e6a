package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"loa/agent/plan"
)

// A Query chooses entries; zero fields choose all.
type Query struct {
	From, Until time.Time // [From, Until) of Entry.Time
	ID          string
	Kind        Kind
	Class       plan.Class
	Board       bool  // only refusals of a board
	After       int64 // only later numbers
	Limit       int   // only the newest so many
}

func (q Query) matches(e *Entry) bool {
	return e.Seq > q.After &&
		(q.ID == "" || e.ID == q.ID) &&
		(q.Kind == "" || e.Kind == q.Kind) &&
		(!q.Board || e.Board) &&
		(q.Class == "" || e.Class == q.Class) &&
		(q.From.IsZero() || !e.Time.Before(q.From)) &&
		(q.Until.IsZero() || e.Time.Before(q.Until))
}

// skips reports that nothing in a segment that is written no more can match.
func (q Query) skips(s segment) bool {
	if s.span.From.IsZero() {
		return false // a segment of unknown span
	}
	return !q.From.IsZero() && s.span.Until.Before(q.From) || !q.Until.IsZero() && !s.span.From.Before(q.Until)
}

// snapshot gives the segments as they are now; what is appended later is not seen.
func (l *Ledger) snapshot() []segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.segs)
}

// Query gives the entries that match, in the order of the chain. Damaged lines
// are left out and said in the error, beside the entries.
func (l *Ledger) Query(q Query) ([]Entry, error) {
	segs := l.snapshot()
	var parts [][]Entry
	var errs []error
	found := 0
	for i := len(segs) - 1; i >= 0 && (q.Limit <= 0 || found < q.Limit); i-- {
		s := segs[i]
		if i < len(segs)-1 {
			if segs[i+1].first-1 <= q.After {
				break
			}
			if q.skips(s) {
				continue
			}
		}
		part, err := q.read(s)
		if err != nil {
			errs = append(errs, err)
		}
		parts = append(parts, part)
		found += len(part)
	}
	slices.Reverse(parts)
	out := slices.Concat(parts...)
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[len(out)-q.Limit:]
	}
	return out, errors.Join(errs...)
}

// Each calls fn with every entry that matches, in the order of the chain, until
// fn gives false: for a year's entries, which should not lie in memory together.
// Limit is not heeded. Damaged lines are said in the error at the end.
func (l *Ledger) Each(q Query, fn func(Entry) bool) error {
	segs := l.snapshot()
	var errs []error
	for i, s := range segs {
		if i < len(segs)-1 && (segs[i+1].first-1 <= q.After || q.skips(s)) {
			continue
		}
		part, err := q.read(s)
		if err != nil {
			errs = append(errs, err)
		}
		for _, e := range part {
			if !fn(e) {
				return errors.Join(errs...)
			}
		}
	}
	return errors.Join(errs...)
}

// read gives the matching entries of one segment.
func (q Query) read(s segment) (out []Entry, first error) {
	prev := s.prev
	quoted := []byte(fmt.Sprintf("%q", q.ID))
	// An id of plain letters stands in the line as it is: most lines need no parsing.
	cheap := q.ID != "" && bytes.Equal(quoted[1:len(quoted)-1], []byte(q.ID)) && !bytes.ContainsAny(quoted, "<>&")
	err := s.lines(func(line []byte, _ int64) bool {
		if cheap && !bytes.Contains(line, quoted) {
			if _, claims, ok := split(line); ok {
				prev = claims
			}
			return true
		}
		e, claims, err := decode(line, prev)
		prev = claims
		if err != nil {
			if first == nil {
				first = fmt.Errorf("ledger: %s: %w", s.path, err)
			}
			return true
		}
		if q.matches(&e) {
			out = append(out, e)
		}
		return true
	})
	return out, errors.Join(first, err)
}

// Last gives the newest n entries, in the order of the chain.
func (l *Ledger) Last(n int) ([]Entry, error) {
	if n <= 0 {
		return nil, nil
	}
	return l.Query(Query{Limit: n})
}

// Verify reads the whole ledger and checks that every entry follows from the
// one before it, from the oldest retained to the head. The error names the
// first entry that does not.
func (l *Ledger) Verify() error {
	l.mu.Lock()
	segs, head := slices.Clone(l.segs), l.hash
	l.mu.Unlock()
	prev, seq := segs[0].prev, segs[0].first
	for _, s := range segs {
		if s.first != seq || s.prev != prev {
			return fmt.Errorf("ledger: %s begins with entry %d after %x, where entry %d after %x should be", s.path, s.first, s.prev[:6], seq, prev[:6])
		}
		var bad error
		err := s.lines(func(line []byte, _ int64) bool {
			var e Entry
			if e, prev, bad = decode(line, prev); bad == nil && e.Seq != seq {
				bad = fmt.Errorf("entry %d stands here", e.Seq)
			}
			if bad != nil {
				bad = fmt.Errorf("ledger: %s: at entry %d: %w", s.path, seq, bad)
				return false
			}
			seq++
			return true
		})
		if err = errors.Join(bad, err); err != nil {
			return err
		}
	}
	if prev != head {
		return fmt.Errorf("ledger: the chain ends at entry %d with %x, the head is %x", seq-1, prev[:6], head[:6])
	}
	return nil
}
