package store

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// Damage is a generation that failed its checksum.
type Damage struct {
	Name string
	Lost bool // no older generation could take its place
	Err  error
}

func (d Damage) err() error {
	what := "the one before it is used"
	if d.Lost {
		what = "no other is left"
	}
	if d.Err != nil {
		return fmt.Errorf("store: a generation of %q is damaged, %s: %w", d.Name, what, d.Err)
	}
	return fmt.Errorf("store: a generation of %q is damaged, %s", d.Name, what)
}

// Status tells how the disk is treated and how it answers.
type Status struct {
	Values  int
	Writes  int64 // since Open; flash dies of many
	Err     error // of the last write, nil when it succeeded
	Reserve bool  // false: the disk is full, or so nearly that documents live on the last room kept for them
	Damaged []Damage
}

// Status is a snapshot.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{Values: len(s.known), Writes: s.writes, Err: s.failed, Reserve: s.reserved(), Damaged: slices.Clone(s.broken)}
}

// Codes under which a Store reports what is wrong with it.
const (
	CodeFull     = "storage-full"     // documents live on the room kept for them, or on none
	CodeReadOnly = "storage-readonly" // the disk refuses writes
	CodeDamaged  = "storage-damaged"  // a generation failed its checksum, or the disk fails otherwise
)

// Watch makes fn hear of what is wrong with the disk (err) and when it is over
// (nil), at once for what Open found. fn must not call the store.
func (s *Store) Watch(fn func(code string, err error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report, s.told = fn, map[string]bool{}
	for _, d := range s.broken {
		s.tell(CodeDamaged, d.err())
	}
}

// tell reports a condition when it begins, changes or ends.
func (s *Store) tell(code string, err error) {
	if s.report == nil || err == nil && !s.told[code] {
		return
	}
	s.told[code] = err != nil
	s.report(code, err)
}

// judge reports what a write has shown about the disk.
func (s *Store) judge(err error) {
	switch {
	case err == nil:
		s.tell(CodeReadOnly, nil)
		if s.reserved() {
			s.tell(CodeFull, nil)
		} else {
			s.tell(CodeFull, &Error{"keep room for", reserveName, syscall.ENOSPC})
		}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		s.tell(CodeFull, err)
	case errors.Is(err, syscall.EROFS):
		s.tell(CodeReadOnly, err)
	default:
		s.tell(CodeDamaged, err)
	}
}
