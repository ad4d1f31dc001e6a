package ledger

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"loa/agent/plan"
)

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
