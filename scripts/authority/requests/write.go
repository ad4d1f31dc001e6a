package requests

import (
	"database/sql"
	"errors"
	"fmt"
)

// A change is what one caller wants written.
type change struct {
	f    func(*sql.Tx) error
	done chan error // cap 1
}

// write runs f, all of it or nothing, and returns when it is there after a power cut.
// What many want at once is synced once: a disk that syncs in 10 ms would take no more
// than a hundred reports a second, and one that is busy far fewer.
func (s *Store) write(f func(*sql.Tx) error) error {
	c := &change{f, make(chan error, 1)}
	s.mu.Lock()
	s.waiting = append(s.waiting, c)
	s.mu.Unlock()
	select {
	case err := <-c.done:
		return err
	case s.turn <- struct{}{}:
	}
	s.mu.Lock()
	all := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	s.writeAll(all)
	<-s.turn
	return <-c.done // by us, or by whoever had the turn before
}

func (s *Store) writeAll(all []*change) {
	if len(all) == 0 {
		return
	}
	errs := make([]error, len(all))
	err := s.commit(all, errs)
	for i, c := range all {
		switch {
		case err != nil:
			c.done <- fmt.Errorf("requests: %w", err)
		case errs[i] == nil || errors.Is(errs[i], ErrNone) || errors.Is(errs[i], ErrOver):
			c.done <- errs[i]
		default:
			c.done <- fmt.Errorf("requests: %w", errs[i])
		}
	}
}

// commit writes what can be written; errs says of each what could not.
func (s *Store) commit(all []*change, errs []error) error {
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i, c := range all {
		if _, err := tx.Exec("SAVEPOINT one"); err != nil {
			return err
		}
		if errs[i] = c.f(tx); errs[i] != nil {
			if _, err := tx.Exec("ROLLBACK TO one"); err != nil {
				return err
			}
		}
		if _, err := tx.Exec("RELEASE one"); err != nil {
			return err
		}
	}
	return tx.Commit()
}
