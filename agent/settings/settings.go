// Package settings changes a box's own settings file: a candidate that one technician
// edits, a trial that ends by itself, and the files that were before.
//
// A trial is nowhere on the disk. The file is what was confirmed last, so whatever ends
// the agent ends the trial: its time, a power cut, a crash, the watchdog. What is on the
// disk is written whole, so that there is nothing to repair after a power cut.
package settings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"loa/agent/config"
)

// Bounds of a trial.
const (
	DefaultTrial = 10 * time.Minute
	MaxTrial     = 60 * time.Minute
)

// What a technician is told when something cannot be done now.
var (
	ErrUnchanged = errors.New("nothing has been changed")
	ErrNotThere  = errors.New("there is no such file of before")
)

// A Held is a candidate that somebody else edits.
type Held struct{ By Seat }

func (e *Held) Error() string {
	return fmt.Sprintf("%s edits the settings since %s", e.By.Name, e.By.Since.Format(time.TimeOnly))
}

// A Seat is one technician's session.
type Seat struct {
	Name  string // for other technicians, such as the port it sits at
	Since time.Time
}

// Opts of a Keeper.
type Opts struct {
	File  string                    // the settings file, as root sees it
	Root  string                    // see config.Load
	Check func(config.Config) error // what else must hold, such as that there is this board; nil: nothing
}

// A Keeper keeps the settings of a box. It is safe for concurrent use.
type Keeper struct {
	o       Opts
	changed chan struct{} // cap 1: what is in force may be another
	begun   chan struct{} // cap 1: so may be the trial
	step    func(string)  // between two steps of a commit; tests cut the power there

	mu        sync.Mutex
	file      config.Config // what was confirmed last, with its paths as in the file
	text      []byte        // of it
	broken    error         // why it is not the file's
	candidate *config.Config
	holder    *Seat  // who edits it; nil: nobody does now
	last      string // who did last
	trial     *trial
	ended     string // why the last trial ended by itself; empty: it was told
}

type trial struct {
	config config.Config
	until  time.Time // by the monotonic clock
}

// New makes a Keeper. Nothing is read before Load.
func New(o Opts) *Keeper {
	if o.Check == nil {
		o.Check = func(config.Config) error { return nil }
	}
	o.File = config.Move(o.Root, o.File)
	return &Keeper{o: o, changed: make(chan struct{}, 1), begun: make(chan struct{}, 1), step: func(string) {}}
}

// Load is what is in force now, with every path moved under the root: the trial's
// settings, or the file's. If the file cannot be read, it is the newest one of before
// that can, and Broken says why.
func (k *Keeper) Load() (config.Config, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.trial != nil {
		return config.Take(k.o.File, k.trial.config.Text(), k.o.Root)
	}
	moved, err := config.Load(k.o.File, k.o.Root)
	k.broken = err
	name := k.o.File
	if err != nil {
		for _, b := range k.before() {
			if m, otherErr := config.Load(b.path, k.o.Root); otherErr == nil {
				name, moved, err = b.path, m, nil
				break
			}
		}
	}
	if err != nil {
		return config.Config{}, err
	}
	if k.text, err = os.ReadFile(name); err != nil {
		return config.Config{}, err
	}
	k.file, err = config.Parse(name, k.text)
	return moved, err
}

// Broken is why the file itself is not in force, nil: it is.
func (k *Keeper) Broken() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.broken
}

// Running is what is in force, with its paths as in the file.
func (k *Keeper) Running() config.Config {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.running()
}

// Kept is what is in the file.
func (k *Keeper) Kept() config.Config {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.file
}

func (k *Keeper) running() config.Config {
	if k.trial != nil {
		return k.trial.config
	}
	return k.file
}

// Trial says until when what is in force is only tried.
func (k *Keeper) Trial() (until time.Time, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.trial == nil {
		return time.Time{}, false
	}
	return k.trial.until, true
}

// Changed wakes whoever applies what is in force.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

func (k *Keeper) wake() {
	for _, c := range []chan struct{}{k.changed, k.begun} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Candidate is what would be in force after a commit, and who edits it or did last;
// empty: it is what is in force.
func (k *Keeper) Candidate() (c config.Config, by string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.candidate == nil {
		return k.running(), ""
	}
	return *k.candidate, k.last
}

// Edit changes the candidate, all or nothing. The error is *[Held] when somebody else
// has it, or change's.
func (k *Keeper) Edit(s *Seat, change func(config.Config) (config.Config, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.edit(s, change)
}

func (k *Keeper) edit(s *Seat, change func(config.Config) (config.Config, error)) error {
	if err := k.hold(s); err != nil {
		return err
	}
	c := k.running()
	if k.candidate != nil {
		c = *k.candidate
	}
	c, err := change(c)
	if err != nil {
		return err
	}
	k.candidate, k.last = &c, s.Name
	if len(config.Diff(k.running(), c)) == 0 {
		k.candidate = nil
	}
	return nil
}

// hold lets s alone edit.
func (k *Keeper) hold(s *Seat) error {
	if k.holder != nil && k.holder != s {
		return &Held{*k.holder}
	}
	k.holder = s
	return nil
}

// Leave is the end of a session. What it edited stays for the next one.
func (k *Keeper) Leave(s *Seat) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.holder == s {
		k.holder = nil
	}
}

// check is what must hold before the candidate can be in force.
func (k *Keeper) check(c config.Config) error {
	if err := c.Check(); err != nil {
		return err
	}
	return k.o.Check(c)
}

// Check says what in the candidate cannot be.
func (k *Keeper) Check() error {
	c, _ := k.Candidate()
	return k.check(c)
}

// Try puts the candidate in force for d; then what is in the file comes back, unless
// Commit comes first. What is tried already is tried for d from now on.
func (k *Keeper) Try(s *Seat, d time.Duration) (until time.Time, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.hold(s); err != nil {
		return time.Time{}, err
	}
	if k.candidate == nil && k.trial == nil {
		return time.Time{}, ErrUnchanged
	}
	c := k.running()
	if k.candidate != nil {
		c = *k.candidate
	}
	if err := k.check(c); err != nil {
		return time.Time{}, err
	}
	k.trial, k.candidate = &trial{c, time.Now().Add(d)}, nil
	k.wake()
	return k.trial.until, nil
}

// Commit writes the candidate, or what is tried, into the file, and puts it in force.
func (k *Keeper) Commit(s *Seat) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.hold(s); err != nil {
		return err
	}
	if k.candidate == nil && k.trial == nil {
		return ErrUnchanged
	}
	c := k.running()
	if k.candidate != nil {
		c = *k.candidate
	}
	if err := k.check(c); err != nil {
		return err
	}
	text := c.Text()
	if err := k.replace(text); err != nil {
		return fmt.Errorf("cannot keep the settings: %w", err)
	}
	k.file, k.text, k.broken = c, text, nil
	k.trial, k.candidate = nil, nil
	k.wake()
	return nil
}

// Rollback makes the n-th newest file of before the candidate; 0 drops the candidate and
// ends a trial. Who the box is stays as it is.
func (k *Keeper) Rollback(s *Seat, n int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.hold(s); err != nil {
		return err
	}
	if n == 0 {
		if k.candidate == nil && k.trial == nil {
			return ErrUnchanged
		}
		k.candidate = nil
		k.end()
		return nil
	}
	all := k.before()
	if n < 0 || n > len(all) {
		return ErrNotThere
	}
	text, err := os.ReadFile(all[n-1].path)
	if err != nil {
		return err
	}
	old, err := config.Parse(all[n-1].path, text)
	if err != nil {
		return err
	}
	return k.edit(s, func(c config.Config) (config.Config, error) { return old.As(c), nil })
}

// end ends a trial.
func (k *Keeper) end() {
	if k.trial != nil {
		k.trial = nil
		k.wake()
	}
}

// Abandon ends a trial whose settings do not work, and reports whether there was one.
func (k *Keeper) Abandon(why error) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.trial == nil {
		return false
	}
	k.ended = why.Error()
	k.end()
	return true
}

// Ended says once why the last trial ended by itself; empty: none did since.
func (k *Keeper) Ended() (why string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	why, k.ended = k.ended, ""
	return why
}

// Run ends trials whose time is over, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	for {
		var over <-chan time.Time
		if until, ok := k.Trial(); ok {
			over = time.After(time.Until(until))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.begun:
		case <-over:
			k.expire(time.Now())
		}
	}
}

// expire ends a trial that is not over only since somebody has prolonged it.
func (k *Keeper) expire(now time.Time) {
	if until, ok := k.Trial(); ok && !now.Before(until) {
		k.Abandon(errors.New("nobody has confirmed it in time"))
	}
}

// unchanged reports whether text is what is in the file.
func (k *Keeper) unchanged(text []byte) bool { return k.broken == nil && bytes.Equal(text, k.text) }
