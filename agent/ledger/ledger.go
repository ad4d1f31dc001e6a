// Package ledger keeps the hash-chained log of what was played, refused and broken.
package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
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

// resume finds the end of the chain and makes it ready to be written to.
func (l *Ledger) resume(bad []string) error {
	for _, path := range bad {
		// Kept for whoever wants to look, out of the way of what goes on.
		_ = os.Rename(path, path+".damaged")
		l.report(CodeBroken, fmt.Errorf("ledger: segment %s is damaged", path))
	}
	if len(l.segs) == 0 {
		// A chain begins with a number of its own, so that a box that lost its
		// ledger is not taken for one that rewrote it.
		rand.Read(l.hash[:])
		return l.begin(span{})
	}
	last := &l.segs[len(l.segs)-1]
	t, err := last.tail()
	if err != nil {
		return err
	}
	l.seq, l.hash, l.synced = t.seq, t.hash, t.seq
	cut := last.size - t.size
	last.size, last.span = t.size, t.span
	if t.broken != nil {
		l.report(CodeBroken, fmt.Errorf("ledger: %s: %w", last.path, t.broken))
	}
	l.file, err = os.OpenFile(last.path, os.O_RDWR, 0)
	if err != nil {
		if errors.Is(err, syscall.EROFS) || errors.Is(err, os.ErrPermission) {
			l.report(CodeLost, err)
			return nil // it can be read
		}
		return err
	}
	// The process may have died between writing a line and syncing it.
	if err := l.file.Sync(); err != nil {
		return err
	}
	if cut == 0 {
		return nil
	}
	if err := l.file.Truncate(t.size); err != nil {
		return err
	}
	l.o.Log.Warn("ledger: a torn tail was cut off", "bytes", cut, "after", t.seq)
	_, err = l.put(Entry{Kind: Event, Code: plan.Storage, Detail: fmt.Sprintf("torn tail: %d bytes cut off after entry %d", cut, t.seq)})
	if err != nil {
		l.o.Log.Warn("ledger: cannot write the torn tail down", "err", err)
	}
	return nil
}

// begin makes the next segment and writes to it from now on. The one before is
// synced first: a chain must not have a hole where two files meet.
func (l *Ledger) begin(before span) error {
	if l.file != nil {
		if err := l.file.Sync(); err != nil {
			return err
		}
		l.synced = l.seq
	}
	f, seg, err := createSegment(l.dir, l.seq+1, l.hash, before, l.o.SegmentBytes)
	if err != nil {
		return err
	}
	if l.file != nil {
		l.file.Close() // synced above; a Sync that still holds it is not disturbed
	}
	l.file, l.torn, l.bound = f, false, l.o.SegmentBytes
	l.segs = append(l.segs, seg)
	return nil
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

// put writes one entry at the end of the chain, or nothing.
func (l *Ledger) put(e Entry) (Entry, error) {
	if e.Time.IsZero() {
		e.Time, e.Clock = l.o.Now()
	}
	e.Seq = l.seq + 1
	line, hash, err := encode(&e, l.hash)
	if err != nil {
		return e, err
	}
	if l.file == nil {
		return e, l.storage(syscall.EROFS)
	}
	if last := l.last(); last.size+int64(len(line)) > l.bound && last.size > last.head {
		if err := l.rotate(); err != nil {
			// The chain goes on where it is, past the segment's size, while there is
			// room, and asks again after a while.
			l.bound = last.size + l.o.SegmentBytes/8
			l.o.Log.Warn("ledger: cannot begin a segment", "err", err)
		}
	}
	if err := l.write(line); err != nil {
		if !errors.Is(err, syscall.ENOSPC) || !l.drop() {
			return e, l.storage(err)
		}
		if err := l.write(line); err != nil {
			return e, l.storage(err)
		}
	}
	last := l.last()
	last.size += int64(len(line))
	last.span.add(e.Time)
	l.seq, l.hash = e.Seq, hash
	return e, nil
}

func (l *Ledger) last() *segment { return &l.segs[len(l.segs)-1] }

// write puts line at the end of the current segment. What a failed write left
// there is cut off before the next.
func (l *Ledger) write(line []byte) error {
	size := l.last().size
	if l.torn {
		if err := l.file.Truncate(size); err != nil {
			return err
		}
		l.torn = false
	}
	if l.last().size+int64(len(line)) > maxSegment {
		return syscall.EFBIG
	}
	if _, err := l.file.WriteAt(line, size); err != nil {
		l.torn = l.file.Truncate(size) != nil
		return err
	}
	return nil
}

// rotate begins the next segment and drops the oldest beyond the size limit. On
// a full disk the oldest make room: what happens now is worth more.
func (l *Ledger) rotate() error {
	err := l.begin(l.last().span)
	for errors.Is(err, syscall.ENOSPC) && l.drop() {
		err = l.begin(l.last().span)
	}
	if err != nil {
		return err
	}
	for total(l.segs)-l.last().size+l.o.SegmentBytes > l.o.MaxBytes && l.drop() {
	}
	return nil
}

// drop removes the oldest segment, unless it is the only one.
func (l *Ledger) drop() bool {
	if len(l.segs) < 2 {
		return false
	}
	old, next := l.segs[0], l.segs[1].first
	if err := os.Remove(old.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		l.o.Log.Warn("ledger: cannot drop the oldest segment", "err", err)
		return false
	}
	if err := syncDir(l.dir); err != nil {
		l.o.Log.Warn("ledger: cannot sync the directory", "err", err)
	}
	l.segs = l.segs[1:]
	if unsent := next - 1 - max(l.acked, old.first-1); unsent > 0 {
		l.dropped += unsent
		l.report(CodeUnsent, fmt.Errorf("ledger: %d entries from %d on were dropped unsent", unsent, next-unsent))
	}
	return true
}

// storage makes the error of a disk a refusal code as well.
func (l *Ledger) storage(err error) error {
	return errors.Join(fmt.Errorf("ledger: cannot write entry %d: %w", l.seq+1, err),
		&plan.Error{Code: plan.Storage, Msg: err.Error()})
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

// Sync returns once every entry appended before is safe from a power cut.
func (l *Ledger) Sync() error {
	l.mu.Lock()
	f, seq, synced := l.file, l.seq, l.synced
	l.mu.Unlock()
	if f == nil || seq == synced {
		return nil
	}
	// Without the lock: a card may take half a second, and Append must not wait.
	err := f.Sync()
	if errors.Is(err, os.ErrClosed) {
		err = nil // rotated meanwhile, which syncs
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("ledger: cannot sync entry %d: %w", seq, err), &plan.Error{Code: plan.Storage, Msg: err.Error()})
		l.mu.Lock()
		l.unsure = true
		l.mu.Unlock()
		l.o.Report(CodeLost, err)
		return err
	}
	l.mu.Lock()
	l.synced = max(l.synced, seq)
	recovered := l.unsure && l.lost == 0
	l.unsure = l.unsure && !recovered
	l.mu.Unlock()
	if recovered {
		l.o.Report(CodeLost, nil)
	}
	return nil
}

// Run syncs what is appended, within SyncBound or at once by kind, until ctx
// ends; then it syncs a last time.
func (l *Ledger) Run(ctx context.Context) error {
	batch := time.NewTimer(0)
	batch.Stop()
	waiting := false
	for {
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), l.Sync())
		case <-l.wake:
			l.mu.Lock()
			urgent := l.urgent
			l.urgent = false
			l.mu.Unlock()
			if !urgent {
				if !waiting {
					batch.Reset(SyncBound)
					waiting = true
				}
				continue
			}
		case <-batch.C:
		}
		batch.Stop()
		waiting = false
		if err := l.Sync(); err != nil {
			l.o.Log.Error("ledger: sync failed", "err", err)
		}
	}
}

// Close syncs and ends the ledger; it can still be read.
func (l *Ledger) Close() error {
	err := l.Sync()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.file == nil {
		l.closed = true
		return err
	}
	l.closed = true
	return errors.Join(err, l.file.Close())
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
	Lost        int // not written since the last that was
}

// Status is a snapshot.
func (l *Ledger) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Status{First: l.segs[0].first, Last: l.seq, Synced: l.synced, Acked: l.acked, Bytes: total(l.segs), Lost: l.lost}
}
