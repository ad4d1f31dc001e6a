package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// A turn is one bench's among those of this machine: emulated time is real time only where
// there is enough of it. Nil is that of a bench that is alone.
type turn struct {
	name string   // of the lock that all of them know
	file *os.File // while it is this one's
}

// take waits for it.
func (t *turn) take(ctx context.Context, out io.Writer) error {
	if t == nil {
		return nil
	}
	f, err := os.OpenFile(t.name, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		fmt.Fprintln(out, "hil: waits for another bench on this machine,", t.name)
		locked := make(chan error, 1)
		go func() { locked <- syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }() // ends with the lock, or the program
		select {
		case <-ctx.Done():
			f.Close() // what waits for the lock gives it back at once
			return ctx.Err()
		case err := <-locked:
			if err != nil {
				return err
			}
		}
	}
	t.file = f
	return nil
}

// give lets the next one begin.
func (t *turn) give() {
	if t != nil && t.file != nil {
		t.file.Close()
		t.file = nil
	}
}

// meanwhile gives the turn back while the box only waits, for minutes, until f ends.
func (r *rig) meanwhile(ctx context.Context, f func() error) error {
	r.o.turn.give()
	return errors.Join(f(), r.o.turn.take(ctx, io.Discard))
}
