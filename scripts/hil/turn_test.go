package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Two benches take turns; who waits for minutes lets the other one begin.
func TestTurns(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	one, two := &turn{name: name}, &turn{name: name}
	taken := func() bool {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
	}
	if err := one.take(t.Context(), io.Discard); err != nil || !taken() {
		t.Fatalf("it is not taken: %v", err)
	}
	r := &rig{o: options{turn: one}}
	err := r.meanwhile(t.Context(), func() error {
		err := two.take(t.Context(), io.Discard)
		two.give()
		return err
	})
	if err != nil || !taken() {
		t.Errorf("it was not given, or not taken again: %v", err)
	}
	waits, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := two.take(waits, io.Discard); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("two have the turn: %v", err)
	}
	one.give()
	if err := two.take(t.Context(), io.Discard); err != nil {
		t.Errorf("it is not given back at the end: %v", err)
	}
	two.give()
}
