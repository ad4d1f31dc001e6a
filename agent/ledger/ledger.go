// Package ledger keeps the hash-chained log of what was played, refused and broken.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
)

const (
	// SyncBound is the longest time for which an entry may be lost to a power
	// cut while Run runs. Starts, ends, alerts and mutes are synced at once.
	SyncBound = 2 * time.Second

	defaultMax     = 64 << 20  // 100,000 entries of 670 bytes; usual ones have 350 to 500
	defaultSegment = 512 << 10 // what is set aside on the disk, and what is dropped at once
)

// Codes under which a Ledger reports what is wrong with it.
const (
	CodeBroken = "ledger-broken" // a line on the disk is damaged
	CodeLost   = "ledger-lost"   // entries cannot be written
	CodeUnsent = "ledger-unsent" // entries were dropped for room before they were acknowledged
)

// Opts are a ledger's settings; the zero value is usable.
type Opts struct {
	MaxBytes     int64 // of all segments; 0: 64 MiB. Beyond it the oldest segment goes
	SegmentBytes int64 // of one; 0: 512 KiB

	// Now stamps entries that carry no time; nil: the host's clock, at level none.
	Now func() (time.Time, clock.Level)

	Log    *slog.Logger
	Report func(code string, err error) // a condition began (err) or ended (nil); not called under a lock
}

// A Ledger is an append-only log. It is safe for concurrent use.
//
// An entry that Append has returned survives the death of the process at once
// and a power cut after the next sync. A full disk is met with room set aside
// for the current segment, then with that of the oldest segments, which the
// centre has had the longest time to fetch; entries that cannot be written even
// so are counted, and the count is the next thing written.
type Ledger struct {
	dir  string
	o    Opts
	wake chan struct{}

	mu      sync.Mutex
	segs    []segment // oldest first; the last is written to
	file    *os.File  // of the last segment
	seq     int64     // of the last entry
	hash    [sha256.Size]byte
	synced  int64 // the last entry known to be on the disk
	acked   int64 // the last entry the centre has
	bound   int64 // size of the last segment at which the next is begun
	torn    bool  // the file may hold bytes beyond the last segment's size
	lost    int   // entries that could not be written since the last that could
	lostAt  time.Time
	dropped int64 // entries dropped unsent and not yet written down
	urgent  bool
	unsure  bool // the last sync failed
	closed  bool
	syncs   int64
	reports []func() // to be made without the lock
}

// Open reads the ledger in dir, or begins one. A torn last line is cut off and
// written down as an event. On a read-only disk the ledger can be read, and
// Append reports what it loses.
func Open(dir string, o Opts) (*Ledger, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMax
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = defaultSegment
	}
	if o.SegmentBytes < 2*maxLine || o.SegmentBytes > maxSegment/2 || o.MaxBytes < 2*o.SegmentBytes {
		return nil, fmt.Errorf("ledger: segments of %d in %d bytes: want %d to %d, and room for two", o.SegmentBytes, o.MaxBytes, 2*maxLine, maxSegment/2)
	}
	if o.Now == nil {
		o.Now = func() (time.Time, clock.Level) { return time.Now(), clock.None }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	l := &Ledger{dir: dir, o: o, wake: make(chan struct{}, 1), bound: o.SegmentBytes}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("ledger: cannot open: %w", err)
	}
	segs, bad, err := readSegments(dir)
	if err != nil {
		return nil, fmt.Errorf("ledger: cannot open: %w", err)
	}
	l.segs = segs
	l.acked = l.readAcked()
	if err := l.resume(bad); err != nil {
		return nil, fmt.Errorf("ledger: cannot open: %w", err)
	}
	l.acked = min(l.acked, l.seq) // the chain it was of may be gone
	l.flushReports()
	return l, nil
}

// Append chains e to the ledger and gives it back with its number, hash and,
// if it had none, time. It writes but does not sync: see SyncBound and Sync.
// An error leads to plan.Storage and means that e was counted, not kept.
func (l *Ledger) Append(e Entry) (Entry, error) {
	l.mu.Lock()
	e, err := l.append(e)
	if err == nil && e.Kind.urgent() {
		l.urgent = true
	}
	l.mu.Unlock()
	l.flushReports()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return e, err
}

func (l *Ledger) append(e Entry) (Entry, error) {
	if l.closed {
		return e, errors.New("ledger: closed")
	}
	if l.lost > 0 {
		err := l.note(Entry{Kind: Event, Code: plan.Storage, Count: l.lost, Due: l.lostAt,
			Detail: fmt.Sprintf("%d entries could not be written", l.lost)})
		if err != nil {
			l.lost++
			return e, err
		}
		l.lost = 0
		l.report(CodeLost, nil)
	}
	if l.dropped > 0 {
		n := l.dropped
		l.dropped = 0
		if err := l.note(Entry{Kind: Event, Code: plan.Storage, Count: int(n),
			Detail: fmt.Sprintf("%d entries were dropped for room before the centre had them", n)}); err != nil {
			l.dropped += n
		}
	}
	out, err := l.put(e)
	if err != nil {
		if l.lost == 0 {
			l.lostAt, _ = l.o.Now()
			l.report(CodeLost, err)
		}
		l.lost++
	}
	return out, err
}

func (l *Ledger) note(e Entry) error {
	_, err := l.put(e)
	return err
}

func (l *Ledger) report(code string, err error) {
	l.reports = append(l.reports, func() { l.o.Report(code, err) })
}

// flushReports makes the reports that were collected under the lock.
func (l *Ledger) flushReports() {
	l.mu.Lock()
	rs := l.reports
	l.reports = nil
	l.mu.Unlock()
	for _, r := range rs {
		r()
	}
}

// Head is the last entry's number and hash; 0 and the chain's beginning when
// there is none. Whoever signs it vouches for all before it.
func (l *Ledger) Head() (seq int64, hash string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq, hex.EncodeToString(l.hash[:])
}

// Status is what console and reports say about the ledger.
type Status struct {
	First, Last int64 // retained; Last < First when there is none
	Synced      int64 // the last that is safe from a power cut
	Acked       int64 // the last the centre has
	Bytes       int64
	Syncs       int64 // times that the disk was waited for
	Lost        int   // not written since the last that was
}

// Status is a snapshot.
func (l *Ledger) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Status{First: l.segs[0].first, Last: l.seq, Synced: l.synced, Acked: l.acked, Bytes: total(l.segs), Syncs: l.syncs, Lost: l.lost}
}
