package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"loa/agent/plan"
)

// Sync returns once every entry appended before is safe from a power cut.
func (l *Ledger) Sync() error {
	l.mu.Lock()
	f, seq := l.file, l.seq
	idle := f == nil || seq == l.synced
	if !idle {
		l.syncs++
	}
	l.mu.Unlock()
	if idle {
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
