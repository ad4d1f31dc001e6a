// Package store keeps what must survive a power cut: documents and positions,
// written whole and only when changed.
package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"loa/agent/plan"
)

// MaxSize bounds one value. The largest document on the wire is 64 KiB; trust's
// memory of seen acts is the largest value of all.
const MaxSize = 8 << 20

// reserve is the size of a file that exists to be deleted: when the disk is
// full, its blocks are what the next documents are written to.
const reserve = 2 << 20

const reserveName = ".reserve"

// A Store keeps named values in a directory. It is safe for concurrent use.
//
// Each value has two files, its two generations, which are written in turn: a
// temporary file is written and synced, renamed over the older generation, and
// the directory is synced. So at every instant there is one whole generation
// on the disk, and when the newer one is damaged later by a dying card the
// older one still answers.
type Store struct {
	dir string

	mu     sync.Mutex
	known  map[string]slot // newest whole generation of each name
	writes int64
	failed error // the last write's, nil when it succeeded
	broken []Damage
	report func(code string, err error)
	told   map[string]bool // codes reported and not yet taken back
}

// A slot is where the newest whole generation of a value lies.
type slot struct {
	gen     uint64
	sum     [sha256.Size]byte
	damaged bool // the other file is damaged, or both are when gen is 0
}

// An Error is a failure of the disk under one value. It unwraps to the system's
// error (syscall.ENOSPC, syscall.EROFS) and to a *plan.Error with plan.Storage.
type Error struct {
	Op, Name string
	Err      error
}

func (e *Error) Error() string { return fmt.Sprintf("store: cannot %s %q: %v", e.Op, e.Name, e.Err) }

// Unwrap gives the cause and the refusal code.
func (e *Error) Unwrap() []error {
	return []error{e.Err, &plan.Error{Code: plan.Storage, Field: e.Name, Msg: e.Err.Error()}}
}

// Open makes the directory if need be, removes what a cut write left behind and
// checks every value. A read-only disk can be opened and read.
func Open(dir string) (*Store, error) {
	if err := mkdirs(dir); err != nil {
		return nil, &Error{"open", dir, err}
	}
	s := &Store{dir: dir, known: map[string]slot{}}
	names, err := s.scan()
	if err != nil {
		return nil, &Error{"open", dir, err}
	}
	for _, name := range names {
		_, at, err := s.load(name)
		s.known[name] = at
		if err != nil || at.damaged {
			s.broken = append(s.broken, Damage{Name: name, Lost: at.gen == 0, Err: err})
		}
	}
	_ = s.fillReserve() // a full or read-only disk is reported by the first Put
	return s, nil
}

// Put keeps data under name. When it returns nil the value survives a power
// cut; when it returns an error, an *Error that leads to plan.Storage unless
// the name or size was wrong, the value is what it was. Equal data writes nothing.
//
// Names are like "docs/26734/bulletin/storm-12": up to 8 parts of any bytes,
// each at most 120 bytes once those outside [A-Za-z0-9_-] and inner dots are escaped.
func (s *Store) Put(name string, data []byte) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if len(data) > MaxSize {
		return fmt.Errorf("store: %q has %d bytes, at most %d are kept", name, len(data), MaxSize)
	}
	sum := sha256.Sum256(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.known[name]
	if known && !old.damaged && old.gen > 0 && old.sum == sum {
		return nil
	}
	gen := old.gen + 1
	err = s.write(path, gen, sum, data)
	if errors.Is(err, syscall.ENOSPC) && s.dropReserve() {
		err = s.write(path, gen, sum, data)
	}
	if err != nil {
		s.failed = &Error{"write", name, err}
		s.judge(s.failed)
		return s.failed
	}
	s.failed = nil
	s.writes++
	s.known[name] = slot{gen: gen, sum: sum}
	_ = s.fillReserve()
	s.judge(nil)
	return nil
}

// write puts one generation in place: temporary file, sync, rename, sync of the directory.
func (s *Store) write(path string, gen uint64, sum [sha256.Size]byte, data []byte) error {
	dir := filepath.Dir(path)
	tmp := path + tmpSuffix
	f, err := create(tmp)
	if errors.Is(err, fs.ErrNotExist) {
		if err := mkdirs(dir); err != nil {
			return err
		}
		f, err = create(tmp)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(encode(gen, sum, data))
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, generation(path, gen))
	}
	if err != nil {
		os.Remove(tmp)
		return err
	}
	return syncDir(dir)
}

func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

// Get gives the newest whole generation. The error is fs.ErrNotExist for a name
// never put, and leads to plan.Storage when both generations are damaged.
func (s *Store) Get(name string) ([]byte, error) {
	if _, err := s.path(name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.known[name]; !ok {
		return nil, fmt.Errorf("store: %q: %w", name, fs.ErrNotExist)
	}
	data, at, err := s.load(name)
	if was := s.known[name]; at != was && (at.damaged || err != nil) {
		d := Damage{Name: name, Lost: at.gen == 0, Err: err}
		s.broken = append(s.broken, d)
		s.known[name] = at
		s.tell(CodeDamaged, d.err())
	}
	if err != nil {
		return nil, &Error{"read", name, err}
	}
	return data, nil
}

// load reads both generations and gives the newer whole one.
func (s *Store) load(name string) (data []byte, at slot, err error) {
	path, err := s.path(name)
	if err != nil {
		return nil, slot{}, err
	}
	var errs []error
	for g := range uint64(2) {
		b, err := os.ReadFile(generation(path, g))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var gen uint64
		var body []byte
		if err == nil {
			gen, body, err = decode(b)
		}
		if err == nil && gen%2 != g {
			err = fmt.Errorf("generation %d lies in the place of the other", gen)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if gen > at.gen {
			at.gen, at.sum, data = gen, sha256.Sum256(body), body
		}
	}
	at.damaged = len(errs) > 0
	if at.gen > 0 {
		return data, at, nil
	}
	if len(errs) == 0 {
		return nil, at, fs.ErrNotExist
	}
	return nil, at, errors.Join(errs...)
}

// Delete forgets name; a name that is not there is no error.
func (s *Store) Delete(name string) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.known[name]
	if !ok {
		return nil
	}
	// The older first: a cut between the two must not bring it back.
	for _, gen := range []uint64{at.gen + 1, at.gen} {
		if err := os.Remove(generation(path, gen)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &Error{"delete", name, err}
		}
		if err := syncDir(filepath.Dir(path)); err != nil {
			return &Error{"delete", name, err}
		}
	}
	s.writes++
	delete(s.known, name)
	return nil
}

// List gives the names that begin with prefix, in order; "docs/" gives
// everything below docs. Damaged values are listed too: Get says what is wrong.
func (s *Store) List(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for name := range s.known {
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
