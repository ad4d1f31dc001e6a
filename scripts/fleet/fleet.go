package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"loa/agent/box"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/speaker"
	"loa/boards"
)

// kind is the board of every box: a pole with an amplifier that takes its time.
const kind = "orangepi-zero"

// A Fleet is boxes that run until Stop.
type Fleet struct {
	Boxes []*Box
	stop  context.CancelFunc
	wg    sync.WaitGroup

	mu   sync.Mutex
	errs error
}

// A Box is one of them.
type Box struct {
	Name  string
	State string // directory
	*ear         // its card; the same for as long as the fleet runs
}

// A sim is what a fleet is made of.
type sim struct {
	Province *Province
	Dir      string // below it each box has its disk
	Broker   string // address
	From, To int    // numbers of its boxes
	Stands   bool   // their cards do, once they are heard; see ear
}

// start makes boxes and lets them run.
func start(ctx context.Context, s sim) (*Fleet, error) {
	board, err := boards.Load(kind)
	if err != nil {
		return nil, err
	}
	board.Commissioned = true
	board.Clock = boards.Clock{Trust: "host"} // this machine keeps time
	f := &Fleet{}
	ctx, f.stop = context.WithCancel(ctx)
	for i := s.From; i < s.To; i++ {
		if err := f.add(ctx, s, i, board); err != nil {
			return nil, errors.Join(err, f.Stop())
		}
	}
	return f, nil
}

// add makes one box of a fleet and starts it.
func (f *Fleet) add(ctx context.Context, s sim, i int, board boards.Board) error {
	id, err := s.Province.identity(i)
	if err != nil {
		return err
	}
	b := &Box{Name: id.name, State: filepath.Join(s.Dir, id.name), ear: &ear{stands: s.Stands}}
	log := slog.New(slog.DiscardHandler)
	made, err := box.New(box.Opts{
		Device: id.name, Lang: "vi", State: b.State, Root: s.Province.root, Key: id.key,
		Brokers: []string{s.Broker}, TLS: id.tls,
		Board: board, OpenSink: func() (speaker.Sink, error) { b.open(); return b.ear, nil }, Sound: "ear",
		MediaBytes: 64 << 20, Version: "fleet", Built: time.Now().Add(-time.Hour),
		Health: health.New(log, nil), Log: log, Recent: func(int) []string { return nil },
	})
	if err != nil {
		return fmt.Errorf("%s: %w", id.name, err)
	}
	f.Boxes = append(f.Boxes, b)
	f.wg.Go(func() { // Stop waits for it
		if err := made.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			f.mu.Lock()
			f.errs = errors.Join(f.errs, fmt.Errorf("%s: %w", b.Name, err))
			f.mu.Unlock()
		}
	})
	return nil
}

// Stop ends all boxes and says what went wrong in any.
func (f *Fleet) Stop() error {
	f.stop()
	f.wg.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.errs
}

// Ledger is what a box has written down, once it has ended.
func (b *Box) Ledger(q ledger.Query) ([]ledger.Entry, error) {
	l, err := ledger.Open(filepath.Join(b.State, "ledger"), ledger.Opts{})
	if err != nil {
		return nil, err
	}
	all, err := l.Query(q)
	return all, errors.Join(err, l.Verify(), l.Close())
}
