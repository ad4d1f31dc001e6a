package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"syscall"

	"loa/agent/plan"
)

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
